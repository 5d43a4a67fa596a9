const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses between a message's attempts: nearly 24 hours in all, then it has failed. */
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  8 * HOUR_MS,
  8 * HOUR_MS,
];
/** What a pause may be longer by, so that what failed together doesn't come back together. */
const JITTER = 0.02;

/** An endpoint that failed for so long without a success is disabled. */
export const DISABLE_AFTER_MS = 5 * 24 * HOUR_MS;

/**
 * The pause after `tries` failed attempts (1 or more), in whole ms; null where that was the last one. `random` in
 * [0, 1). A longer Retry-After of the endpoint is followed.
 */
export function nextPauseMs(tries: number, retryAfterMs: number | null, random: number): number | null {
  const pauseMs = PAUSES_MS[tries - 1];
  if (pauseMs === undefined) return null;
  return Math.max(Math.ceil(pauseMs * (1 + JITTER * random)), retryAfterMs ?? 0);
}
