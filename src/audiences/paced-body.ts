import { OnecallError } from "../model/errors.ts";
import { LEAST_UPLOAD_BYTES_PER_SECOND, MAX_UPLOAD_MS, UPLOAD_RATE_WINDOW_MS } from "../model/limits.ts";
import { pause } from "../model/pause.ts";
import { PieceReader } from "./byte-pieces.ts";

/** How slow an upload may be. Only time that is spent waiting for the client counts. */
export interface UploadPace {
  /** The longest that the whole may take, ms. */
  longestMs: number;
  /** The rate is looked at each time so much was waited, ms. */
  windowMs: number;
  leastBytesPerSecond: number;
}

export const UPLOAD_PACE: UploadPace = {
  longestMs: MAX_UPLOAD_MS,
  windowMs: UPLOAD_RATE_WINDOW_MS,
  leastBytesPerSecond: LEAST_UPLOAD_BYTES_PER_SECOND,
};

/** Looks a window has at least. */
const LOOKS_PER_WINDOW = 10;
const MAX_LOOK_MS = 250;
const PIECE_BYTES = 64 * 1024;
/** Bytes that may come at a stretch: a pause costs a millisecond or two. */
const PAUSE_BYTES = 256 * 1024;

/**
 * A body's bytes as they come, each piece valid until the next is asked for. Throws where the client is too slow, and
 * as soon as `findRefusal` says why the upload can't go on: it is asked several times a second, also while nothing
 * arrives.
 */
export async function* readPaced(
  body: ReadableStream<Uint8Array>,
  pace: UploadPace,
  findRefusal: () => OnecallError | null,
): AsyncGenerator<Uint8Array> {
  const reader = new PieceReader(body, 1, PIECE_BYTES);
  const clock = new WaitClock(pace);
  let refusal: OnecallError | null = null;
  let bytesSincePause = 0;
  const look = setInterval(
    () => {
      refusal ??= clock.findRefusal() ?? findRefusal();
      // Cancelling also ends a read that waits for the client.
      if (refusal !== null) reader.cancel(refusal).catch(() => {});
    },
    Math.min(MAX_LOOK_MS, pace.windowMs / LOOKS_PER_WINDOW),
  );
  try {
    while (true) {
      clock.start();
      const bytes = await reader.next().catch((error: unknown) => {
        // A request's read that is cancelled fails with a copy of the reason, which looks like a bug.
        throw refusal ?? error;
      });
      clock.stop(bytes?.length ?? 0);
      if (refusal !== null) throw refusal;
      if (bytes === null) return;
      bytesSincePause += bytes.length;
      yield bytes;
      // A client on a fast line always has more: now and then others get the thread.
      if (bytesSincePause < PAUSE_BYTES) continue;
      bytesSincePause = 0;
      await pause();
    }
  } finally {
    clearInterval(look);
  }
}

/** Adds up what was waited for a client, and what came meanwhile. */
class WaitClock {
  readonly #pace: UploadPace;
  #startedAt: number | null = null;
  /** Time spent waiting for the client in the whole upload, ms. */
  #waitedMs = 0;
  /** What had been waited when the current window began, ms. */
  #windowStartMs = 0;
  #windowBytes = 0;

  constructor(pace: UploadPace) {
    this.#pace = pace;
  }

  start(): void {
    this.#startedAt = Date.now();
  }

  stop(bytes: number): void {
    this.#waitedMs = this.#now();
    this.#startedAt = null;
    this.#windowBytes += bytes;
  }

  findRefusal(): OnecallError | null {
    const { longestMs, windowMs, leastBytesPerSecond } = this.#pace;
    const waitedMs = this.#now();
    if (waitedMs > longestMs) {
      return new OnecallError("ERR_BAD_REQUEST", `The upload took longer than ${longestMs / 1000} seconds.`);
    }
    const inWindowMs = waitedMs - this.#windowStartMs;
    if (inWindowMs < windowMs) return null;
    const rate = (1000 * this.#windowBytes) / inWindowMs;
    this.#windowStartMs = waitedMs;
    this.#windowBytes = 0;
    if (rate >= leastBytesPerSecond) return null;
    return new OnecallError(
      "ERR_BAD_REQUEST",
      `The upload is too slow: ${Math.floor(rate)} bytes a second; at least ${leastBytesPerSecond} must come.`,
    );
  }

  #now(): number {
    return this.#waitedMs + (this.#startedAt === null ? 0 : Date.now() - this.#startedAt);
  }
}
