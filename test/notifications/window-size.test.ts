import { describe, expect, it } from "vitest";
import { CHUNKS_IN_QUEUE, MAX_CHUNKS_IN_QUEUE } from "../../src/model/limits.ts";
import { WindowSize } from "../../src/objects/ledger/window-size.ts";

const BATCH = 2;
const CHUNK_MS = 6;

/** The size after so many batches in a queue of so many consumers, each of which takes a batch at a time. */
function run(consumers: number, queueMs: number, batches: number, othersMs = 0): WindowSize {
  const window = new WindowSize();
  const perRound = consumers * BATCH;
  for (let now = 0; now < batches; now++) {
    const rounds = Math.floor((window.size - 1) / perRound);
    window.note(now === 0 ? queueMs : queueMs + rounds * BATCH * CHUNK_MS + othersMs, now);
  }
  return window;
}

describe("how many messages a ledger has in a queue", () => {
  it("stays small where one consumer takes them", () => {
    expect(run(1, 1, 1000).size).toBeLessThanOrEqual(2 * CHUNKS_IN_QUEUE);
  });

  it("grows to the limit where many do", () => {
    expect(run(250, 80, 1000).size).toBe(MAX_CHUNKS_IN_QUEUE);
  });

  it("becomes the least where others wait as well", () => {
    expect(run(1, 1, 1000, 200).size).toBe(CHUNKS_IN_QUEUE);
    const crowded = run(250, 80, 1000);
    for (let now = 1000; now < 1010; now++) crowded.note(2000, now);
    expect(crowded.size).toBe(CHUNKS_IN_QUEUE);
  });

  it("grows again in a queue that has become slower", () => {
    const window = run(1, 1, 10);
    for (let minute = 1; minute < 200; minute++) window.note(100, 10 + minute * 61_000);
    expect(window.size).toBe(MAX_CHUNKS_IN_QUEUE);
  });
});
