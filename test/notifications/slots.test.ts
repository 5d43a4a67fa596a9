import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { refreshApp } from "../../src/copies/app.ts";
import { newNotificationId, parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { MAX_LEDGER_SLOTS } from "../../src/model/limits.ts";
import { getRegistryStub } from "../../src/objects/registry/contract.ts";
import { callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const template = { key: "order-confirmation" };
const PLAIN = { variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } };

/** Doubles the app's ledgers a day until there are `slots`. */
async function growTo(app: TestApp, slots: number): Promise<void> {
  const registry = env.REGISTRY.getByName(app.id);
  for (let grown = 1; grown < slots; grown *= 2) {
    await runInDurableObject(registry, (_, { storage }) => {
      storage.sql.exec("UPDATE app SET slots_grown_at = 0");
    });
    await getRegistryStub(env, app.id).growLedgerSlots();
  }
  expect((await refreshApp(bindings, app.id)).ledgerSlots).toBe(slots);
}

async function send(
  app: TestApp,
  targets: string[],
  mode: string,
  tag: string | null = null,
): Promise<string> {
  const sent = await app.send({ template, targets, mode, ...(tag === null ? {} : { tag }) });
  expect(sent.status).toBe(200);
  return sent.body.notificationId;
}

describe("a notification's id", () => {
  it.each([0, 1, 63, 255])("says that slot %d has it", (slot) => {
    expect(parseNotificationId(newNotificationId(5, slot))).toMatchObject({ shard: 5, slot });
    expect(parseNotificationId(newNotificationId(1023, slot))).toMatchObject({ shard: 1023, slot });
    expect(parseNotificationId(newNotificationId(undefined, slot))).toMatchObject({ shard: null, slot });
  });

  it.each<[string, number | null]>([
    ["01a1fd76-d57a-7003-aa0a-7d2df0e14cc2", 3],
    ["01a1fd76-d57a-73ff-aaff-7d2df0e14cc2", 1023],
    ["01a1fd76-d57a-7fff-aa0a-7d2df0e14cc2", null],
  ])("from before slots, %s, is in the day's first ledger", (id, shard) => {
    expect(parseNotificationId(id)).toMatchObject({ shard, slot: 0 });
  });
});

describe("an app with several ledgers a day", () => {
  let app: TestApp;
  const ids: string[] = [];
  beforeAll(async () => {
    app = await createReadyApp(PLAIN);
    ids.push(await send(app, ["first"], "realtime", "odd"));
    await growTo(app, 4);
    for (let index = 0; index < 24; index++) {
      const targets = index % 3 === 0 ? ["a", "b"] : [`uid-${index}`];
      ids.push(
        await send(app, targets, index % 3 === 0 ? "batch" : "realtime", index % 2 === 0 ? "even" : "odd"),
      );
    }
    for (const id of ids) await waitUntilCompleted(app, id);
  }, 60_000);

  const list = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    let cursor = "";
    do {
      const { status, body } = await app.api("GET", `/notifications?limit=5${query}${cursor}`);
      expect(status).toBe(200);
      found.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
    } while (cursor !== "");
    return found;
  };
  const newestFirst = (wanted: string[]): string[] => wanted.toSorted().reverse();

  it("spreads its notifications among them, as their ids say, and each has its own", async () => {
    const slots = new Map(ids.map((id) => [id, parseNotificationId(id)?.slot ?? -1]));
    expect(new Set(slots.values()).size).toBeGreaterThan(2);
    for (const [id, slot] of slots) {
      const day = parseNotificationId(id)?.day ?? "";
      const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, day, slot));
      const known = await runInDurableObject(ledger, (instance) =>
        (instance as unknown as { get(id: string): unknown }).get(id),
      );
      expect(known).not.toBeNull();
    }
  });

  it("lists them all, newest first, page by page", async () => {
    expect(await list("")).toEqual(newestFirst(ids));
  });

  it("lists them by tag, template and mode", async () => {
    const even = ids.filter((_, index) => index > 0 && (index - 1) % 2 === 0);
    const batches = ids.filter((_, index) => index > 0 && (index - 1) % 3 === 0);
    expect(await list("&tag=even")).toEqual(newestFirst(even));
    expect(await list("&mode=batch")).toEqual(newestFirst(batches));
    expect(await list("&templateKey=order-confirmation")).toEqual(newestFirst(ids));
    expect(await list("&tag=even&mode=batch")).toEqual(
      newestFirst(even.filter((id) => batches.includes(id))),
    );
    expect(await list("&tag=none")).toEqual([]);
  });

  it("sums them in analytics, status and the audit log", async () => {
    const today = new Date().toISOString().slice(0, 10);
    await vi.waitFor(async () => {
      const { body } = await app.api("GET", `/analytics/channels?from=${today}&to=${today}`);
      const inApp = body.find((entry: { channelType: string }) => entry.channelType === "in_app");
      expect(inApp.delivered).toBe(1 + 8 * 2 + 16);
    }, PATIENTLY);
    const status = await callAsAdmin("GET", `/admin/apps/${app.id}/status`);
    expect(status.body).toMatchObject({ uncompleted: 0 });
    const { body } = await app.api("GET", "/audit-log?action=notification.sent&limit=100");
    expect(body.data.map((entry: { target: { id: string } }) => entry.target.id)).toEqual(newestFirst(ids));
  });

  it("names them in its registry, whole days at a time", async () => {
    const registry = getRegistryStub(env, app.id);
    const slots = new Set(ids.map((id) => parseNotificationId(id)?.slot ?? -1));
    const { days, nextDay } = await registry.listLedgers(null, null, 1);
    expect(days.map((entry) => entry.slots.toSorted())).toEqual([[...slots].sort()]);
    expect(nextDay).toBeNull();
    for (const day of ["2026-01-01", "2026-01-02"]) {
      for (const slot of [0, 1, 12]) await registry.registerLedger({ day, slot });
    }
    const page = await registry.listLedgers(null, "2026-01-02", 3);
    expect(page).toEqual({ days: [{ day: "2026-01-02", slots: [12, 1, 0] }], nextDay: "2026-01-01" });
    expect((await registry.listLedgers("2026-01-01", "2026-01-02", 6)).days).toHaveLength(2);
    await registry.forgetLedger({ day: "2026-01-01", slot: 12 });
    expect((await registry.listLedgers("2026-01-01", "2026-01-01", 6)).days[0]?.slots).toEqual([1, 0]);
  });
});

