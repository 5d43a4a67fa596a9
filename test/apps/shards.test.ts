import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { DEFAULT_SHARD_COUNT } from "../../src/model/limits.ts";
import { shardOfUser } from "../../src/model/user-hash.ts";
import { callAsAdmin, createApp, createChannels, createTemplate, TestApp } from "../support/api.ts";
import { recordOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

async function makeReady(app: TestApp): Promise<void> {
  await createChannels(app);
  await createTemplate(app, { variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } });
}

async function sendTo(app: TestApp, targets: string[], mode: string): Promise<string> {
  const sent = await app.send({ template: { key: "order-confirmation" }, targets, mode });
  expect(sent.status).toBe(200);
  return sent.body.notificationId;
}

/** A thousand objects are made, and each is asked several times. */
const OBJECTS_TIMEOUT_MS = 90_000;

describe("an app's shards", () => {
  it.each([16, 1024])(
    "may be %d: sends, users, counts and audit go over all of them",
    async (shardCount) => {
      const body = { id: `shards-${shardCount}`, name: "Shards", shardCount };
      const created = await callAsAdmin("POST", "/admin/apps", body);
      expect(created.status).toBe(201);
      const app = new TestApp(created.body.id, created.body.apiKey);
      await makeReady(app);
      const uids = Array.from({ length: 60 }, (_, index) => `uid-${index}`);
      const record = await recordOf(app);
      const shards = new Set(uids.map((uid) => shardOfUser(uid, record)));
      expect(shards.size).toBeGreaterThan(shardCount === 16 ? 12 : 50);
      const id = await sendTo(app, uids, "batch");
      const { counts } = await waitUntilCompleted(app, id);
      expect(counts["in-app-alerts"]).toMatchObject({ total: 60, delivered: 60, pending: 0 });
      expect(await app.audit(id)).toMatchObject({ isEqual: true });
      for (const uid of uids.slice(0, 3)) await app.tokenFor(uid);
      const users = await app.call("GET", "/v3/business-messaging/api/users");
      expect(users.body.data.map((user: { uid: string }) => user.uid)).toEqual(["uid-0", "uid-1", "uid-2"]);
      expect((await callAsAdmin("GET", `/admin/apps/${app.id}`)).body.shardCount).toBe(shardCount);
    },
    OBJECTS_TIMEOUT_MS,
  );

  it.each([0, 15, 1025, 64.5, "64", true])("can't be %j", async (shardCount) => {
    const { status, body } = await callAsAdmin("POST", "/admin/apps", { name: "Wrong", shardCount });
    expect(status).toBe(400);
    expect(body.error.details).toEqual({ shardCount: "must be a whole number from 16 to 1024" });
  });
});

describe("the hash that says which shard a user is in", () => {
  it("has a key of the app's own, which no answer shows", async () => {
    const [one, other] = [await createApp(), await createApp()];
    const [{ hash, hashKey }, { hashKey: otherKey }] = [await recordOf(one), await recordOf(other)];
    expect([hash, hashKey]).toEqual(["siphash13", expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(otherKey).not.toBe(hashKey);
    for (const path of [`/admin/apps/${one.id}`, "/admin/apps", `/admin/apps/${one.id}/status`]) {
      expect(JSON.stringify((await callAsAdmin("GET", path)).body)).not.toContain(hashKey);
    }
  });

  it("stays that of its time in an app that was there before keys: its users are found", async () => {
    const app = await createApp("Earlier", { shardCount: DEFAULT_SHARD_COUNT });
    await runInDurableObject(env.REGISTRY.getByName(app.id), (_, { storage }) => {
      storage.sql.exec("UPDATE app SET hash = 'fnv1a32-fmix32', hash_key = NULL");
    });
    await makeReady(app);
    await app.copiesAreCurrent();
    // The shards of these ids never change: data is stored there.
    for (const [uid, shard] of [
      ["user_1", 38],
      ["user_2", 12],
    ] as const) {
      const id = await sendTo(app, [uid], "realtime");
      expect(parseNotificationId(id)?.shard).toBe(shard);
      await waitUntilCompleted(app, id);
      const feed = await (await app.asUser(uid))("GET", "/feed");
      expect(feed.body.data.map((item: { notificationId: string }) => item.notificationId)).toEqual([id]);
    }
  });
});
