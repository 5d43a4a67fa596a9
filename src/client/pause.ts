/** Pauses between tries. */

/** Before the second try at most, ms; doubles with each further one. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;
/** The service's own limits are over in a minute. Who is asked for more patience is told at once. */
const MOST_PATIENCE_MS = 60_000;

/** Anything up to the pause, so that clients that failed together don't come back together. */
function jitter(attempt: number): number {
  return Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
}

/** How long to wait after a try, ms; null where the service asks for more than a minute. */
export function pauseAfter(attempt: number, retryAfterMs: number): number | null {
  return retryAfterMs > MOST_PATIENCE_MS ? null : Math.ceil(retryAfterMs + jitter(attempt));
}

/** `Retry-After` in seconds or as a date; 0 where it says nothing. */
export function readRetryAfter(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  // NaN is what neither is.
  return Math.max(ms || 0, 0);
}

/** @throws the signal's reason, where it is aborted meanwhile. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
