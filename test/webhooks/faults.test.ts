import {
  abortAllDurableObjects,
  evictAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, interceptCalls, unreachable } from "../support/faults.ts";
import { ledgerOf, replaceIn, rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { openSocket } from "../support/sockets.ts";
import { usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import {
  createWebhook,
  endpointStub,
  sendOrder,
  waitForAttempts,
  waitForCalls,
  waitForFailures,
} from "../support/webhooks.ts";

/** To users of whom the first `failing` lack a required variable. */
async function sendBatch(
  app: TestApp,
  targets: readonly string[],
  failing = targets.length,
): Promise<string> {
  const variables = Object.fromEntries(
    targets.map((uid, index) => [
      uid,
      index < failing ? { orderId: "1" } : { customerName: "A", orderId: "1" },
    ]),
  );
  const sent = await app.send({ template: { key: "order-confirmation", variables }, targets, mode: "batch" });
  return sent.body.notificationId;
}

const shardOf = (app: TestApp, id: string) =>
  bindings.USER_SHARD.getByName(keys.userShard(app.id, parseNotificationId(id)?.shard ?? -1));

const WEBHOOK_DUTIES = ["webhooks", "flush", "send"];

describe.each([
  ["evicted", evictAllDurableObjects],
  ["aborted", abortAllDurableObjects],
])("every object is %s", (_, strike) => {
  it("after a notification was completed and before its webhooks went out: they come", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app);
    const mia = await app.asUser("mia");
    const before = await sendOrder(app);
    await waitForAttempts(webhook, 2);
    // Objects that are there can be cut off from the endpoint, until their instances end.
    const cutOff = () => [shardOf(app, before), ledgerOf(app, before)];
    for (const stub of cutOff()) await replaceIn(stub, { WEBHOOK_ENDPOINT: unreachable() });
    const id = await sendOrder(app);
    await waitUntilCompleted(app, id);
    await mia("POST", `/feed/${id}/clicked`);
    expect(await rowsIn(ledgerOf(app, id), "webhook_outbox")).toBe(2);
    await strike();
    for (const stub of cutOff()) await wake(stub, ...WEBHOOK_DUTIES);
    const calls = await waitForCalls(webhook, 6);
    const types = ["notification.accepted", "notification.completed", "delivery.viewed", "delivery.clicked"];
    expect(
      calls
        .slice(2)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(types.sort());
    expect(await webhook.inbox.calls()).toHaveLength(6);
  });

  it("after the endpoint took messages and before it sent them: they come, each under its id", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    await webhook.inbox.answerWith({ delayMs: 3000, times: 1 });
    await sendOrder(app);
    const [first] = await waitForCalls(webhook, 1);
    // In mid-call: its answer is never written down.
    await strike();
    await wake(endpointStub(app, webhook), ...WEBHOOK_DUTIES);
    const calls = await waitForCalls(webhook, 2);
    expect(calls.map(({ id }) => id)).toEqual([first?.id, first?.id]);
    expect(await waitForAttempts(webhook, 1)).toMatchObject([{ status: "succeeded", messageId: first?.id }]);
  });
});

describe("a ledger", () => {
  it("whose hand-over is cut off after the endpoint took the message repeats it under the same id", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    // The day's ledger is there, so that its bindings can be replaced.
    const ledger = ledgerOf(app, await sendOrder(app));
    await waitForCalls(webhook, 1);
    const cutOff = interceptCalls(bindings.WEBHOOK_ENDPOINT, "accept", {
      after: () => {
        throw new Error("Network connection lost.");
      },
    });
    const restore = await replaceIn(ledger, { WEBHOOK_ENDPOINT: cutOff });
    await sendOrder(app, "ann");
    await waitForCalls(webhook, 2);
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(1);
    restore();
    await wake(ledger, ...WEBHOOK_DUTIES);
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(0);
    await sendOrder(app, "bob");
    // The repeat was no third call: the third is bob's.
    const calls = await waitForCalls(webhook, 3);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
  });

  it("that can't reach the endpoint keeps its messages and goes on with others'", async () => {
    const app = await createReadyApp();
    const cut = await createWebhook(app, ["notification.completed"]);
    const other = await createWebhook(app, ["notification.completed"]);
    const ledger = ledgerOf(app, await sendOrder(app));
    await waitForCalls(other, 1);
    await waitForCalls(cut, 1);
    const away = {
      getByName: (name: string) =>
        (name.endsWith(cut.id) ? unreachable() : bindings.WEBHOOK_ENDPOINT).getByName(name),
    } as unknown as Bindings["WEBHOOK_ENDPOINT"];
    const restore = await replaceIn(ledger, { WEBHOOK_ENDPOINT: away });
    const ids = [await sendOrder(app, "ann"), await sendOrder(app, "bob")];
    await waitForCalls(other, 3);
    expect(await cut.inbox.calls()).toHaveLength(1);
    restore();
    await wake(ledger, ...WEBHOOK_DUTIES);
    const calls = await waitForCalls(cut, 3);
    expect(
      calls
        .slice(1)
        .map(({ body }) => body.data.id)
        .sort(),
    ).toEqual(ids.sort());
    expect(await other.inbox.calls()).toHaveLength(3);
  });
});

