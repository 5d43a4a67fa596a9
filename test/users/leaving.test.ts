import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { utcDay } from "../../src/model/ids.ts";
import { type Body, call, createReadyApp, type TestApp } from "../support/api.ts";
import { CapturingQueue, callWith, consume } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { findText, shardNamesOf } from "../support/stored-text.ts";
import { shardOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const SECRET = "Secret Street 1";
const VARIABLES = { customerName: SECRET, orderId: "A-1" };

let app: TestApp;
beforeEach(async () => {
  app = await createReadyApp();
});

const remove = (uid: string, by = app) => by.api("DELETE", `/users/${encodeURIComponent(uid)}`);

/** Accepts a batch whose chunks come when they are told to. */
async function holdBatch(uids: readonly string[], queue: CapturingQueue): Promise<string> {
  const variables = Object.fromEntries(uids.map((uid) => [uid, VARIABLES]));
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
    template: { key: "order-confirmation", variables },
    targets: uids,
    mode: "batch",
  });
  return sent.body.notificationId;
}

describe("a batch that was accepted before its users were deleted", () => {
  it("stores nothing of them when it arrives, however often", async () => {
    const queue = new CapturingQueue();
    await app.api("POST", "/users", { uid: "mia" });
    const id = await holdBatch(["mia", "leo"], queue);
    expect((await remove("mia")).status).toBe(200);
    await consume(queue.messages);
    await consume(queue.messages);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1, skipped: { user_deleted: 1 } });
    expect((await app.audit(id)).isEqual).toBe(true);
    const log = await app.api("GET", `/notifications/${id}/deliveries`);
    expect(log.body.data).toContainEqual(
      expect.objectContaining({ userId: null, userDeleted: true, status: "skipped", reason: "user_deleted" }),
    );
    const asNext = await app.asUser("mia");
    expect((await asNext("GET", "/feed")).body.data).toEqual([]);
    expect((await asNext("GET", "/feed/unread-count")).body).toEqual({ count: 0 });
  });

  it("reaches nobody of whom nothing was stored either", async () => {
    const queue = new CapturingQueue();
    const id = await holdBatch(["mia"], queue);
    expect((await remove("mia")).status).toBe(404);
    await consume(queue.messages);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 0, skipped: { user_deleted: 1 } });
  });

  it("isn't the next user's of that uid, who gets what is sent to them", async () => {
    const queue = new CapturingQueue();
    await app.api("POST", "/users", { uid: "mia" });
    await holdBatch(["mia"], queue);
    await remove("mia");
    await app.api("POST", "/users", { uid: "mia", name: "Another Mia" });
    const template = { key: "order-confirmation", variables: { customerName: "Another", orderId: "2" } };
    await app.send({ template, targets: ["mia"], mode: "realtime" });
    await consume(queue.messages);
    const feed = (await (await app.asUser("mia"))("GET", "/feed")).body.data;
    expect(feed.map((item: Body) => item.content.text)).toEqual(["Hello Another, your order is 2."]);
  });
});

