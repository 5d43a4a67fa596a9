import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DispatchProgress, judgeDispatch } from "../../src/channels/dispatch/judge.ts";
import type { AddressOutcome } from "../../src/model/dispatch.ts";

const NOW = 1_000_000;
const RULES = { skipReason: "no_device" as const, maxTries: 12, delayMs: () => 10_000 };
const device = (key: string, tries = 0, dueAt = 0) => ({ key, tries, dueAt });
const PROGRESS: DispatchProgress = {
  tries: 0,
  accepted: false,
  addresses: [device("a"), device("b")],
  expiresAt: NOW + 3_600_000,
};

const ACCEPTED: AddressOutcome = { outcome: "accepted" };
const GONE: AddressOutcome = { outcome: "gone", message: "410" };
const REJECTED: AddressOutcome = { outcome: "rejected", reason: "provider_rejected", message: "400" };
const TOO_LARGE: AddressOutcome = { outcome: "rejected", reason: "payload_too_large", message: "413" };
const UNTRIED: AddressOutcome = { outcome: "untried" };
const UNREACHABLE: AddressOutcome = { outcome: "unreachable" };
const retry = (afterMs: number | null = null): AddressOutcome => ({
  outcome: "retry",
  message: "503",
  afterMs,
});

const judge = (outcomes: Record<string, AddressOutcome>, progress: Partial<DispatchProgress> = {}) =>
  judgeDispatch({ ...PROGRESS, ...progress }, new Map(Object.entries(outcomes)), RULES, NOW);

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
    const verdict = judge(outcomes);
    expect(verdict.settled).toEqual(settled);
    expect(verdict.remaining.map(({ key }) => key)).toEqual(remaining);
  });

  it("is due again for each device by itself: when its provider says, or by its own backoff", () => {
    const { remaining } = judge(
      { a: retry(), b: retry(60_000), c: retry(0) },
      { addresses: [device("a"), device("b", 3), device("c"), device("d", 2, 77)] },
    );
    expect(remaining).toEqual([
      device("a", 1, NOW + 10_000),
      device("b", 4, NOW + 60_000),
      device("c", 1, NOW + 1000),
      device("d", 2, 77),
    ]);
  });

  it("gives up a device whose last try, or whose next one's time, is past; never the others with it", () => {
    const unavailable = { status: "failed", reason: "provider_unavailable", message: "503" };
    const devices = [device("a", 11), device("b")];
    expect(judge({ a: retry(), b: UNTRIED }, { addresses: devices })).toMatchObject({
      settled: null,
      remaining: [device("b")],
    });
    expect(judge({ a: retry(3_600_000), b: retry() })).toMatchObject({
      settled: null,
      remaining: [device("b", 1, NOW + 10_000)],
    });
    expect(judge({ a: retry(), b: REJECTED }, { addresses: devices })).toMatchObject({
      settled: unavailable,
      remaining: [],
    });
    expect(judge({ a: retry(3_600_000), b: GONE })).toMatchObject({ settled: unavailable, remaining: [] });
  });

  it("that was delivered once stays delivered when its last device is given up", () => {
    const verdict = judge({ b: retry() }, { accepted: true, addresses: [device("b", 11)] });
    expect(verdict).toMatchObject({ settled: delivered, remaining: [] });
  });

  it("is skipped where no device of it is left that was ever tried", () => {
    const skipped = { status: "skipped", reason: "no_device", message: null };
    expect(judge({ a: UNREACHABLE, b: UNREACHABLE }).settled).toEqual(skipped);
    expect(judge({ a: UNTRIED }, { addresses: [] }).settled).toEqual(skipped);
    expect(judge({ a: UNREACHABLE, b: retry() }).remaining).toEqual([device("b", 1, NOW + 10_000)]);
    expect(judge({ a: UNREACHABLE, b: GONE }).settled?.reason).toBe("provider_rejected");
  });

  it("was tried only where a provider was asked", () => {
    expect(judge({ a: UNTRIED, b: UNREACHABLE }).wasTried).toBe(false);
    expect(judge({ a: UNTRIED, b: retry() }).wasTried).toBe(true);
  });

  it("is settled or goes on, never neither, and only with devices that may still take it", () => {
    const outcome = fc.constantFrom(
      ACCEPTED,
      GONE,
      REJECTED,
      TOO_LARGE,
      UNTRIED,
      UNREACHABLE,
      retry(),
      retry(5000),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("a", "b", "c"), outcome, { minKeys: 1 }),
        fc.nat(12),
        fc.boolean(),
        (outcomes, tries, accepted) => {
          const devices = ["a", "b", "c"].map((key) => device(key, tries));
          const verdict = judge(outcomes, { tries, accepted, addresses: devices });
          expect(verdict.settled !== null || verdict.remaining.length > 0).toBe(true);
          for (const { key } of verdict.remaining) {
            expect(["retry", "untried", undefined]).toContain(outcomes[key]?.outcome);
          }
          const isTaken = accepted || Object.values(outcomes).includes(ACCEPTED);
          expect(verdict.settled?.status === "delivered").toBe(isTaken);
        },
      ),
    );
  });
});
