import { describe, expect, it } from "vitest";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { usersOfShard } from "../support/users.ts";
import { expectSumToClose, waitUntilCompleted } from "../support/wait.ts";
import { createWebhook, waitForCalls, waitForFailures } from "../support/webhooks.ts";

const ISO_TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

function realtimeTo(uid: string): object {
  return {
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: [uid],
    mode: "realtime",
    title: "Order",
    tag: "orders",
  };
}

/** To users of whom the first `failing` lack a required variable. */
async function sendBatch(app: TestApp, count: number, failing = 0): Promise<string> {
  const targets = Array.from({ length: count }, (_, index) => `user-${index}`);
  const variables = Object.fromEntries(
    targets.map((uid, index) => [
      uid,
      index < failing ? { orderId: "1" } : { customerName: "A", orderId: "1" },
    ]),
  );
  const sent = await app.send({ template: { key: "order-confirmation", variables }, targets, mode: "batch" });
  return sent.body.notificationId;
}

describe("a realtime send", () => {
  it("is told as accepted and as completed, with the counts that a read shows", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app);
    const { body: sent } = await app.send(realtimeTo("mia"));
    const calls = await waitForCalls(webhook, 2);
    const data = {
      id: sent.notificationId,
      mode: "realtime",
      templateKey: "order-confirmation",
      title: "Order",
      tag: "orders",
      total: 1,
      createdAt: ISO_TIME,
    };
    const byType = new Map(calls.map((call) => [call.type, call]));
    expect(byType.get("notification.accepted")?.body).toEqual({
      type: "notification.accepted",
      timestamp: ISO_TIME,
      data: {
        ...data,
        state: "sending",
        completedAt: null,
        counts: { "in-app-alerts": expect.objectContaining({ type: "in_app", total: 1, pending: 1 }) },
      },
    });
    const { counts, completedAt } = await app.notification(sent.notificationId);
    expect(byType.get("notification.completed")?.body).toEqual({
      type: "notification.completed",
      timestamp: completedAt,
      data: { ...data, state: "completed", completedAt, counts },
    });
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1 });
    for (const { headers, id } of calls) {
      expect(headers).toMatchObject({
        "content-type": "application/json",
        "user-agent": expect.stringContaining("Onecall"),
        "webhook-id": id,
        "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/=]+$/),
      });
    }
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  it("to several is told the same way", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.accepted", "notification.completed"]);
    const answer = await app.call("POST", "/v3/campaigns/notifications/messages", {
      templateId: (await app.api("GET", "/templates/order-confirmation")).body.id,
      receivers: ["ann", "bob"],
      variables: { ann: { customerName: "A", orderId: "1" }, bob: { customerName: "B", orderId: "2" } },
    });
    expect(answer.status).toBe(200);
    const calls = await waitForCalls(webhook, 2);
    expect(calls.map(({ type }) => type).sort()).toEqual(["notification.accepted", "notification.completed"]);
    const completed = calls.find(({ type }) => type === "notification.completed");
    expect(completed?.body.data).toMatchObject({
      id: answer.body.data.notificationId,
      total: 2,
      mode: "realtime",
    });
    expect(completed?.body.data.counts["in-app-alerts"]).toMatchObject({ delivered: 2, pending: 0 });
  });
});

describe("a notification that completes again, after a retry", () => {
  it("is told as an event of its own, and so is what failed again", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed", "delivery.failed"]);
    const id = await sendBatch(app, 10, 4);
    const [first] = await waitForCalls(webhook, 1, "notification.completed");
    await waitForFailures(webhook, 4);
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
    const [, second] = await waitForCalls(webhook, 2, "notification.completed");
    expect(second?.id).not.toBe(first?.id);
    expect(second?.body.data).toMatchObject({ id, state: "completed", counts: first?.body.data.counts });
    const failures = await waitForFailures(webhook, 8);
    expect(failures.map(({ reason }) => reason)).toEqual(Array(8).fill("missing_variables"));
    expect(new Set(failures.map(({ userId }) => userId)).size).toBe(4);
  });
});

describe("a batch", () => {
  it("is told when it is accepted and when it is completed, its failures with their reason", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app);
    const id = await sendBatch(app, 30, 4);
    await waitUntilCompleted(app, id);
    await waitForCalls(webhook, 1, "notification.accepted");
    const [completed] = await waitForCalls(webhook, 1, "notification.completed");
    expectSumToClose(completed?.body.data);
    expect(completed?.body.data.counts).toEqual((await app.notification(id)).counts);
    const failures = await waitForFailures(webhook, 4);
    expect(failures.map(({ userId }) => userId).sort()).toEqual(["user-0", "user-1", "user-2", "user-3"]);
    expect(failures[0]).toEqual({
      userId: expect.any(String),
      channelKey: "in-app-alerts",
      channelType: "in_app",
      reason: "missing_variables",
      at: ISO_TIME,
    });
    // Something was delivered.
    expect((await webhook.inbox.calls()).map(({ type }) => type)).not.toContain("notification.failed");
  });

  it("of which nothing was delivered is also told as failed", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed", "notification.failed"]);
    const id = await sendBatch(app, 3, 3);
    const calls = await waitForCalls(webhook, 2);
    expect(calls.map(({ type }) => type).sort()).toEqual(["notification.completed", "notification.failed"]);
    for (const { body } of calls) {
      expect(body.data).toMatchObject({ id, state: "completed" });
      expect(body.data.counts["in-app-alerts"]).toMatchObject({
        failed: { missing_variables: 3 },
        delivered: 0,
      });
    }
  });

  it("has its failures gathered, a hundred in a call and each once", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["delivery.failed"]);
    const targets = await usersOfShard(app, 7, 250);
    const variables = Object.fromEntries(targets.map((uid) => [uid, { orderId: "1" }]));
    const template = { key: "order-confirmation", variables };
    const { body: sent } = await app.send({ template, targets, mode: "batch" });
    await waitUntilCompleted(app, sent.notificationId);
    const failures = await waitForFailures(webhook, 250);
    expect(failures.map(({ userId }) => userId).sort()).toEqual([...targets].sort());
    const calls = await webhook.inbox.calls();
    // What a shard took in one transaction is gathered at once.
    const sizes = calls.map(({ body }) => body.data.deliveries.length).sort((a, b) => b - a);
    expect(sizes).toEqual([100, 100, 50]);
    for (const { body } of calls) {
      const data = { notificationId: sent.notificationId, templateKey: "order-confirmation", tag: null };
      expect(body.data).toMatchObject(data);
    }
  });
});

