import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { type Body, createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { wake } from "../support/objects.ts";
import {
  createWebhook,
  endpointStub,
  handOver,
  type TestWebhook,
  waitForAttempts,
  waitForCalls,
} from "../support/webhooks.ts";

/** Several events in one signed call, where the endpoint asks for it. */

const COMPLETED = ["notification.completed"];

async function createBatching(app: TestApp, eventsPerCall = 100): Promise<TestWebhook> {
  const webhook = await createWebhook(app, COMPLETED);
  const { status } = await app.api("PUT", `/webhooks/${webhook.id}`, { eventsPerCall });
  expect(status).toBe(200);
  return webhook;
}

/** The numbers of all events that came, in their order. */
async function waitForEvents(webhook: TestWebhook, count: number): Promise<Body[]> {
  return vi.waitFor(
    async () => {
      const calls = await webhook.inbox.calls();
      const events = calls.filter(({ answered }) => answered === 200).flatMap(({ body }) => body.data.events);
      expect(events.length).toBeGreaterThanOrEqual(count);
      return events;
    },
    { timeout: 30_000, interval: 50 },
  );
}

describe("an endpoint with eventsPerCall", () => {
  it("gets the events of several notifications in one signed call, each with the id it has alone", async () => {
    const app = await createReadyApp();
    const batching = await createBatching(app);
    const single = await createWebhook(app, COMPLETED);
    const sends = ["ann", "bob", "mia"].map((uid) =>
      app.send({
        template: { key: "order-confirmation", variables: { customerName: "A", orderId: "1" } },
        targets: [uid],
        mode: "realtime",
      }),
    );
    const ids = (await Promise.all(sends)).map(({ body }) => body.notificationId);
    const events = await waitForEvents(batching, 3);
    const calls = await batching.inbox.calls();
    for (const { body, id, verifiedBy } of calls) {
      expect(body).toEqual({
        type: "webhook.batch",
        timestamp: expect.stringMatching(/Z$/),
        data: { events: expect.any(Array) },
      });
      expect(verifiedBy).toEqual([0]);
      expect(body.data.events.map((event: Body) => event.id)).not.toContain(id);
    }
    expect(events.map(({ data }) => data.id).sort()).toEqual(ids.toSorted());
    const alone = await waitForCalls(single, 3);
    expect(events.map(({ id }) => id).sort()).toEqual(alone.map(({ id }) => id).sort());
    for (const call of alone) {
      expect(events.find(({ id }) => id === call.id)).toEqual({ id: call.id, ...call.body });
    }
  });

  it("gets at most so many, in their order", async () => {
    const app = await createApp();
    const webhook = await createBatching(app, 40);
    await handOver(app, webhook, { count: 100 });
    const events = await waitForEvents(webhook, 100);
    const calls = await webhook.inbox.calls();
    expect(calls.map(({ body }) => body.data.events.length)).toEqual([40, 40, 20]);
    expect(events.map(({ data }) => data.seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const attempts = await waitForAttempts(webhook, 3);
    expect(attempts.map(({ type, events: count }) => [type, count]).toReversed()).toEqual([
      ["webhook.batch", 40],
      ["webhook.batch", 40],
      ["webhook.batch", 20],
    ]);
  });

  it("gets no more than 256 KB at once, and a larger event alone", async () => {
    const app = await createApp();
    const webhook = await createBatching(app);
    await handOver(app, webhook, { count: 5, text: "x".repeat(100_000) });
    await handOver(app, webhook, { count: 1, from: 6, text: "x".repeat(300_000) });
    await waitForEvents(webhook, 6);
    const calls = await webhook.inbox.calls();
    expect(calls.map(({ body }) => body.data.events.length).sort()).toEqual([1, 1, 2, 2]);
  });

  it("gets the same call again where it failed: id, events and order, whatever came meanwhile", async () => {
    const app = await createApp();
    const webhook = await createBatching(app);
    await webhook.inbox.answerWith({ status: 503, times: 1 });
    await handOver(app, webhook, { count: 3 });
    await waitForAttempts(webhook, 1);
    await handOver(app, webhook, { count: 2, from: 4 });
    await waitForAttempts(webhook, 2);
    // Also in an instance that begins anew.
    await evictDurableObject(endpointStub(app, webhook));
    await runInDurableObject(endpointStub(app, webhook), (_, { storage }) => {
      storage.sql.exec("UPDATE calls SET next_at = 1");
    });
    await wake(endpointStub(app, webhook), "send");
    const [failed, , repeated] = await waitForCalls(webhook, 3);
    expect(repeated?.id).toBe(failed?.id);
    expect(repeated?.body).toEqual(failed?.body);
    expect(failed?.body.data.events).toHaveLength(3);
    await waitForAttempts(webhook, 3);
    expect(await webhook.get()).toMatchObject({ waitingEvents: 0, droppedEvents: 0 });
  });

  it("is tested in that form", async () => {
    const app = await createApp();
    const webhook = await createBatching(app);
    const { body: attempt } = await app.api("POST", `/webhooks/${webhook.id}/test`);
    const [call] = await webhook.inbox.calls();
    expect(attempt).toMatchObject({
      messageId: call?.id,
      type: "webhook.batch",
      events: 1,
      status: "succeeded",
    });
    expect(call?.body.data.events).toEqual([
      {
        id: expect.any(String),
        type: "webhook.test",
        timestamp: expect.any(String),
        data: { webhookId: webhook.id },
      },
    ]);
  });

  it.each([0, 101, 1.5, "100", null])("refuses %s events per call", async (eventsPerCall) => {
    const app = await createApp();
    const webhook = await createWebhook(app);
    for (const [method, path] of [
      ["POST", "/webhooks"],
      ["PUT", `/webhooks/${webhook.id}`],
    ] as const) {
      const body = { url: "https://hooks.shop.com/", events: COMPLETED, eventsPerCall };
      const answer = await app.api(method, path, body);
      expect([answer.status, Object.keys(answer.body.error.details)]).toEqual([400, ["eventsPerCall"]]);
      expect(answer.body.error.details.eventsPerCall).toContain("1 to 100");
    }
    expect((await webhook.get()).eventsPerCall).toBe(1);
  });
});

describe("an endpoint that takes 200 ms", () => {
  it("keeps up with 500 events a second where it takes 100 in a call", { timeout: 60_000 }, async () => {
    const app = await createApp();
    const webhook = await createBatching(app);
    await webhook.inbox.answerWith({ delayMs: 200 });
    for (let second = 0; second < 4; second++) {
      for (let source = 0; source < 5; source++) {
        await handOver(app, webhook, { count: 100, from: second * 100 + 1, source: `ledger ${source}` });
      }
    }
    const events = await waitForEvents(webhook, 2000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2000);
    // 2,000 events are four seconds of 500. Calls take 200 ms, six at once: 120 of them fit into four seconds.
    expect((await webhook.inbox.calls()).length).toBeLessThan(100);
    expect(await webhook.inbox.maxConcurrent()).toBeLessThanOrEqual(6);
  });
});
