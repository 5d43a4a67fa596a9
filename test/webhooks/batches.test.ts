import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { SecretBox } from "../../src/objects/kit/secret-box.ts";
import { Counters } from "../../src/objects/webhook-endpoint/counters.ts";
import { EndpointStore } from "../../src/objects/webhook-endpoint/endpoint-store.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "../../src/objects/webhook-endpoint/schema.ts";
import { type Body, createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import {
  createWebhook,
  endpointStub,
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

interface Endpoint {
  accept(messages: object[], revision: number, source: string, lost: number): Promise<void>;
}

/** Hands over `count` events, as a ledger of this name does that has handed over `from - 1` before. */
function handTo(
  app: TestApp,
  webhook: TestWebhook,
  {
    count,
    from = 1,
    source = "a ledger",
    text = "",
  }: { count: number; from?: number; source?: string; text?: string },
): Promise<void> {
  webhook.inbox.takeMadeUp();
  const endpoint = endpointStub(app, webhook) as unknown as Endpoint;
  const messages = Array.from({ length: count }, (_, index) => {
    const seq = from + index;
    const body = JSON.stringify({ type: COMPLETED[0], timestamp: "t", data: { seq, text } });
    return { seq, id: crypto.randomUUID(), type: COMPLETED[0], body };
  });
  return endpoint.accept(messages, 1, source, 0);
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
    await handTo(app, webhook, { count: 100 });
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
    await handTo(app, webhook, { count: 5, text: "x".repeat(100_000) });
    await handTo(app, webhook, { count: 1, from: 6, text: "x".repeat(300_000) });
    await waitForEvents(webhook, 6);
    const calls = await webhook.inbox.calls();
    expect(calls.map(({ body }) => body.data.events.length).sort()).toEqual([1, 1, 2, 2]);
  });

  it("gets the same call again where it failed: id, events and order, whatever came meanwhile", async () => {
    const app = await createApp();
    const webhook = await createBatching(app);
    await webhook.inbox.answerWith({ status: 503, times: 1 });
    await handTo(app, webhook, { count: 3 });
    await waitForAttempts(webhook, 1);
    await handTo(app, webhook, { count: 2, from: 4 });
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
        await handTo(app, webhook, { count: 100, from: second * 100 + 1, source: `ledger ${source}` });
      }
    }
    const events = await waitForEvents(webhook, 2000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2000);
    // 2,000 events are four seconds of 500. Calls take 200 ms, six at once: 120 of them fit into four seconds.
    expect((await webhook.inbox.calls()).length).toBeLessThan(100);
    expect(await webhook.inbox.maxConcurrent()).toBeLessThanOrEqual(6);
  });
});

