import { unavailable } from "../model/errors.ts";

/** Between two looks at whether there is room, ms. */
const POLL_MS = 5;
/** A holder that didn't move for this long, ms, has lost its caller: a cancelled request runs no `finally`. */
const IDLE_MS = 60_000;
/** How long one waits for room, ms. */
const MAX_WAIT_MS = 30_000;

interface Holding {
  length: number;
  touchedAt: number;
}

/** Room that was taken. */
export interface Reservation {
  /** Says that the text has this length now, and that its holder is still there. */
  resize(length: number): void;
  release(): void;
}

/**
 * Room for so many UTF-16 units of text in this isolate, whatever is served in it at once: an isolate has 128 MB, and
 * the platform runs as many invocations in it as it likes. Who needs room looks again and again: a promise that
 * another request resolves may never resolve here, as requests of one isolate don't share I/O.
 */
export class IsolateBudget {
  readonly #limit: number;
  readonly #freeLength: number;
  readonly #holdings = new Set<Holding>();

  /** `freeLength`: up to which nobody is kept waiting, so that what is small never is behind what is large. */
  constructor(limit: number, freeLength: number) {
    this.#limit = limit;
    this.#freeLength = freeLength;
  }

  /**
   * Waits for room. What is larger than all of it gets it when nobody else holds any. Throws where that takes too
   * long.
   */
  async reserve(length: number): Promise<Reservation> {
    const giveUpAt = Date.now() + MAX_WAIT_MS;
    while (length > this.#freeLength && !this.#hasRoomFor(length)) {
      if (Date.now() > giveUpAt) throw unavailable(new Error("This isolate has no room for more text now"));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const holding = { length, touchedAt: Date.now() };
    this.#holdings.add(holding);
    return {
      resize: (changed) => {
        holding.length = changed;
        holding.touchedAt = Date.now();
      },
      release: () => {
        this.#holdings.delete(holding);
      },
    };
  }

  #hasRoomFor(length: number): boolean {
    let used = 0;
    for (const holding of this.#holdings) {
      if (Date.now() - holding.touchedAt > IDLE_MS) this.#holdings.delete(holding);
      else used += holding.length;
    }
    return used === 0 || used + length <= this.#limit;
  }
}
