import { afterEach, describe, expect, it, vi } from "vitest";
import { TtlCache } from "../src/copies/cache.ts";
import { IsolateBudget } from "../src/delivering/isolate-budget.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Whether a reservation is there already, without waiting for it. */
async function isThere(reservation: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setTimeout(() => resolve("later"), 30));
  return (await Promise.race([reservation.then(() => "there"), later])) === "there";
}

describe("room in an isolate", () => {
  it("is given while there is some, and then when some is given back", async () => {
    const budget = new IsolateBudget(100, 0);
    const first = await budget.reserve(60);
    const second = budget.reserve(60);
    expect(await isThere(second)).toBe(false);
    expect(await isThere(budget.reserve(40))).toBe(true);
    first.release();
    expect(await isThere(second)).toBe(true);
  });

  it("is given whole to what is larger than all of it, alone", async () => {
    const budget = new IsolateBudget(100, 0);
    const small = await budget.reserve(1);
    const large = budget.reserve(1000);
    expect(await isThere(large)).toBe(false);
    small.release();
    (await large).release();
    expect(await isThere(budget.reserve(100))).toBe(true);
  });

  it("is as much as its holder says, and never asked of what is small", async () => {
    const budget = new IsolateBudget(100, 5);
    const holder = await budget.reserve(10);
    holder.resize(100);
    expect(await isThere(budget.reserve(6))).toBe(false);
    expect(await isThere(budget.reserve(5))).toBe(true);
  });

  it("is taken from a holder that is gone, and waited for no longer than it makes sense", async () => {
    const startedAt = Date.now();
    const budget = new IsolateBudget(100, 0);
    await budget.reserve(100);
    vi.useFakeTimers({ toFake: ["Date"], now: startedAt });
    const waiting = budget.reserve(1);
    const refused = expect(waiting).rejects.toMatchObject({ code: "ERR_UNAVAILABLE" });
    vi.setSystemTime(startedAt + 31_000);
    await refused;
    vi.setSystemTime(startedAt + 61_000);
    expect(await isThere(budget.reserve(100))).toBe(true);
  });
});

it("a cache keeps no more than it may weigh", () => {
  const cache = new TtlCache<string>({ ttlMs: 1000, maxEntries: 10, maxWeight: 10 });
  cache.set("a", "first", 6);
  cache.set("b", "second", 4);
  expect([cache.get("a"), cache.get("b")]).toEqual(["first", "second"]);
  cache.set("c", "third", 5);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, "second", "third"]);
  cache.set("d", "heavy", 11);
  expect(cache.get("d")).toBeUndefined();
  cache.set("c", "again", 10);
  expect(cache.get("c")).toBe("again");
});
