import { describe, expect, it } from "vitest";
import { type Doubt, MAIN_SLOTS, SLOW_SLOTS, Slots } from "../../src/outbound/slots.ts";

/** What is free starts the next in the microtasks that follow. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** Work that ends when it is told to, and what of it is running. */
class Works {
  readonly running: string[] = [];
  readonly #ends = new Map<string, () => void>();

  start = (name: string) => () =>
    new Promise<void>((resolve) => {
      this.running.push(name);
      this.#ends.set(name, () => {
        this.running.splice(this.running.indexOf(name), 1);
        resolve();
      });
    });

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await settle();
  }
}

describe("slots", () => {
  it("run so many things at once, in the order of their coming", async () => {
    const works = new Works();
    const run = new Slots(2, MAIN_SLOTS).openLane();
    for (const name of ["a", "b", "c", "d"]) void run(works.start(name));
    await settle();
    expect(works.running).toEqual(["a", "b"]);
    await works.end("b");
    expect(works.running).toEqual(["a", "c"]);
    await works.end("a");
    expect(works.running).toEqual(["c", "d"]);
  });

  it("go to the lane that has the least, so that a slow one doesn't keep all", async () => {
    const works = new Works();
    const slots = new Slots(4, MAIN_SLOTS);
    const slow = slots.openLane();
    const quick = slots.openLane();
    for (let index = 0; index < 8; index++) void slow(works.start(`slow-${index}`));
    for (let index = 0; index < 8; index++) void quick(works.start(`quick-${index}`));
    await settle();
    expect(works.running).toEqual(["slow-0", "slow-1", "slow-2", "slow-3"]);
    await works.end("slow-0");
    await works.end("quick-0");
    await works.end("slow-1");
    expect(works.running).toEqual(["slow-2", "slow-3", "quick-1", "quick-2"]);
    await works.end("quick-1");
    await works.end("quick-2");
    expect(works.running).toEqual(["slow-2", "slow-3", "quick-3", "quick-4"]);
  });

  it("are two for one owner, however much of it waits, and the next owner's go by", async () => {
    const works = new Works();
    const run = new Slots(6, MAIN_SLOTS).openLane();
    const kindOf = (owner: string) => ({ owner, getDoubt: (): Doubt => 0 });
    for (let index = 0; index < 4; index++) void run(works.start(`mia-${index}`), kindOf("mia"));
    for (let index = 0; index < 3; index++) void run(works.start(`leo-${index}`), kindOf("leo"));
    void run(works.start("ada-0"), kindOf("ada"));
    await settle();
    expect(works.running).toEqual(["mia-0", "mia-1", "leo-0", "leo-1", "ada-0"]);
    await works.end("mia-1");
    expect(works.running).toEqual(["mia-0", "leo-0", "leo-1", "ada-0", "mia-2"]);
  });

  it("are two for all suspects: who answers has the others", async () => {
    const works = new Works();
    const run = new Slots(6, MAIN_SLOTS).openLane();
    const suspects = new Set(["a", "b", "c", "d"]);
    for (const name of [...suspects, "w", "x", "y", "z", "last"]) {
      void run(works.start(name), { owner: name, getDoubt: () => (suspects.has(name) ? 1 : 0) });
    }
    await settle();
    expect(works.running).toEqual(["a", "b", "w", "x", "y", "z"]);
    await works.end("w");
    await works.end("x");
    expect(works.running).toEqual(["a", "b", "y", "z", "last"]);
    // One that has answered meanwhile is none any more.
    suspects.delete("d");
    await works.end("y");
    expect(works.running).toEqual(["a", "b", "z", "last", "d"]);
    await works.end("a");
    expect(works.running).toEqual(["b", "z", "last", "d", "c"]);
  });

  it("are one for one owner's that are in doubt, and who kept silent leaves some for who didn't", async () => {
    const works = new Works();
    const run = new Slots(6, SLOW_SLOTS).openLane();
    const start = (name: string, owner: string, doubt: Doubt) =>
      void run(works.start(name), { owner, getDoubt: () => doubt });
    for (const owner of ["a", "b", "c", "d", "e"]) {
      for (const index of [0, 1]) start(`silent-${owner}${index}`, owner, 2);
    }
    for (const owner of ["u", "v", "w"]) start(`new-${owner}`, owner, 1);
    start("sound", "x", 0);
    await settle();
    const expected = ["silent-a0", "silent-b0", "silent-c0", "new-u", "new-v", "sound"];
    expect(works.running).toEqual(expected);
    await works.end("silent-a0");
    expect(works.running).toEqual([...expected.slice(1), "silent-a1"]);
  });

  it("are free again after work that fails", async () => {
    const run = new Slots(1, MAIN_SLOTS).openLane();
    await expect(
      run(async () => {
        throw new Error("failed");
      }),
    ).rejects.toThrow("failed");
    expect(await run(async () => "next")).toBe("next");
  });
});
