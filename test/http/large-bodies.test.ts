import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LargeBodyTurn } from "../../src/http/large-bodies.ts";

/** The longest that a call waits, ms. */
const MAX_WAIT_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Calls that wait, and who had a turn by then. */
class Calls {
  readonly served: string[] = [];
  readonly turns = new Map<string, LargeBodyTurn>();

  async take(appId: string, name = appId): Promise<void> {
    const turn = await LargeBodyTurn.take(appId, true);
    this.served.push(name);
    this.turns.set(name, turn);
  }

  turn(name: string): LargeBodyTurn {
    const turn = this.turns.get(name);
    if (turn === undefined) throw new Error(`${name} has no turn`);
    return turn;
  }
}

const isRefused = { code: "ERR_UNAVAILABLE", headers: { "retry-after": "2" } };

it("one body is worked on at a time, the next as soon as it is done", async () => {
  const calls = new Calls();
  await calls.take("a1");
  calls.turn("a1").keep(new Uint8Array([1, 2]));
  calls.turn("a1").keep(new Uint8Array([3]));
  expect([...calls.turn("a1").startWork()]).toEqual([1, 2, 3]);
  const second = calls.take("a2");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls.served).toEqual(["a1"]);
  calls.turn("a1").release();
  await vi.advanceTimersByTimeAsync(100);
  await second;
  expect(calls.served).toEqual(["a1", "a2"]);
  calls.turn("a2").release();
});

it("a call that waits too long is refused, and leaves no trace", async () => {
  const calls = new Calls();
  await calls.take("b1");
  calls.turn("b1").startWork();
  const refused = expect(LargeBodyTurn.take("b2", true)).rejects.toMatchObject(isRefused);
  await vi.advanceTimersByTimeAsync(MAX_WAIT_MS + 1000);
  await refused;
  calls.turn("b1").release();
  await calls.take("b3");
  calls.turn("b3").release();
});

it("a call that holds too much to wait with is refused at once", async () => {
  const calls = new Calls();
  await calls.take("c1");
  await expect(LargeBodyTurn.take("c2", false)).rejects.toMatchObject(isRefused);
  calls.turn("c1").release();
  (await LargeBodyTurn.take("c2", false)).release();
});

it("a body that arrives slowly makes way after five seconds, and only for somebody", async () => {
  const calls = new Calls();
  await calls.take("slow");
  await vi.advanceTimersByTimeAsync(60_000);
  calls.turn("slow").keep(new Uint8Array([1]));
  const other = calls.take("quick");
  await vi.advanceTimersByTimeAsync(100);
  await other;
  expect(() => calls.turn("slow").keep(new Uint8Array([2]))).toThrow(/large body/);
  expect(() => calls.turn("slow").startWork()).toThrow(/large body/);
  // Who has lost its turn ends nobody else's.
  calls.turn("slow").release();
  await expect(LargeBodyTurn.take("third", false)).rejects.toMatchObject(isRefused);
  calls.turn("quick").release();
});

it("an app that had its turn goes behind those that hadn't, however many calls it has", async () => {
  const calls = new Calls();
  await calls.take("greedy", "greedy 1");
  const waiting = [calls.take("greedy", "greedy 2"), calls.take("greedy", "greedy 3"), calls.take("modest")];
  await vi.advanceTimersByTimeAsync(100);
  for (const name of ["greedy 1", "modest", "greedy 2", "greedy 3"]) {
    calls.turn(name).release();
    await vi.advanceTimersByTimeAsync(100);
  }
  await Promise.all(waiting);
  expect(calls.served).toEqual(["greedy 1", "modest", "greedy 2", "greedy 3"]);
});

it("the turn of a call that was cancelled, which can't end it, comes to an end", async () => {
  const calls = new Calls();
  await calls.take("cancelled");
  calls.turn("cancelled").startWork();
  await vi.advanceTimersByTimeAsync(25_000);
  const next = calls.take("next");
  await vi.advanceTimersByTimeAsync(6_000);
  await next;
  calls.turn("next").release();
});