describe("what a deleted user was sent", () => {
  it("stands in no table of any object", async () => {
    const uid = "mia@example.com";
    await app.api("POST", "/users", { uid, name: SECRET, metadata: { address: SECRET } });
    const one = await app.send(
      {
        template: { key: "order-confirmation", variables: VARIABLES },
        targets: [uid],
        mode: "realtime",
        title: `For ${SECRET}`,
        tag: SECRET,
      },
      { "Idempotency-Key": "for-mia" },
    );
    expect(one.status, JSON.stringify(one.body)).toBe(200);
    await call("POST", "/notifications/messages", {
      headers: app.headers,
      body: {
        templateId: "order-confirmation",
        receivers: [uid, "leo"],
        variables: { [uid]: VARIABLES, leo: { customerName: "Leo", orderId: "2" } },
      },
    });
    // The ledger has the title before the deletion.
    const day = utcDay(Date.now());
    const ledgers = () => findText(env.LEDGER, [`${app.id}:${day}`], SECRET);
    await vi.waitFor(
      async () =>
        expect(await app.api("GET", `/notifications?tag=${SECRET}`)).toMatchObject({
          body: { data: [{ title: `For ${SECRET}` }] },
        }),
      PATIENTLY,
    );
    expect((await remove(uid)).status).toBe(200);
    expect(await findText(env.USER_SHARD, await shardNamesOf(app), SECRET)).toEqual([]);
    await vi.waitFor(async () => expect(await ledgers()).toEqual([]), PATIENTLY);
    expect(await findText(env.REGISTRY, [app.id], SECRET)).toEqual([]);
    expect(await findText(env.REGISTRY, [app.id], uid)).toEqual([]);
    // The same call again still answers what it answered.
    const again = await app.send(
      {
        template: { key: "order-confirmation", variables: VARIABLES },
        targets: [uid],
        mode: "realtime",
        title: `For ${SECRET}`,
        tag: SECRET,
      },
      { "Idempotency-Key": "for-mia" },
    );
    expect(again.body).toEqual(one.body);
  });

  it("is nobody's in their history, and in the delivery log nobody's by name", async () => {
    const sent = await app.send({
      template: { key: "order-confirmation", variables: VARIABLES },
      targets: ["mia"],
      mode: "realtime",
    });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    await remove("mia");
    const { body: history } = await app.api("GET", "/analytics/users/mia");
    expect(history).toMatchObject({
      userDeleted: true,
      summary: { delivered: 0, viewed: 0, clicked: 0 },
      notifications: [],
    });
    const log = (await app.api("GET", `/notifications/${id}/deliveries`)).body.data;
    expect(log).toMatchObject([{ userId: null, userDeleted: true, status: "delivered" }]);
    expect((await app.api("GET", `/notifications/${id}/deliveries?userId=mia`)).body.data).toEqual([]);
    const event = { notificationId: id, userId: "mia", channelType: "in_app", eventType: "viewed" };
    expect((await app.api("POST", "/analytics/events", event)).status).toBe(404);
    const csv = await app.api("GET", `/notifications/${id}/deliveries.csv`);
    expect(csv.body).not.toContain("mia");
  });
});

it("a deletion stands in the audit log without the uid, once", async () => {
  await app.send({
    template: { key: "order-confirmation", variables: VARIABLES },
    targets: ["mia"],
    mode: "realtime",
  });
  await remove("mia");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${app.id}:mia`));
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  await vi.waitFor(async () => {
    const { body } = await app.api("GET", "/audit-log?action=user.deleted");
    expect(body.data).toMatchObject([{ target: { type: "user", id: hash }, details: {} }]);
    expect(JSON.stringify(body)).not.toContain("mia");
  }, PATIENTLY);
});

describe("a user with many deliveries", () => {
  it("is gone at once, and erased slice by slice", async () => {
    await app.api("POST", "/users", { uid: "mia" });
    const name = `${app.id}:${await shardOf(app, "mia")}`;
    const shard = env.USER_SHARD.getByName(name);
    const rows = 5000;
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO deliveries (user_id, notification_id, channel_key, channel_type, status, attempt, content)
         SELECT 'mia', printf('01900000-0000-7000-8000-%012x', i), 'in-app-alerts', 'in_app', 'delivered', 1,
           '{"text":"Secret Street 1"}' FROM n`,
        rows,
      );
    });
    const left = () => findText(env.USER_SHARD, [name], SECRET);
    expect((await remove("mia")).status).toBe(200);
    expect(await left()).toEqual(["deliveries.content"]);
    expect((await (await app.asUser("mia"))("GET", "/feed/unread-count")).body).toEqual({ count: 0 });
    let slices = 0;
    while ((await left()).length > 0 && slices < 10) {
      slices++;
      await runDurableObjectAlarm(shard);
    }
    expect(await left()).toEqual([]);
    expect(slices).toBeLessThanOrEqual(10);
  });
});
