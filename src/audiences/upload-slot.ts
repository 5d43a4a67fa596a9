import { OnecallError } from "../errors.ts";

/** How long an upload waits for the one before it, ms. */
const MAX_WAIT_MS = 20_000;
/** How often it looks, ms. */
const POLL_MS = 50;
/** An upload that didn't move for this long, ms, has lost its client: a cancelled request runs no `finally`. */
const IDLE_MS = 10_000;

/** The right to build an audience in this isolate. */
export interface UploadSlot {
  /** To be called whenever the upload moves. */
  touch(): void;
  release(): void;
}

let holder: { touchedAt: number } | null = null;

/**
 * One upload is built at a time per isolate, whose memory is 128 MB. Waits for the one before; throws a 503
 * where that takes too long. It polls: a promise of another request may never resolve.
 */
export async function takeUploadSlot(): Promise<UploadSlot> {
  const giveUpAt = Date.now() + MAX_WAIT_MS;
  while (holder !== null && Date.now() - holder.touchedAt < IDLE_MS) {
    if (Date.now() > giveUpAt) {
      throw new OnecallError(
        "ERR_UNAVAILABLE",
        "Another upload is being read. Repeat this one in a few seconds.",
        {
          headers: { "retry-after": "5" },
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const mine = { touchedAt: Date.now() };
  holder = mine;
  return {
    touch() {
      mine.touchedAt = Date.now();
    },
    release() {
      if (holder === mine) holder = null;
    },
  };
}