describe("a user shard", () => {
  it("that dies before it could hand failures over still tells of them, under the ids that it gave", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["delivery.failed"]);
    const uids = await usersOfShard(app, 7, 130);
    const shard = () => bindings.USER_SHARD.getByName(keys.userShard(app.id, 7));
    await sendOrder(app, uids[0]);
    await replaceIn(shard(), { WEBHOOK_ENDPOINT: unreachable() });
    await waitUntilCompleted(app, await sendBatch(app, uids));
    const given = await vi.waitFor(async () => {
      const ids = await runInDurableObject(shard(), (_, { storage }) =>
        storage.sql.exec<{ id: string }>("SELECT id FROM webhook_outbox").toArray(),
      );
      expect(ids).toHaveLength(2);
      return ids.map(({ id }) => id);
    }, PATIENTLY);
    await evictDurableObject(shard());
    await wake(shard(), ...WEBHOOK_DUTIES);
    const failures = await waitForFailures(webhook, uids.length);
    expect(failures.map(({ userId }) => userId).sort()).toEqual(uids.toSorted());
    expect((await webhook.inbox.calls()).map(({ id }) => id).sort()).toEqual(given.sort());
  });

  it("tells of a failure whose user looks on", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["delivery.failed"]);
    const socket = await openSocket([await app.tokenFor("ann")]);
    const id = await sendBatch(app, ["ann", "bob"]);
    await waitUntilCompleted(app, id);
    const failures = await waitForFailures(webhook, 2);
    expect(failures.map(({ userId }) => userId).sort()).toEqual(["ann", "bob"]);
    for (const failure of failures) expect(failure).toMatchObject({ reason: "missing_variables" });
    socket.close();
  });
});

describe("an endpoint that is down", () => {
  it("slows neither sends nor other endpoints, and is called by six at most", async () => {
    const app = await createReadyApp();
    const slow = await createWebhook(app, ["notification.accepted", "notification.completed"]);
    const quick = await createWebhook(app, ["notification.accepted", "notification.completed"]);
    await slow.inbox.answerWith({ delayMs: 60_000 });
    const startedAt = Date.now();
    for (let count = 0; count < 20; count++) await sendOrder(app, `user-${count}`);
    await waitForCalls(quick, 40);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(await slow.inbox.calls()).toHaveLength(6);
    expect(await slow.inbox.maxConcurrent()).toBe(6);
  });

  it("is waited for as long as the deployment says", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app);
    await webhook.inbox.answerWith({ delayMs: 60_000, times: 1 });
    const { body } = await app.api("POST", `/webhooks/${webhook.id}/test`);
    expect(body).toMatchObject({ status: "failed", httpStatus: null, error: "no answer within 5 s" });
    expect(body.durationMs).toBeGreaterThanOrEqual(5000);
    expect(body.durationMs).toBeLessThan(9000);
  });
});

describe("more messages than one turn of an endpoint's object sends", () => {
  it("go out whole, each once", { timeout: 60_000 }, async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    webhook.inbox.takeMadeUp();
    const stub = endpointStub(app, webhook);
    // A turn sends 500.
    const count = 620;
    await runInDurableObject(stub, async (_, { storage }) => {
      for (let index = 0; index < count; index++) {
        const body = JSON.stringify({ type: "notification.completed", data: { index } });
        storage.sql.exec(
          "INSERT INTO events (seq, id, type, at, bytes, body) VALUES (?, ?, 'notification.completed', 1, 0, ?)",
          index + 1,
          crypto.randomUUID(),
          body,
        );
      }
      storage.sql.exec("UPDATE counters SET next_seq = ?, waiting = ?", count + 1, count);
      storage.sql.exec("INSERT OR REPLACE INTO due (kind, id, at) VALUES ('send', '', 1)");
      await storage.setAlarm(Date.now() + 60_000);
    });
    await runDurableObjectAlarm(stub);
    // Only this turn was asked for by hand: what is left is for the object's own next.
    const calls = await vi.waitFor(
      async () => {
        const found = await webhook.inbox.calls();
        expect(found.length).toBeGreaterThanOrEqual(count);
        return found;
      },
      { timeout: 45_000, interval: 500 },
    );
    expect(new Set(calls.map(({ body }) => body.data.index)).size).toBe(count);
    expect(calls).toHaveLength(count);
    expect(await webhook.inbox.maxConcurrent()).toBeLessThanOrEqual(6);
  });
});

describe("an app without webhooks", () => {
  it("has no row, no duty and no field for them", async () => {
    const app = await createReadyApp();
    const id = await sendOrder(app);
    await waitUntilCompleted(app, id);
    const mia = await app.asUser("mia");
    await mia("POST", `/feed/${id}/clicked`);
    await sendBatch(app, ["ann"]);
    for (const stub of [shardOf(app, id), ledgerOf(app, id)]) {
      const found = await runInDurableObject(stub, (_, { storage }) => ({
        outbox: storage.sql.exec("SELECT * FROM webhook_outbox").toArray(),
        duties: storage.sql.exec("SELECT * FROM due WHERE kind = 'webhooks'").toArray(),
        headers: storage.sql.exec<{ header: string }>("SELECT header FROM notifications").toArray(),
      }));
      expect([found.outbox, found.duties]).toEqual([[], []]);
      for (const { header } of found.headers) expect(header).not.toContain("webhook");
    }
    expect(await rowsIn(shardOf(app, id), "webhook_events")).toBe(0);
    expect(await rowsIn(shardOf(app, id), "header_parts")).toBe(1);
    expect(await rowsIn(shardOf(app, id), "header_parts WHERE part LIKE '%webhook%'")).toBe(0);
  });

  it("has none either where nobody wants the event", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.accepted"]);
    const id = await sendOrder(app);
    const mia = await app.asUser("mia");
    await mia("POST", `/feed/${id}/clicked`);
    expect(await rowsIn(shardOf(app, id), "webhook_events")).toBe(0);
    await waitForCalls(webhook, 1);
    await vi.waitFor(
      async () => expect(await rowsIn(ledgerOf(app, id), "webhook_outbox")).toBe(0),
      PATIENTLY,
    );
  });
});
