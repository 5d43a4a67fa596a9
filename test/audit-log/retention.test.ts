import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { firstIdAt } from "../../src/model/ids.ts";
import { createApp, type TestApp } from "../support/api.ts";
import { readAuditLog } from "../support/audit-log.ts";
import { bindings } from "../support/faults.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

function passDays(days: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
}

const registryOf = (app: TestApp) => bindings.REGISTRY.getByName(app.id);

/** When the registry looks for old rows next, Unix ms; null: never. */
function nextExpiry(app: TestApp): Promise<number | null> {
  return runInDurableObject(registryOf(app), (_, { storage }) => {
    const [row] = storage.sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = 'audit'").toArray();
    return row?.at ?? null;
  });
}

describe("the audit log's retention", () => {
  it("is 400 days: the alarm removes what is older and comes again for the rest", async () => {
    const app = await createApp();
    await app.copiesAreCurrent();
    const first = await readAuditLog(app);
    expect(await nextExpiry(app)).toBe(Date.parse(first[1].at) + 400 * DAY_MS);
    passDays(100);
    await app.api("POST", "/channels", { name: "Later", type: "in_app" });
    await app.copiesAreCurrent();
    const [later] = await readAuditLog(app);
    passDays(299);
    await runDurableObjectAlarm(registryOf(app));
    expect(await readAuditLog(app)).toEqual([later, ...first]);
    passDays(2);
    expect(await runDurableObjectAlarm(registryOf(app))).toBe(true);
    expect(await readAuditLog(app)).toEqual([later]);
    expect(await nextExpiry(app)).toBe(Date.parse(later.at) + 400 * DAY_MS);
    passDays(100);
    expect(await runDurableObjectAlarm(registryOf(app))).toBe(true);
    expect(await readAuditLog(app)).toEqual([]);
    expect(await nextExpiry(app)).toBeNull();
    // The next change is woken up for again.
    await app.api("PUT", "/channels/later", { enabled: false });
    expect(await nextExpiry(app)).not.toBeNull();
  });

  it("removes a slice at a time, the oldest first", async () => {
    const app = await createApp();
    await app.copiesAreCurrent();
    const old = Date.now() - 500 * DAY_MS;
    const rows = Array.from({ length: 2_500 }, (_, index) => [firstIdAt(old + index), old + index]);
    await runInDurableObject(registryOf(app), async (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO audit_log SELECT value ->> 0, value ->> 1, 'admin', NULL, NULL, 'key.created', 'key', 'x', '{}', NULL
         FROM json_each(?)`,
        JSON.stringify(rows),
      );
      // In reach of no alarm but this test's.
      storage.sql.exec("UPDATE due SET at = ? WHERE kind = 'audit'", Date.now() + DAY_MS);
    });
    const left = () =>
      runInDurableObject(registryOf(app), (_, { storage }) => [
        storage.sql.exec("SELECT id FROM audit_log").toArray().length,
        storage.sql.exec<{ id: string }>("SELECT MIN(id) AS id FROM audit_log").one().id,
      ]);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: now + 2 * DAY_MS });
    await runDurableObjectAlarm(registryOf(app));
    expect(await left()).toEqual([1_502, rows[1_000]?.[0]]);
    // Due at once; this test's clock is ahead of the one that wakes objects up.
    for (const count of [502, 2]) {
      expect(await runDurableObjectAlarm(registryOf(app))).toBe(true);
      expect((await left())[0]).toBe(count);
    }
    expect(await readAuditLog(app)).toHaveLength(2);
  });
});
