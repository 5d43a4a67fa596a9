import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextAttemptDelayMs, readRetryAfter } from "../../src/outbound/backoff.ts";

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 24, 12, 0, 0, 250);

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const twoDigits = (value: number) => String(value).padStart(2, "0");

/** The three formats of RFC 9110, written by hand. */
function formatDates(time: number): { imf: string; rfc850: string; asctime: string } {
  const date = new Date(time);
  const day = DAYS[date.getUTCDay()] ?? "";
  const month = MONTHS[date.getUTCMonth()] ?? "";
  const monthDay = date.getUTCDate();
  const year = date.getUTCFullYear();
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(":");
  return {
    imf: `${day.slice(0, 3)}, ${twoDigits(monthDay)} ${month} ${year} ${clock} GMT`,
    rfc850: `${day}, ${twoDigits(monthDay)}-${month}-${twoDigits(year % 100)} ${clock} GMT`,
    asctime: `${day.slice(0, 3)} ${month} ${String(monthDay).padStart(2)} ${clock} ${year}`,
  };
}

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["1", SECOND],
    ["007", 7 * SECOND],
    ["120", 120 * SECOND],
    ["86400", DAY],
  ])("of %s is seconds", (header, delayMs) => {
    expect(readRetryAfter(header, NOW)).toBe(delayMs);
  });

  it.each(["86401", "99999999999"])("of %s is a day at most", (header) => {
    expect(readRetryAfter(header, NOW)).toBe(DAY);
  });

  it("of more seconds than a number can hold is a day", () => {
    expect(readRetryAfter("9".repeat(400), NOW)).toBe(DAY);
  });

  it.each(["Tue, 24 Nov 2026 12:00:30 GMT", "Tuesday, 24-Nov-26 12:00:30 GMT", "Tue Nov 24 12:00:30 2026"])(
    "of %s is a date",
    (header) => {
      expect(readRetryAfter(header, NOW)).toBe(29_750);
    },
  );

  it("of an asctime date has a space before a single digit", () => {
    expect(readRetryAfter("Sun Nov  1 00:00:10 2026", Date.UTC(2026, 10, 1))).toBe(10 * SECOND);
  });

  it.each([
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Tue, 24 Nov 2026 12:00:00 GMT",
  ])("of %s, which has passed, is no wait", (header) => {
    expect(readRetryAfter(header, NOW)).toBe(0);
  });

  it("of a date far away is a day", () => {
    expect(readRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", NOW)).toBe(DAY);
  });

  it.each([
    null,
    "",
    " ",
    "-1",
    "-0",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "５",
    "5 s",
    "120, 120",
    "Infinity",
    "NaN",
    "soon",
    "2026-11-24T12:00:30Z",
    "Nov 24 2026",
    "Tue, 24 Nov 2026 12:00:30",
    "Tue, 24 Nov 2026 12:00:30 +0100",
    "Tue, 24 Nov 2026 12:00:30 PST",
    "Tue, 24 Nov 2026 12:00:30 GMT+1",
    "Tue, 24 Nov 2026 25:00:30 GMT",
    "Tue, 24 Nov 2026 12:61:30 GMT",
    "Tue, 00 Nov 2026 12:00:30 GMT",
    "Tue, 32 Nov 2026 12:00:30 GMT",
    "Tue, 24 Foo 2026 12:00:30 GMT",
    "Tue, 24 Nov 26 12:00:30 GMT",
    "Tue, 24-Nov-26 12:00:30 GMT",
    "Tue Nov 24 12:00:30 2026 PST",
    "Tue, 24 Nov 2026 12:00:30 GMT, Tue, 24 Nov 2026 12:00:30 GMT",
  ])("of %j says nothing", (header) => {
    expect(readRetryAfter(header, NOW)).toBeNull();
  });

  it("is the wait until any date, in each of the three formats", () => {
    const now = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2049, 10, 1) });
    fc.assert(
      fc.property(now, fc.integer({ min: -2 * DAY, max: 2 * DAY }), (nowMs, distanceMs) => {
        const second = Math.floor((nowMs + distanceMs) / SECOND) * SECOND;
        const expected = Math.min(Math.max(second - nowMs, 0), DAY);
        for (const header of Object.values(formatDates(second))) {
          expect(readRetryAfter(header, nowMs)).toBe(expected);
        }
      }),
    );
  });

  it("of any text is null or 0 ms to a day", () => {
    const header = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.integer().map(String),
      fc.double().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    fc.assert(
      fc.property(header, (text) => {
        const waitMs = readRetryAfter(text, NOW);
        if (waitMs === null) return;
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(DAY);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the pause before the next attempt", () => {
  const BASE = 10 * SECOND;
  const ALMOST_ONE = 1 - Number.EPSILON / 2;

  it.each([
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 80],
    [9, 2560],
    [10, 3600],
    [12, 3600],
    [2000, 3600],
  ])("after %d attempts is half of %d s to the whole", (tries, fullSeconds) => {
    const fullMs = fullSeconds * SECOND;
    expect(nextAttemptDelayMs(tries, BASE, 0)).toBe(fullMs / 2);
    expect(nextAttemptDelayMs(tries, BASE, 0.5)).toBe(fullMs * 0.75);
    expect(nextAttemptDelayMs(tries, BASE, ALMOST_ONE)).toBe(fullMs);
  });

  it("is half an hour to an hour where the base is more", () => {
    expect(nextAttemptDelayMs(1, 2 * HOUR, 0)).toBe(HOUR / 2);
    expect(nextAttemptDelayMs(1, 2 * HOUR, ALMOST_ONE)).toBe(HOUR);
  });

  const tries = fc.integer({ min: 1, max: 100 });
  const baseMs = fc.integer({ min: 1, max: 2 * HOUR });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("is whole ms between half and whole of the doubled base, an hour at most", () => {
    fc.assert(
      fc.property(tries, baseMs, random, (count, base, share) => {
        let fullMs = base;
        for (let doubled = 1; doubled < count && fullMs < HOUR; doubled++) fullMs += fullMs;
        fullMs = Math.min(fullMs, HOUR);
        const delayMs = nextAttemptDelayMs(count, base, share);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
        expect(delayMs).toBeLessThanOrEqual(fullMs);
      }),
    );
  });

  it("never gets shorter with more attempts or a greater random", () => {
    fc.assert(
      fc.property(tries, baseMs, random, random, (count, base, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        const delayMs = nextAttemptDelayMs(count, base, low);
        expect(nextAttemptDelayMs(count + 1, base, low)).toBeGreaterThanOrEqual(delayMs);
        expect(nextAttemptDelayMs(count, base, high)).toBeGreaterThanOrEqual(delayMs);
      }),
    );
  });
});
