import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { DueTable } from "../../src/objects/kit/due.ts";
import { WebhookOutbox } from "../../src/objects/kit/event-outbox.ts";
import { createReadyApp } from "../support/api.ts";
import { bindings, unreachable } from "../support/faults.ts";
import { ledgerOf, replaceIn, rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import { createWebhook, endpointStub, sendOrder, waitForCalls } from "../support/webhooks.ts";

/** What ledgers and shards keep of webhooks while an endpoint can't take them, or may not. */

const COMPLETED = ["notification.completed"];

/** Only this endpoint's object is out of reach. */
function without(webhookId: string): Bindings["WEBHOOK_ENDPOINT"] {
  const getByName = (name: string) =>
    (name.endsWith(webhookId) ? unreachable() : bindings.WEBHOOK_ENDPOINT).getByName(name);
  return { getByName } as unknown as Bindings["WEBHOOK_ENDPOINT"];
}

describe("a ledger with an endpoint that is out of reach", () => {
  it("hands nothing newer to it before all that it missed, and loses nothing", async () => {
    const app = await createReadyApp();
    const cut = await createWebhook(app, COMPLETED);
    const other = await createWebhook(app, COMPLETED);
    const ledger = ledgerOf(app, await sendOrder(app, "user-0"));
    await waitForCalls(cut, 1);
    const restore = await replaceIn(ledger, { WEBHOOK_ENDPOINT: without(cut.id) });
    const ids = [await sendOrder(app, "user-1")];
    await waitForCalls(other, 2);
    // Within reach again, before the alarm: what is new waits behind what is old.
    restore();
    ids.push(await sendOrder(app, "user-2"));
    await waitForCalls(other, 3);
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(2);
    expect(await cut.inbox.calls()).toHaveLength(1);
    await wake(ledger, "webhooks");
    const calls = await waitForCalls(cut, 3);
    expect(calls.slice(1).map(({ body }) => body.data.id)).toEqual(expect.arrayContaining(ids));
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(0);
    ids.push(await sendOrder(app, "user-3"));
    expect((await waitForCalls(cut, 4)).map(({ body }) => body.data.id)).toContain(ids.at(-1));
    expect(await other.inbox.calls()).toHaveLength(4);
  });

  it("keeps what fits, drops the oldest, and tells the endpoint how many it won't get", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, COMPLETED);
    const ledger = ledgerOf(app, await sendOrder(app, "user-0"));
    await waitForCalls(webhook, 1);
    const restore = await replaceIn(ledger, { WEBHOOK_ENDPOINT: unreachable() });
    await waitUntilCompleted(app, await sendOrder(app, "user-1"));
    // As if a million others had come since.
    webhook.inbox.takeMadeUp();
    await runInDurableObject(ledger, (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO webhook_outbox (seq, id, type, body) VALUES (1000002, ?, 'notification.completed', ?)",
        crypto.randomUUID(),
        JSON.stringify({ type: "notification.completed", data: { id: "the newest" } }),
      );
    });
    await wake(ledger, "webhooks");
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(1);
    restore();
    await wake(ledger, "webhooks");
    const calls = await waitForCalls(webhook, 2);
    expect(calls[1]?.body.data.id).toBe("the newest");
    expect(await webhook.get()).toMatchObject({ droppedEvents: 1 });
  });

  it("keeps no more than so many bytes", async () => {
    const app = await createReadyApp();
    const ledger = ledgerOf(app, await sendOrder(app, "user-0"));
    const left = await runInDurableObject(ledger, async (_, { storage }) => {
      const outbox = new WebhookOutbox({
        sql: storage.sql,
        due: new DueTable(storage),
        maxBytes: 10_000,
        handOver: async () => ({ taken: new Set(), failed: ["one"], reached: [] }),
      });
      for (let index = 0; index < 200; index++) {
        outbox.addMessage("notification.completed", "x".repeat(1000));
      }
      await outbox.outbox.serve("").catch(() => {});
      return storage.sql.exec<{ seq: number }>("SELECT seq FROM webhook_outbox").toArray();
    });
    expect(left).toHaveLength(10);
    expect(left.at(-1)?.seq).toBe(200);
  });
});

describe("a disabled endpoint", () => {
  it("fills neither ledger nor its own object: what is still told to it is dropped and counted", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, COMPLETED);
    await webhook.inbox.answerWith({ status: 410 });
    await sendOrder(app, "user-0");
    await waitForCalls(webhook, 1);
    const stub = endpointStub(app, webhook);
    // The call has come before its answer is written down.
    await vi.waitFor(async () => {
      await wake(stub, "disabled");
      expect((await webhook.get()).enabled).toBe(false);
    }, PATIENTLY);
    // Its senders have a copy of the app that is older.
    const id = await sendOrder(app, "user-1");
    await waitUntilCompleted(app, id);
    await vi.waitFor(async () => expect((await webhook.get()).droppedEvents).toBe(1), PATIENTLY);
    expect(await rowsIn(ledgerOf(app, id), "webhook_outbox")).toBe(0);
    expect(await rowsIn(stub, "events")).toBe(1);
  });
});
