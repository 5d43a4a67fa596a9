import { evictAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { Ledger } from "../../src/objects/ledger/object.ts";
import { UserShard } from "../../src/objects/user-shard/object.ts";
import { WebhookEndpoint } from "../../src/objects/webhook-endpoint/object.ts";
import {
  type Body,
  callAsAdmin,
  createApp,
  createReadyApp,
  TEST_SHARDS,
  type TestApp,
} from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { countRows } from "../support/rows.ts";
import { listStored, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const MINUTE_MS = 60_000;
let today: string;

beforeEach(() => {
  today = new Date().toISOString().slice(0, 10);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** An app with something in every place that it can have something in. */
async function createFullApp(): Promise<TestApp> {
  const account = await createPushApp(["fcm"]);
  const { app } = account;
  await addDevices(account, "mia", "fcm");
  await app.call("POST", "/v3/business-messaging/api/users", { uid: "mia", name: "Mia" });
  await uploadCsv(app, "all.csv", "user_id,name\nmia,Mia\nleo,Leo\n");
  const ids = [await sendToOne(app, "mia"), await sendToMany(app, ["mia", "leo", "ada"])];
  const sent = await app.send({ template: { key: "order" }, targetsFile: "all.csv", mode: "batch" });
  for (const id of [...ids, sent.body.notificationId]) await waitUntilCompleted(app, id);
  await app.copiesAreCurrent();
  return app;
}

const registryOf = ({ id }: TestApp) => bindings.REGISTRY.getByName(id);
const remove = ({ id }: TestApp, name = "Test app") => callAsAdmin("DELETE", `/admin/apps/${id}`, { name });

const readProgress = ({ id }: TestApp) => callAsAdmin("GET", `/admin/apps/${id}/erasure`);

/** Everything of an app outside its objects. */
async function listEverywhere(app: TestApp): Promise<string[]> {
  const { id } = app;
  const { keys: names } = await bindings.CONFIG.list();
  const copies = await Promise.all(
    names.map(async ({ name }) => [name, (await bindings.CONFIG.get(name)) ?? ""] as const),
  );
  const isOwn = (text: string) =>
    text.includes(`"${id}"`) || text.includes(`:${id}:`) || text.endsWith(`:${id}`);
  const own = copies.filter(([name, value]) => isOwn(name) || isOwn(value)).map(([name]) => name);
  return [...own, ...(await listStored(app))];
}

async function countAllRows({ id }: TestApp): Promise<number> {
  const shards = Array.from({ length: TEST_SHARDS }, (_, shard) =>
    bindings.USER_SHARD.getByName(`${id}:${shard}`),
  );
  const stubs: DurableObjectStub[] = [...shards, bindings.LEDGER.getByName(`${id}:${today}`)];
  const counts = await Promise.all(stubs.map(countRows));
  return counts.reduce((sum, rows) => sum + rows, 0);
}

/** Lets the registry's alarm ring until the app is gone; returns how often. `between`: after each time. */
async function finish(app: TestApp, between: () => Promise<void> = async () => {}): Promise<number> {
  let now = Date.now() + 3 * MINUTE_MS;
  let turns = 0;
  for (; turns < 100; turns++) {
    vi.useFakeTimers({ toFake: ["Date"], now });
    if (!(await runDurableObjectAlarm(registryOf(app)))) break;
    await between();
    now += 2 * MINUTE_MS;
  }
  vi.useRealTimers();
  return turns;
}

describe("DELETE /admin/apps/{id}", () => {
  it("needs the app's name, and changes nothing without it", async () => {
    const app = await createReadyApp();
    for (const name of ["", "test app", "Another", 1, null, undefined]) {
      const answer = await callAsAdmin("DELETE", `/admin/apps/${app.id}`, { name });
      expect(answer.status).toBe(400);
      expect(Object.keys(answer.body.error.details)).toEqual(["name"]);
    }
    expect((await app.api("GET", "/channels")).status).toBe(200);
    expect((await callAsAdmin("DELETE", "/admin/apps/no-such-app", { name: "x" })).status).toBe(404);
  });

  it("closes the app at once, for keys, users and the admin", async () => {
    const app = await createFullApp();
    const callAsMia = await app.asUser("mia");
    expect(await remove(app)).toMatchObject({ status: 202, body: { id: app.id, state: "deleting" } });
    expect((await app.api("GET", "/channels")).status).toBe(401);
    expect((await app.api("POST", "/channels", { name: "New", type: "in_app" })).status).toBe(401);
    expect((await callAsMia("GET", "/feed")).status).toBe(401);
    const keysPath = `/admin/apps/${app.id}/keys`;
    expect((await callAsAdmin("GET", `/admin/apps/${app.id}`)).status).toBe(404);
    expect((await callAsAdmin("POST", keysPath, { name: "x", scopes: ["read"] })).status).toBe(404);
    const taken = await callAsAdmin("POST", "/admin/apps", { id: app.id, name: "Again" });
    expect([taken.status, taken.body.error.message]).toEqual([
      409,
      `An app with the id "${app.id}" is being deleted. Choose another id.`,
    ]);
    // Who acts on an old copy writes nothing back.
    const late = {
      name: "late",
      sha256: "0".repeat(64),
      scopes: ["read" as const],
      lastFour: "late",
      checkSecret: "",
    };
    const actor = { type: "admin" as const, key: null, keyId: null, requestId: null };
    expect(await registryOf(app).createKey(late, actor)).toMatchObject({ ok: false });
    expect((await remove(app)).body).toMatchObject({ state: "deleting", step: "copies" });
    expect((await remove(app, "wrong")).status).toBe(400);
  });

  it("erases all of it but the id, and nothing of another app", async () => {
    const [app, other] = await Promise.all([createFullApp(), createFullApp()]);
    expect(await countAllRows(app)).toBeGreaterThan(20);
    expect((await listEverywhere(app)).length).toBeGreaterThan(5);
    const webhook = { url: "https://example.com/hook", events: ["delivery.viewed"] };
    const endpoint = await app.api("POST", "/webhooks", webhook);
    const endpointStub = bindings.WEBHOOK_ENDPOINT.getByName(keys.webhookEndpoint(app.id, endpoint.body.id));
    expect(await countRows(endpointStub)).toBeGreaterThan(0);
    const [rowsOfOther, filesOfOther] = [await countAllRows(other), await listEverywhere(other)];
    await remove(app);
    expect(await finish(app)).toBeGreaterThan(5);
    expect(await listEverywhere(app)).toEqual([]);
    await evictAllDurableObjects();
    expect(await countAllRows(app)).toBe(0);
    expect(await countRows(endpointStub)).toBe(0);
    expect((await remove(app)).status).toBe(404);
    expect(await listEverywhere(other)).toEqual(filesOfOther);
    expect(await countAllRows(other)).toBe(rowsOfOther);
    expect(await countRows(registryOf(app))).toBe(1);
  });

  it("goes on where it stopped, whatever ended meanwhile", async () => {
    const app = await createFullApp();
    await remove(app);
    const progress: Body[] = [(await readProgress(app)).body];
    const stepAt: string[] = [];
    const turns = await finish(app, async () => {
      stepAt.push((await remove(app)).body.step);
      progress.push((await readProgress(app)).body);
      await evictAllDurableObjects();
    });
    expect(turns).toBeGreaterThan(5);
    expect(new Set(stepAt)).toEqual(
      new Set(["shards", "ledgers", "webhooks", "files", "registry", undefined]),
    );
    expect(await listEverywhere(app)).toEqual([]);
    await evictAllDurableObjects();
    expect(await countAllRows(app)).toBe(0);
    const total = TEST_SHARDS;
    expect(progress[0]).toEqual({
      id: app.id,
      state: "deleting",
      step: "copies",
      shards: { erased: 0, total },
      startedAt: expect.any(String),
    });
    expect(progress.map(({ step, shards }) => [step, shards?.erased])).toContainEqual(["shards", 16]);
    expect(progress.map(({ step, shards }) => [step, shards?.erased])).toContainEqual(["ledgers", total]);
    const { startedAt } = progress[0];
    const end = { id: app.id, state: "erased", step: "erased", shards: null, startedAt };
    expect(progress.at(-1)).toEqual(end);
  });

  it("tells how far it is of what was deleted alone", async () => {
    const app = await createApp();
    expect((await readProgress(app)).body.error.message).toBe("Nobody has deleted this app.");
    for (const id of ["no-such-app", "NO"]) {
      expect((await callAsAdmin("GET", `/admin/apps/${id}/erasure`)).status).toBe(404);
    }
    expect(await countRows(bindings.REGISTRY.getByName("no-such-app"))).toBe(0);
  });
});

it("stays at a step while one of its parts fails, and then goes on", async () => {
  const app = await createFullApp();
  const webhook = { url: "https://example.com/hook", events: ["delivery.viewed"] };
  const { body } = await app.api("POST", "/webhooks", webhook);
  const endpoint = bindings.WEBHOOK_ENDPOINT.getByName(keys.webhookEndpoint(app.id, body.id));
  await remove(app);
  const failure = new Error("Network connection lost.");
  const failing = {
    shards: vi.spyOn(UserShard.prototype, "erase").mockRejectedValueOnce(failure),
    ledgers: vi.spyOn(Ledger.prototype, "erase").mockRejectedValueOnce(failure),
    webhooks: vi.spyOn(WebhookEndpoint.prototype, "configure").mockRejectedValueOnce(failure),
    files: vi.spyOn(Object.getPrototypeOf(bindings.TARGETS), "list").mockRejectedValueOnce(failure),
  };
  const stepAfter: Record<string, string> = {};
  await finish(app, async () => {
    for (const [step, { mock }] of Object.entries(failing)) {
      if (mock.settledResults[0]?.type === "rejected") stepAfter[step] ??= (await remove(app)).body.step;
    }
  });
  expect(stepAfter).toEqual({ shards: "shards", ledgers: "ledgers", webhooks: "webhooks", files: "files" });
  expect(await listEverywhere(app)).toEqual([]);
  await evictAllDurableObjects();
  expect(await countAllRows(app)).toBe(0);
  expect(await countRows(endpoint)).toBe(0);
  expect((await remove(app)).status).toBe(404);
});

it("an app without anything goes as well", async () => {
  const app = await createApp();
  await remove(app);
  await finish(app);
  expect((await remove(app)).status).toBe(404);
});
