import { evictAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { callAsAdmin, createTemplate, TestApp } from "../support/api.ts";
import { bindings, consume } from "../support/faults.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const MINUTE_MS = 60_000;
let now = 0;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function createUsedApp() {
  const account = await createPushApp(["fcm"]);
  const { app } = account;
  await addDevices(account, "mia", "fcm");
  const ids = [await sendToOne(app, "mia"), await sendToMany(app, ["mia", "leo"])];
  for (const id of ids) await waitUntilCompleted(app, id);
  await app.copiesAreCurrent();
  return { app, ids };
}

const remove = ({ id }: TestApp) => callAsAdmin("DELETE", `/admin/apps/${id}`, { name: "Test app" });

/** Lets the registry's alarm ring, at most so often, with the objects in memory as they are. */
async function ring({ id }: TestApp, times: number): Promise<void> {
  now = Math.max(now, Date.now()) + 3 * MINUTE_MS;
  for (let turn = 0; turn < times; turn++) {
    vi.useFakeTimers({ toFake: ["Date"], now });
    if (!(await runDurableObjectAlarm(bindings.REGISTRY.getByName(id)))) break;
    now += 2 * MINUTE_MS;
  }
}

function countRows(stub: DurableObjectStub): Promise<number> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .filter(({ name }) => name !== "schema_version" && !name.startsWith("_"))
      .map(
        ({ name }) => storage.sql.exec<{ rows: number }>(`SELECT COUNT(*) AS rows FROM "${name}"`).one().rows,
      )
      .reduce((sum, rows) => sum + rows, 0),
  );
}

async function countShardRows({ id }: TestApp): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: 64 }, (_, shard) => countRows(bindings.USER_SHARD.getByName(`${id}:${shard}`))),
  );
  return counts.reduce((sum, rows) => sum + rows, 0);
}

it("an id that is used again works, also where its old objects are still in memory", async () => {
  const { app } = await createUsedApp();
  await remove(app);
  await ring(app, 100);
  vi.useRealTimers();
  const again = await callAsAdmin("POST", "/admin/apps", { id: app.id, name: "Again" });
  expect(again.status).toBe(201);
  const next = new TestApp(app.id, again.body.apiKey);
  await next.api("POST", "/channels", { name: "One", type: "in_app" });
  await createTemplate(next, {
    key: "small",
    channelKeys: ["one"],
    content: { one: {} },
    variableSchema: {},
  });
  const body = { template: { key: "small" }, targets: ["mia"], mode: "realtime" };
  const sent = await next.api("POST", "/notifications/send", body);
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
});

it("a dead letter of an erased app brings nothing of it back", async () => {
  const { app, ids } = await createUsedApp();
  const today = new Date().toISOString().slice(0, 10);
  await remove(app);
  await ring(app, 100);
  await evictAllDurableObjects();
  const letter = { version: 1, appId: app.id, shard: 0, notificationId: ids[1], channelKey: "mobile-push" };
  await consume([letter], {}, "onecall-dead-letters");
  expect(await countRows(bindings.LEDGER.getByName(`${app.id}:${today}`))).toBe(0);
});

it("a send that KV's old copies let in while KV can't be written leaves nothing behind", async () => {
  const { app } = await createUsedApp();
  const deletes = vi.spyOn(Object.getPrototypeOf(bindings.CONFIG), "delete").mockImplementation(async () => {
    throw new Error("KV DELETE failed: 503 Service Unavailable");
  });
  await remove(app);
  await ring(app, 20);
  expect(deletes).toHaveBeenCalled();
  await evictAllDurableObjects();
  // Another location's copy, or this one's after its cache has ended.
  await app.send({
    template: { key: "order", variables: { name: "Mia" } },
    targets: ["zoe"],
    mode: "realtime",
  });
  deletes.mockRestore();
  await ring(app, 100);
  expect((await remove(app)).status).toBe(404);
  await evictAllDurableObjects();
  expect(await countShardRows(app)).toBe(0);
});
