import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { SecretBox } from "../../src/objects/kit/secret-box.ts";
import { Counters } from "../../src/objects/webhook-endpoint/counters.ts";
import { EndpointStore } from "../../src/objects/webhook-endpoint/endpoint-store.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "../../src/objects/webhook-endpoint/schema.ts";
import { createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import {
  createWebhook,
  endpointStub,
  handOver,
  type TestWebhook,
  waitForAttempts,
} from "../support/webhooks.ts";

/** What an endpoint's object keeps: how much, of what, and what earlier versions kept. */

const COMPLETED = ["notification.completed"];

describe("what an endpoint's object keeps", () => {
  it("is nothing of what was taken, once the attempt is written down", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    const stub = endpointStub(app, webhook);
    await handOver(app, webhook, { count: 5 });
    await waitForAttempts(webhook, 5);
    expect([await rowsIn(stub, "events"), await rowsIn(stub, "calls")]).toEqual([0, 0]);
    expect(await rowsIn(stub, "attempts")).toBe(5);
  });

  it("is not sent again where it is handed over again after that", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, COMPLETED);
    await handOver(app, webhook, { count: 5 });
    await waitForAttempts(webhook, 5);
    await evictDurableObject(endpointStub(app, webhook));
    // The last two are new.
    await handOver(app, webhook, { count: 4, from: 4 });
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
    await handOver(app, webhook, { count: 2 });
    await waitForAttempts(webhook, 2);
    // As after an outage of a long time.
    await runInDurableObject(endpointStub(app, webhook), (_, { storage }) => {
      storage.sql.exec("UPDATE counters SET waiting = 2000000 - 1");
    });
    return { app, webhook };
  }

  it("is disabled with that reason; what comes is dropped and counted, and the audit log has it", async () => {
    const { app, webhook } = await createFull();
    await handOver(app, webhook, { count: 4, from: 3 });
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(endpointStub(app, webhook));
      expect(await webhook.get()).toMatchObject({
        enabled: false,
        disabledReason: "backlog",
        waitingEvents: 2_000_000,
        droppedEvents: 3,
      });
    }, PATIENTLY);
    await handOver(app, webhook, { count: 10, from: 7 });
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
    await handOver(app, webhook, { count: 4, from: 3 });
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
    await handOver(app, webhook, { count: 5, from: 7 });
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
