const DAY_MS = 24 * 60 * 60 * 1000;
/** The longest that a provider's Retry-After is followed: a push is worth nothing much later. */
const MAX_RETRY_AFTER_MS = DAY_MS;
/** The longest pause between two attempts that is our own choice. */
const MAX_BACKOFF_MS = 60 * 60 * 1000;

/**
 * How long a provider asks to be left alone, in ms from `now` (Unix ms): 0 to 24 hours, 0 for a time that has
 * passed. Null without the header and for one that is neither seconds nor a date (RFC 9110, section 10.2.3).
 */
export function readRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : parseHttpDate(header) - now;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_RETRY_AFTER_MS);
}

// The three formats of RFC 9110, section 5.6.7. `Date.parse` alone makes a date of nearly any text with a number.
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const DAY_NAME = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
const DATE_WITH_ZONE = new RegExp(
  `^(?:${DAY}, \\d{2} ${MONTH} \\d{4}|${DAY_NAME}, \\d{2}-${MONTH}-\\d{2}) ${TIME} GMT$`,
);
const ASCTIME_DATE = new RegExp(`^${DAY} ${MONTH} (?: \\d|\\d{2}) ${TIME} \\d{4}$`);

function parseHttpDate(text: string): number {
  if (DATE_WITH_ZONE.test(text)) return Date.parse(text);
  // An asctime date has no zone and means UTC; `Date.parse` would take the machine's.
  if (ASCTIME_DATE.test(text)) return Date.parse(`${text} GMT`);
  return Number.NaN;
}

/**
 * The pause after `tries` attempts (1 or more), in whole ms: `baseMs` doubled with every attempt after the
 * first, at most an hour; of that the half to the whole, by `random` in [0, 1), so that what failed together
 * doesn't come back together.
 */
export function nextAttemptDelayMs(tries: number, baseMs: number, random: number): number {
  const fullMs = Math.min(baseMs * 2 ** (tries - 1), MAX_BACKOFF_MS);
  return Math.ceil(fullMs / 2 + (fullMs / 2) * random);
}
