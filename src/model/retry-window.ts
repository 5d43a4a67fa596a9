const DAY_MS = 24 * 60 * 60 * 1000;

/** How long before its deliveries end a notification can be retried last: a day to deliver, and one to spare. */
const RETRY_MARGIN_MS = 2 * DAY_MS;

/**
 * Until when a notification can be retried (Unix ms). From then on nothing needs the raw values of its targets, and
 * they go.
 */
export function retriesEndAt(createdAt: number, retentionMs: number): number {
  return createdAt + retentionMs - RETRY_MARGIN_MS;
}

/** What was created before this time (Unix ms) can't be retried any more. */
export function retriedBefore(now: number, retentionMs: number): number {
  return now - retentionMs + RETRY_MARGIN_MS;
}
