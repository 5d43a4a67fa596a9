import { CHUNKS_IN_QUEUE, MAX_CHUNKS_IN_QUEUE } from "../../model/limits.ts";

/** What is waited for where nobody is before one, and what a queue's own way adds to it, ms. */
const SHORT_WAIT_MS = 2;
/** From here on others wait behind what one has in the queue, ms. */
const LONG_WAIT_MS = 25;
/** How long the least wait is believed, ms: a queue may be slower at another time. */
const LEAST_FOR_MS = 60_000;

/**
 * How many messages a ledger may have in a queue: as many as it takes without that they wait. Where a queue has one
 * consumer, these are a few; where it has many, more chunks are on their way at once. Each message says how long it
 * waited: one more where that is about what the queue itself takes, half of them where it is much more. In memory: a
 * new instance begins with the least.
 */
export class WindowSize {
  #size = CHUNKS_IN_QUEUE;
  #leastMs = Number.POSITIVE_INFINITY;
  #leastAt = 0;

  get size(): number {
    return this.#size;
  }

  /** Messages that are done with now waited for so long, ms. */
  note(waitedMs: number, now: number): void {
    if (waitedMs <= this.#leastMs || now - this.#leastAt > LEAST_FOR_MS) {
      this.#leastMs = waitedMs;
      this.#leastAt = now;
    }
    if (waitedMs <= 2 * this.#leastMs + SHORT_WAIT_MS) {
      this.#size = Math.min(MAX_CHUNKS_IN_QUEUE, this.#size + 1);
    } else if (waitedMs > 3 * this.#leastMs + LONG_WAIT_MS) {
      this.#size = Math.max(CHUNKS_IN_QUEUE, Math.floor(this.#size / 2));
    }
  }
}
