import { describe, expect, it } from "vitest";
import { nextPauseMs } from "../../src/model/webhook-schedule.ts";

const HOUR_MS = 3_600_000;

describe("the pauses of a message", () => {
  it("grow, last a day in all, and end after the eighth attempt", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((tries) => nextPauseMs(tries, null, 0) ?? 0);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    const sum = pauses.reduce((total, pause) => total + pause, 0);
    expect(sum).toBeGreaterThan(23.5 * HOUR_MS);
    expect(sum).toBeLessThanOrEqual(24 * HOUR_MS);
    expect(nextPauseMs(8, null, 0)).toBeNull();
    expect(nextPauseMs(8, HOUR_MS, 0)).toBeNull();
  });

  it("are a little longer by chance, never shorter", () => {
    for (const random of [0, 0.5, 0.999]) {
      const pauseMs = nextPauseMs(2, null, random) ?? 0;
      expect(pauseMs).toBeGreaterThanOrEqual(300_000);
      expect(pauseMs).toBeLessThanOrEqual(306_000);
    }
  });

  it("follow a Retry-After that is longer", () => {
    expect(nextPauseMs(1, HOUR_MS, 0)).toBe(HOUR_MS);
    expect(nextPauseMs(1, 1000, 0)).toBe(5000);
  });
});