describe("a user who opens and clicks a notification", () => {
  it("is told once of each", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["delivery.viewed", "delivery.clicked"]);
    const { body: sent } = await app.send(realtimeTo("mia"));
    const mia = await app.asUser("mia");
    await mia("POST", `/feed/${sent.notificationId}/viewed`);
    await mia("POST", `/feed/${sent.notificationId}/clicked`);
    await mia("POST", `/feed/${sent.notificationId}/clicked`);
    await mia("POST", "/feed/read-all");
    const calls = await waitForCalls(webhook, 2);
    for (const type of ["delivery.viewed", "delivery.clicked"]) {
      expect(calls.filter((call) => call.type === type).map(({ body }) => body.data)).toEqual([
        {
          notificationId: sent.notificationId,
          templateKey: "order-confirmation",
          tag: "orders",
          deliveries: [{ userId: "mia", channelKey: "in-app-alerts", channelType: "in_app", at: ISO_TIME }],
        },
      ]);
    }
    // A later event comes alone: nothing of the repeats was waiting.
    const { body: next } = await app.send(realtimeTo("mia"));
    await mia("POST", "/feed/read-all");
    const all = await waitForCalls(webhook, 3);
    expect(all).toHaveLength(3);
    expect(all[2]?.body.data.notificationId).toBe(next.notificationId);
  });
});

describe("a push that a provider refuses", () => {
  it("is told with the provider's words", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm");
    const webhook = await createWebhook(account.app, ["delivery.failed"]);
    await account.project.setFaults([
      { provider: "fcm", status: 400, body: { error: { message: "Bad push" } } },
    ]);
    const id = await sendToOne(account.app, "mia");
    const [call] = await waitForCalls(webhook, 1);
    expect(call?.body.data).toEqual({
      notificationId: id,
      templateKey: "order",
      tag: null,
      deliveries: [
        {
          userId: "mia",
          channelKey: "mobile-push",
          channelType: "push",
          reason: "provider_rejected",
          message: expect.stringContaining("Bad push"),
          at: ISO_TIME,
        },
      ],
    });
  });

  it("fails the whole notification only where no other channel delivered", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm");
    const webhook = await createWebhook(account.app, ["notification.failed", "notification.completed"]);
    await account.project.setFaults([{ provider: "fcm", status: 400 }]);
    const id = await sendToMany(account.app, ["mia"]);
    await waitUntilCompleted(account.app, id);
    const calls = await waitForCalls(webhook, 1);
    expect(calls.map(({ type }) => type)).toEqual(["notification.completed"]);
    expect(calls[0]?.body.data.counts["mobile-push"]).toMatchObject({ failed: { provider_rejected: 1 } });
  });
});

describe("an endpoint", () => {
  it("gets exactly the events that it is subscribed to, until it is changed", async () => {
    const app = await createReadyApp();
    const all = await createWebhook(app);
    const accepted = await createWebhook(app, ["notification.accepted"]);
    await app.send(realtimeTo("mia"));
    await waitForCalls(all, 2);
    expect((await waitForCalls(accepted, 1)).map(({ type }) => type)).toEqual(["notification.accepted"]);
    const changed = await app.api("PUT", `/webhooks/${accepted.id}`, { events: ["notification.completed"] });
    expect(changed.body.events).toEqual(["notification.completed"]);
    const { body: sent } = await app.send(realtimeTo("mia"));
    await waitForCalls(all, 4);
    const calls = await waitForCalls(accepted, 2);
    expect(calls.map(({ type }) => type)).toEqual(["notification.accepted", "notification.completed"]);
    expect(calls[1]?.body.data.id).toBe(sent.notificationId);
  });

  it("that is disabled or deleted gets nothing", async () => {
    const app = await createReadyApp();
    const [all, disabled, deleted] = [
      await createWebhook(app),
      await createWebhook(app),
      await createWebhook(app),
    ];
    await app.api("PUT", `/webhooks/${disabled.id}`, { enabled: false });
    await app.api("DELETE", `/webhooks/${deleted.id}`);
    await app.send(realtimeTo("mia"));
    await waitForCalls(all, 2);
    expect(await disabled.inbox.calls()).toEqual([]);
    expect(await deleted.inbox.calls()).toEqual([]);
    expect((await app.api("GET", `/webhooks/${deleted.id}`)).status).toBe(404);
  });

  it("hears nothing of another app", async () => {
    const [a, b] = [await createReadyApp(), await createReadyApp()];
    const [ofA, ofB] = [await createWebhook(a), await createWebhook(b)];
    await a.send(realtimeTo("mia"));
    await waitForCalls(ofA, 2);
    expect(await ofB.inbox.calls()).toEqual([]);
  });
});