describe("the number of an app's ledgers a day", () => {
  it("doubles once in a while, up to a bound", async () => {
    const app = await createReadyApp(PLAIN);
    const registry = getRegistryStub(env, app.id);
    await registry.growLedgerSlots();
    await registry.growLedgerSlots();
    expect((await refreshApp(bindings, app.id)).ledgerSlots).toBe(2);
    const stub = env.REGISTRY.getByName(app.id);
    for (let round = 0; round < 10; round++) {
      await runInDurableObject(stub, (_, { storage }) => {
        storage.sql.exec("UPDATE app SET slots_grown_at = 0");
      });
      await registry.growLedgerSlots();
    }
    expect((await refreshApp(bindings, app.id)).ledgerSlots).toBe(MAX_LEDGER_SLOTS);
  });

  it("grows when a ledger gets busy", async () => {
    const app = await createReadyApp(PLAIN);
    const id = await send(app, ["ann"], "realtime");
    await waitUntilCompleted(app, id);
    const { day = "", shard } = parseNotificationId(id) ?? {};
    const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, day));
    const report = { notificationId: id, version: 0, totals: [], attempt: 1, waiting: 0, header: null };
    await runInDurableObject(ledger, async (instance) => {
      const own = instance as unknown as { report(shard: number, reports: object[]): Promise<string[]> };
      for (let call = 0; call < 24; call++) await own.report(shard ?? 0, Array(500).fill(report));
    });
    await vi.waitFor(async () => {
      expect((await refreshApp(bindings, app.id)).ledgerSlots).toBe(2);
    }, PATIENTLY);
  });
});

describe("a notification of a day or slot that has no ledger", () => {
  it("is 404, and asking makes no object", async () => {
    const app = await createReadyApp(PLAIN);
    const asked: string[] = [];
    const LEDGER = new Proxy(bindings.LEDGER, {
      get(target, property) {
        if (property === "getByName") asked.push("getByName");
        return Reflect.get(target, property).bind(target);
      },
    });
    const { findNotification } = await import("../../src/reading/notifications.ts");
    const record = await refreshApp(bindings, app.id);
    const now = newNotificationId(undefined, 7);
    const wanted = Array.from({ length: 100 }, (_, day) => {
      const hex = (Date.now() - day * 86_400_000).toString(16).padStart(12, "0");
      return `${hex.slice(0, 8)}-${hex.slice(8)}${now.slice(13)}`;
    });
    for (const id of wanted) {
      expect(await findNotification({ ...bindings, LEDGER }, record, id)).toBeNull();
    }
    expect(asked).toEqual([]);
    const [first = ""] = wanted;
    expect((await app.api("GET", `/notifications/${first}`)).status).toBe(404);
    expect((await app.api("GET", `/notifications/${first}/deliveries`)).status).toBe(404);
    expect((await app.api("POST", `/notifications/${first}/retry`)).status).toBe(404);
    expect(await rowsIn(env.REGISTRY.getByName(app.id), "ledgers")).toBe(0);
  });
});
