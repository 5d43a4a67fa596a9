import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp } from "../support/api.ts";
import { bindings, unreachable } from "../support/faults.ts";
import { ledgerOf, replaceIn, rowsIn, wake } from "../support/objects.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import {
  createWebhook,
  endpointStub,
  sendOrder,
  waitForAttempts,
  waitForCalls,
} from "../support/webhooks.ts";

/** How an endpoint's object learns of its settings, and of its end, where the registry's word to it is lost. */

const WEBHOOK_DUTIES = ["webhooks", "flush", "send"];

/** A completion, by somebody who knows this revision of the endpoint. */
function handTo(stub: unknown, revision: number): Promise<void> {
  const endpoint = stub as {
    accept(messages: object[], revision: number, source: string, lost: number): Promise<void>;
  };
  const message = { seq: 1, id: crypto.randomUUID(), type: "notification.completed", body: "{}" };
  return endpoint.accept([message], revision, crypto.randomUUID(), 0);
}

describe("a registry", () => {
  it("whose word to the endpoint is lost tells it again", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
    const restore = await replaceIn(registry, { WEBHOOK_ENDPOINT: unreachable() });
    const { body } = await app.api("POST", `/webhooks/${webhook.id}/rotate-secret`, { gracePeriodHours: 0 });
    expect(await rowsIn(registry, "webhook_calls")).toBe(1);
    restore();
    await wake(registry, ...WEBHOOK_DUTIES);
    expect(await rowsIn(registry, "webhook_calls")).toBe(0);
    await webhook.inbox.expectSecrets(body.secret);
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("succeeded");
  });

  it("is asked by an endpoint's object that was told nothing yet", async () => {
    const app = await createReadyApp();
    const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
    const restore = await replaceIn(registry, { WEBHOOK_ENDPOINT: unreachable() });
    const webhook = await createWebhook(app, ["notification.completed"]);
    restore();
    await sendOrder(app);
    expect(await waitForCalls(webhook, 1)).toHaveLength(1);
  });

  it("that can't be asked by an endpoint that lags leaves the message where it is, until it can", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.accepted"]);
    const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
    const ledger = ledgerOf(app, await sendOrder(app));
    await waitForCalls(webhook, 1);
    const restore = await replaceIn(registry, { WEBHOOK_ENDPOINT: unreachable() });
    await app.api("PUT", `/webhooks/${webhook.id}`, { events: ["notification.completed"] });
    const endpoint = endpointStub(app, webhook);
    const reconnect = await replaceIn(endpoint, { REGISTRY: unreachable() });
    const id = await sendOrder(app);
    await waitUntilCompleted(app, id);
    await wake(ledger, ...WEBHOOK_DUTIES);
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(1);
    reconnect();
    await wake(ledger, ...WEBHOOK_DUTIES);
    restore();
    const calls = await waitForCalls(webhook, 1, "notification.completed");
    expect(calls.map(({ body }) => body.data.id)).toEqual([id]);
    expect(await rowsIn(ledger, "webhook_outbox")).toBe(0);
  });

  it.each([
    ["subscribed to more", [{ events: ["notification.accepted", "notification.completed"] }]],
    ["enabled again", [{ enabled: false, events: ["notification.completed"] }, { enabled: true }]],
  ])("is asked by one that was %s and hasn't heard of it", async (_, changes) => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.accepted"]);
    const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
    for (const change of changes.slice(0, -1)) await app.api("PUT", `/webhooks/${webhook.id}`, change);
    const restore = await replaceIn(registry, { WEBHOOK_ENDPOINT: unreachable() });
    await app.api("PUT", `/webhooks/${webhook.id}`, changes.at(-1));
    restore();
    const id = await sendOrder(app);
    const [call] = await waitForCalls(webhook, 1, "notification.completed");
    expect(call?.body.data.id).toBe(id);
  });
});

describe("a deleted endpoint", () => {
  it("ignores what is still handed over to it, and keeps nothing", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    await webhook.inbox.answerWith({ status: 500 });
    await sendOrder(app);
    await waitForAttempts(webhook, 1);
    await app.api("DELETE", `/webhooks/${webhook.id}`);
    const stub = endpointStub(app, webhook);
    await handTo(stub, 1);
    // Also where the instance that knew of the deletion is gone.
    await evictDurableObject(stub);
    await handTo(stub, 1);
    const tables = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('events', 'endpoint')").toArray(),
    );
    expect(tables).toEqual([]);
    expect(await webhook.inbox.calls()).toHaveLength(1);
  });
});

it("an endpoint that wasn't told of its deletion takes nothing from who knows a newer revision", async () => {
  const app = await createReadyApp();
  const webhook = await createWebhook(app, ["notification.completed"]);
  await webhook.inbox.answerWith({ status: 500 });
  await sendOrder(app);
  await waitForAttempts(webhook, 1);
  const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
  const restore = await replaceIn(registry, { WEBHOOK_ENDPOINT: unreachable() });
  await app.api("DELETE", `/webhooks/${webhook.id}`);
  const stub = endpointStub(app, webhook);
  const before = await rowsIn(stub, "events");
  await handTo(stub, 2);
  expect(await rowsIn(stub, "events")).toBe(before);
  restore();
});