describe("what an endpoint's object keeps", () => {
  it("is nothing of what was taken, once the attempt is written down", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    const stub = endpointStub(app, webhook);
    await handTo(app, webhook, { count: 5 });
    await waitForAttempts(webhook, 5);
    expect([await rowsIn(stub, "events"), await rowsIn(stub, "calls")]).toEqual([0, 0]);
    expect(await rowsIn(stub, "attempts")).toBe(5);
  });

  it("is not sent again where it is handed over again after that", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    await handTo(app, webhook, { count: 5 });
    await waitForAttempts(webhook, 5);
    await evictDurableObject(endpointStub(app, webhook));
    // The last two are new.
    await handTo(app, webhook, { count: 4, from: 4 });
    await waitForAttempts(webhook, 7);
    expect(await rowsIn(endpointStub(app, webhook), "events")).toBe(0);
    expect((await webhook.inbox.calls()).map(({ body }) => body.data.seq).sort()).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it("is at most 10,000 attempts and some", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    const stub = endpointStub(app, webhook);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO attempts (id, message_id, type, status, duration_ms, at)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10498)
         SELECT format('01900000-0000-7000-8000-%012d', i), 'x', 'webhook.test', 'succeeded', 1, 1 FROM n`,
      );
      storage.sql.exec("UPDATE counters SET attempts = 10499");
    });
    const newest = (await app.api("POST", `/webhooks/${webhook.id}/test`)).body;
    expect(await rowsIn(stub, "attempts")).toBe(10_000);
    expect((await webhook.attempts())[0]).toEqual(newest);
  });

  it("is at most 10,000 calls that failed for good", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    await webhook.inbox.answerWith({ status: 500 });
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    const stub = endpointStub(app, webhook);
    await runInDurableObject(stub, (_, { storage }) => {
      const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10098)";
      const id = "format('01900000-0000-7000-8000-%012d', i)";
      storage.sql.exec(
        `INSERT INTO events (seq, id, type, at, bytes, body) ${numbers} SELECT -1000 - i, ${id}, 'x', 1, 0, '' FROM n`,
      );
      storage.sql.exec(
        `INSERT INTO calls (id, type, from_seq, to_seq, events, bytes, status, tries)
         ${numbers} SELECT ${id}, 'x', -1000 - i, -1000 - i, 1, 0, 'failed', 8 FROM n`,
      );
      storage.sql.exec("UPDATE counters SET failed_calls = 10099");
    });
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    expect([await rowsIn(stub, "calls"), await rowsIn(stub, "events")]).toEqual([10_000, 10_000]);
  });
});

describe("an endpoint for which too much waits", () => {
  async function createFull(): Promise<{ app: TestApp; webhook: TestWebhook }> {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, COMPLETED);
    await webhook.inbox.answerWith({ status: 500 });
    await handTo(app, webhook, { count: 2 });
    await waitForAttempts(webhook, 2);
    // As after an outage of a long time.
    await runInDurableObject(endpointStub(app, webhook), (_, { storage }) => {
      storage.sql.exec("UPDATE counters SET waiting = 2000000 - 1");
    });
    return { app, webhook };
  }

  it("is disabled with that reason; what comes is dropped and counted, and the audit log has it", async () => {
    const { app, webhook } = await createFull();
    await handTo(app, webhook, { count: 4, from: 3 });
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(endpointStub(app, webhook));
      expect(await webhook.get()).toMatchObject({
        enabled: false,
        disabledReason: "backlog",
        waitingEvents: 2_000_000,
        droppedEvents: 3,
      });
    }, PATIENTLY);
    await handTo(app, webhook, { count: 10, from: 7 });
    expect(await webhook.get()).toMatchObject({ waitingEvents: 2_000_000, droppedEvents: 13 });
    const { body: log } = await app.api("GET", "/audit-log?action=webhook.disabled&actor=onecall");
    expect(log.data).toEqual([
      expect.objectContaining({
        actor: { type: "onecall", key: null, keyId: null },
        target: { type: "webhook", id: webhook.id },
        details: { host: new URL(webhook.inbox.url).host, reason: "backlog" },
      }),
    ]);
  });

  it("gets what waits when it is enabled again, and isn't disabled for being full while it catches up", async () => {
    const { app, webhook } = await createFull();
    await handTo(app, webhook, { count: 4, from: 3 });
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(endpointStub(app, webhook));
      expect((await webhook.get()).enabled).toBe(false);
    }, PATIENTLY);
    const before = (await webhook.inbox.calls()).length;
    await webhook.inbox.answerWith({ delayMs: 300 });
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: true });
    // All three at once, though their next attempts were planned for later.
    await vi.waitFor(async () => expect((await webhook.inbox.calls()).length).toBe(before + 3), PATIENTLY);
    await runInDurableObject(endpointStub(app, webhook), (_, { storage }) => {
      storage.sql.exec("UPDATE counters SET waiting = 2000000");
    });
    await handTo(app, webhook, { count: 5, from: 7 });
    expect(await webhook.get()).toMatchObject({ enabled: true, droppedEvents: 8 });
  });
});

describe("an endpoint's object from before calls could have several events", () => {
  it("still sends what waited, under its id, and keeps what failed", async () => {
    const stub = bindings.WEBHOOK_ENDPOINT.getByName(`nobody:${crypto.randomUUID()}`);
    const [calls, events, counters, config] = await runInDurableObject(stub, (_, { storage }) => {
      const { sql } = storage;
      migrate(storage, WEBHOOK_ENDPOINT_SCHEMA.slice(0, 1));
      const stored = {
        revision: 3,
        url: "https://a.example/",
        events: COMPLETED,
        isEnabled: true,
        secrets: [],
      };
      sql.exec("INSERT INTO endpoint (config) VALUES (?)", JSON.stringify(stored));
      for (const [id, status] of [
        ["a", "succeeded"],
        ["b", "waiting"],
        ["c", "failed"],
      ]) {
        sql.exec(
          "INSERT INTO messages (id, type, status, tries, next_at, body) VALUES (?, 'x', ?, 2, 7, '{\"é\":1}')",
          id,
          status,
        );
      }
      migrate(storage, WEBHOOK_ENDPOINT_SCHEMA);
      const read = (query: string) => sql.exec(query).toArray();
      const kept = read("SELECT id, from_seq, to_seq, status, tries, next_at, bytes FROM calls ORDER BY id");
      return [
        kept,
        read("SELECT seq, id, body FROM events"),
        read("SELECT next_seq, composed_seq, waiting, waiting_bytes, failed_calls FROM counters"),
        new EndpointStore(sql, new SecretBox(sql, bindings, "an endpoint"), new Counters(sql)).getConfig(),
      ];
    });
    expect(calls).toEqual([
      { id: "b", from_seq: 1, to_seq: 1, status: "waiting", tries: 2, next_at: 7, bytes: 8 },
      { id: "c", from_seq: 2, to_seq: 2, status: "failed", tries: 2, next_at: 7, bytes: 8 },
    ]);
    expect(events).toEqual([
      { seq: 1, id: "b", body: '{"é":1}' },
      { seq: 2, id: "c", body: '{"é":1}' },
    ]);
    expect(counters).toEqual([
      { next_seq: 3, composed_seq: 2, waiting: 1, waiting_bytes: 8, failed_calls: 1 },
    ]);
    expect(config).toMatchObject({ revision: 3, eventsPerCall: 1 });
  });
});
