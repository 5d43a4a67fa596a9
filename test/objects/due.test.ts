import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CLEANUP_FLOOR_MS, DueTable } from "../../src/objects/kit/due.ts";

/** In a table of its own object, from one transaction to the next. */
function inTable<T>(
  name: string,
  work: (due: DueTable, atOf: (kind: string) => number | null) => T,
): Promise<T> {
  return runInDurableObject(env.USER_SHARD.getByName(`due-${name}:1`), (_, { storage }) => {
    const atOf = (kind: string): number | null =>
      storage.sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = ?", kind).toArray()[0]?.at ?? null;
    return work(new DueTable(storage), atOf);
  });
}

describe("a duty that cleans up", () => {
  const now = Date.now();

  it("goes on at once where it stopped in the middle", async () => {
    await inTable("more", (due, atOf) => {
      due.setCleanup("clean", { hasMore: true, at: now + 5 }, now);
      expect(atOf("clean")).toBe(now);
    });
  });

  it("comes a minute later at the soonest, however soon the next thing ends", async () => {
    expect(CLEANUP_FLOOR_MS).toBeGreaterThanOrEqual(60_000);
    await inTable("floor", (due, atOf) => {
      due.setCleanup("clean", { hasMore: false, at: now + 1 }, now);
      expect(atOf("clean")).toBe(now + CLEANUP_FLOOR_MS);
      due.setCleanup("clean", { hasMore: false, at: now + 5 * CLEANUP_FLOOR_MS }, now);
      expect(atOf("clean")).toBe(now + 5 * CLEANUP_FLOOR_MS);
    });
  });

  it("is gone where nothing is left", async () => {
    await inTable("none", (due, atOf) => {
      due.set("clean", "", now);
      due.setCleanup("clean", { hasMore: false, at: null }, now);
      expect(atOf("clean")).toBeNull();
    });
  });
});

describe("a duty that is brought forward", () => {
  it("moves to an earlier time only", async () => {
    await inTable("forward", (due, atOf) => {
      due.ensure("work", "", 5000);
      due.bringForward("work", "", 7000);
      expect(atOf("work")).toBe(5000);
      due.bringForward("work", "", 3000);
      due.bringForward("work", "", 4000);
      expect(atOf("work")).toBe(3000);
      due.set("work", "", 9000);
      due.bringForward("work", "", 8000);
      expect(atOf("work")).toBe(8000);
      due.remove("work", "");
      due.bringForward("work", "", 9500);
      expect(atOf("work")).toBe(9500);
    });
  });

  it("stands as the table has it after a transaction that was undone", async () => {
    await inTable("undone", (due, atOf) => {
      due.set("work", "", 9000);
      const fail = () =>
        due.transaction(() => {
          due.bringForward("work", "", 1000);
          throw new Error("undone");
        });
      expect(fail).toThrow("undone");
      due.bringForward("work", "", 2000);
      expect(atOf("work")).toBe(2000);
    });
  });
});
