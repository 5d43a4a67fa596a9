import { inject, vi } from "vitest";
import { WEBHOOK_EVENTS } from "../../src/model/events.ts";
import type { Body, TestApp } from "./api.ts";
import { bindings } from "./faults.ts";
import { PATIENTLY } from "./patiently.ts";
import { checkPayload } from "./payloads.ts";
import { type Call, createInbox, type Inbox } from "./webhook-receiver/client.ts";

export const receiverUrl = inject("receiverUrl");

/** An endpoint with the inbox that it points to; the inbox verifies every call. */
export interface TestWebhook {
  id: string;
  secret: string;
  inbox: Inbox;
  /** `GET {api}/webhooks/{id}` */
  get(): Promise<Body>;
  /** Newest first. */
  attempts(): Promise<Body[]>;
}

export async function createWebhook(
  app: TestApp,
  events: readonly string[] = WEBHOOK_EVENTS,
): Promise<TestWebhook> {
  const inbox = await createInbox(receiverUrl, checkPayload);
  const { status, body } = await app.api("POST", "/webhooks", { url: inbox.url, events });
  if (status !== 201) throw new Error(`No webhook: ${JSON.stringify(body)}`);
  await inbox.expectSecrets(body.secret);
  const path = `/webhooks/${body.id}`;
  return {
    id: body.id,
    secret: body.secret,
    inbox,
    get: async () => (await app.api("GET", path)).body,
    attempts: async () => (await app.api("GET", `${path}/attempts?limit=100`)).body.data,
  };
}

/** One realtime send of the usual template; returns the notification's id. */
export async function sendOrder(app: TestApp, uid = "mia"): Promise<string> {
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: [uid],
    mode: "realtime",
  });
  return body.notificationId;
}

/** The calls of these types, once there are `count` of them. */
export async function waitForCalls(
  { inbox }: TestWebhook,
  count: number,
  ...types: string[]
): Promise<Call[]> {
  return vi.waitFor(async () => {
    const calls = (await inbox.calls()).filter(({ type }) => types.length === 0 || types.includes(type));
    if (calls.length < count) throw new Error(`${calls.length} of ${count} calls of ${types.join()}`);
    return calls;
  }, PATIENTLY);
}

/** The attempts, newest first, once there are `count` of them: a call is written down after its answer. */
export async function waitForAttempts(webhook: TestWebhook, count: number): Promise<Body[]> {
  return vi.waitFor(async () => {
    const attempts = await webhook.attempts();
    if (attempts.length < count) throw new Error(`${attempts.length} of ${count} attempts`);
    return attempts;
  }, PATIENTLY);
}

/** The deliveries that were told as failed, once there are `count` of them. */
export async function waitForFailures({ inbox }: TestWebhook, count: number): Promise<Body[]> {
  return vi.waitFor(
    async () => {
      const calls = await inbox.calls();
      const failures = calls
        .filter(({ type }) => type === "delivery.failed")
        .flatMap(({ body }) => body.data.deliveries);
      if (failures.length < count) throw new Error(`${failures.length} of ${count} failures`);
      return failures;
    },
    { timeout: 20_000, interval: 100 },
  );
}

/** The object of an endpoint. */
export function endpointStub(app: TestApp, { id }: { id: string }) {
  return bindings.WEBHOOK_ENDPOINT.getByName(`${app.id}:${id}`);
}

/** What of an endpoint's object ledgers and shards call. */
interface Endpoint {
  accept(messages: object[], revision: number, source: string, lost: number): Promise<void>;
}

/** Hands over `count` events, as a ledger of this name does that has handed over `from - 1` before. */
export function handOver(
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
  const type = "notification.completed";
  const messages = Array.from({ length: count }, (_, index) => {
    const seq = from + index;
    const body = JSON.stringify({ type, timestamp: "t", data: { seq, text } });
    return { seq, id: crypto.randomUUID(), type, body };
  });
  return endpoint.accept(messages, 1, source, 0);
}
