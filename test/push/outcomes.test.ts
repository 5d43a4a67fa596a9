import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceOutcome } from "../../src/push/model.ts";
import { judgePush, type PushProgress } from "../../src/push/outcomes.ts";

const NOW = 1_000_000;
const RULES = { maxTries: 12, delayMs: () => 10_000 };
const PROGRESS: PushProgress = {
  tries: 0,
  accepted: false,
  deviceKeys: ["a", "b"],
  expiresAt: NOW + 3_600_000,
};

const ACCEPTED: DeviceOutcome = { outcome: "accepted" };
const GONE: DeviceOutcome = { outcome: "gone", message: "410" };
const REJECTED: DeviceOutcome = { outcome: "rejected", reason: "provider_rejected", message: "400" };
const TOO_LARGE: DeviceOutcome = { outcome: "rejected", reason: "payload_too_large", message: "413" };
const UNTRIED: DeviceOutcome = { outcome: "untried" };
const retry = (afterMs: number | null = null): DeviceOutcome => ({
  outcome: "retry",
  message: "503",
  afterMs,
});

const judge = (outcomes: Record<string, DeviceOutcome>, progress: Partial<PushProgress> = {}) =>
  judgePush({ ...PROGRESS, ...progress }, new Map(Object.entries(outcomes)), RULES, NOW);

const delivered = { status: "delivered", reason: null, message: null };

describe("a push", () => {
  it.each([
    ["every device took it", { a: ACCEPTED, b: ACCEPTED }, delivered, []],
    ["one took it and the other is gone", { a: ACCEPTED, b: GONE }, delivered, []],
    ["one took it and the other may yet", { a: ACCEPTED, b: retry() }, delivered, ["b"]],
    ["none has taken it yet", { a: REJECTED, b: retry() }, null, ["b"]],
    ["none was tried", { a: UNTRIED, b: UNTRIED }, null, ["a", "b"]],
    ["only one was handed out", { a: GONE }, null, ["b"]],
    [
      "all are gone",
      { a: GONE, b: GONE },
      { status: "failed", reason: "provider_rejected", message: "410" },
      [],
    ],
    [
      "one is gone and the other's provider refuses",
      { a: GONE, b: TOO_LARGE },
      { status: "failed", reason: "payload_too_large", message: "413" },
      [],
    ],
  ])("where %s", (_, outcomes, settled, remaining) => {
    expect(judge(outcomes)).toMatchObject({ settled, remaining });
  });

  it("is due again after the longest wait that any provider asks for, or the backoff", () => {
    expect(judge({ a: retry(), b: retry(60_000) }).dueAt).toBe(NOW + 60_000);
    expect(judge({ a: retry(), b: retry(2_000) }).dueAt).toBe(NOW + 10_000);
    expect(judge({ a: retry(0), b: GONE }).dueAt).toBe(NOW + 1000);
    expect(judge({ a: UNTRIED, b: UNTRIED }).dueAt).toBe(NOW);
  });

  it("fails where the last try, or the next one's time, is past", () => {
    const unavailable = { status: "failed", reason: "provider_unavailable", message: "503" };
    const last = judge({ a: retry(), b: REJECTED }, { tries: 11 });
    expect(last).toMatchObject({ settled: unavailable, remaining: [], tries: 12 });
    const late = judge({ a: retry(3_600_000), b: GONE });
    expect(late).toMatchObject({ settled: unavailable, remaining: [], tries: 1 });
  });

  it("that was delivered once stays delivered when its last device is given up", () => {
    const verdict = judge({ b: retry() }, { accepted: true, tries: 11, deviceKeys: ["b"] });
    expect(verdict).toMatchObject({ settled: delivered, remaining: [] });
  });

  it("counts a try only where a provider was asked", () => {
    expect(judge({ a: UNTRIED, b: UNTRIED }, { tries: 3 }).tries).toBe(3);
    expect(judge({ a: UNTRIED, b: retry() }, { tries: 3 }).tries).toBe(4);
  });

  it("is settled or goes on, never neither, and only with devices that may still take it", () => {
    const outcome = fc.constantFrom(ACCEPTED, GONE, REJECTED, TOO_LARGE, UNTRIED, retry(), retry(5000));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a", "b", "c"), outcome, { minKeys: 1 }),
        fc.nat(12),
        fc.boolean(),
        (outcomes, tries, accepted) => {
          const verdict = judge(outcomes, { tries, accepted, deviceKeys: ["a", "b", "c"] });
          expect(verdict.settled !== null || verdict.remaining.length > 0).toBe(true);
          for (const key of verdict.remaining) {
            expect(["retry", "untried", undefined]).toContain(outcomes[key]?.outcome);
          }
          const isTaken = accepted || Object.values(outcomes).includes(ACCEPTED);
          expect(verdict.settled?.status === "delivered").toBe(isTaken);
        },
      ),
    );
  });
});
