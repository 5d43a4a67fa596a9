import { describe, expect, it } from "vitest";
import { eventsOf, verifyWebhook, WebhookError, type WebhookFault } from "../../src/client/webhooks.ts";
import { makeSecret, signatureHeaders } from "../../src/model/webhook-secrets.ts";
import { createReadyApp } from "../support/api.ts";
import { clientOf } from "../support/client.ts";
import { createWebhook, waitForCalls } from "../support/webhooks.ts";

const NOW = Date.parse("2026-11-26T10:00:00Z");
const BODY = JSON.stringify({
  type: "webhook.test",
  timestamp: "2026-11-26T10:00:00.000Z",
  data: { webhookId: "é" },
});

/** A call as the service signs it, with one secret or several. */
async function signed(secrets: readonly string[], at = NOW) {
  const valid = secrets.map((secret) => ({ secret, until: null }));
  return signatureHeaders(valid, { id: "msg_1", body: BODY }, at);
}

async function faultOf(verifying: Promise<unknown>): Promise<WebhookFault | null> {
  return verifying.then(
    () => null,
    (error) => (error instanceof WebhookError ? error.code : null),
  );
}

describe("verifyWebhook", () => {
  it("reads a call that the service signed: text or bytes, Headers or an object", async () => {
    const { secret } = await makeSecret();
    const headers = await signed([secret]);
    const call = { id: "msg_1", ...JSON.parse(BODY) };
    const bytes = new TextEncoder().encode(BODY);
    expect(await verifyWebhook(BODY, headers, secret, { now: NOW })).toEqual(call);
    expect(await verifyWebhook(bytes, new Headers(headers), secret, { now: NOW })).toEqual(call);
    expect(await verifyWebhook(bytes.slice().buffer, headers, secret, { now: NOW })).toEqual(call);
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
    );
    expect(await verifyWebhook(BODY, upper, secret, { now: NOW })).toEqual(call);
  });

  it("takes either secret while one is rotated, on both sides", async () => {
    const [old, next, other] = await Promise.all([makeSecret(), makeSecret(), makeSecret()]);
    const both = await signed([old.secret, next.secret]);
    expect(await faultOf(verifyWebhook(BODY, both, old.secret, { now: NOW }))).toBeNull();
    expect(await faultOf(verifyWebhook(BODY, both, next.secret, { now: NOW }))).toBeNull();
    expect(await faultOf(verifyWebhook(BODY, both, other.secret, { now: NOW }))).toBe("wrong_signature");
    const one = await signed([next.secret]);
    expect(await faultOf(verifyWebhook(BODY, one, [old.secret, next.secret], { now: NOW }))).toBeNull();
  });

  it("refuses what isn't the service's call of now", async () => {
    const { secret } = await makeSecret();
    const headers = await signed([secret]);
    const faults = async (body: string, changed: object, options = {}) =>
      faultOf(verifyWebhook(body, { ...headers, ...changed }, secret, { now: NOW, ...options }));
    expect(await faults(BODY, {})).toBeNull();
    expect(await faults(`${BODY} `, {})).toBe("wrong_signature");
    expect(await faults(BODY, { "webhook-id": "msg_2" })).toBe("wrong_signature");
    expect(await faults(BODY, { "webhook-timestamp": String(NOW / 1000 + 1) })).toBe("wrong_signature");
    expect(await faults(BODY, { "webhook-signature": "v1,not base64!" })).toBe("wrong_signature");
    expect(
      await faults(BODY, { "webhook-signature": headers["webhook-signature"]?.replace("v1,", "v2,") }),
    ).toBe("wrong_signature");
    expect(await faults(BODY, { "webhook-signature": undefined })).toBe("missing_headers");
    expect(await faults(BODY, { "webhook-timestamp": "soon" })).toBe("missing_headers");
    expect(await faults(BODY, {}, { now: NOW + 301_000 })).toBe("too_old");
    expect(await faults(BODY, {}, { now: NOW - 301_000 })).toBe("too_new");
    expect(await faults(BODY, {}, { now: NOW + 301_000, toleranceSeconds: 600 })).toBeNull();
  });

  it.each(["", "whsec_", "whsec_!!", "secret"])("says that %j isn't a secret", async (secret) => {
    const headers = await signed([(await makeSecret()).secret]);
    expect(await faultOf(verifyWebhook(BODY, headers, secret, { now: NOW }))).toBe("invalid_secret");
  });

  it("refuses a signed body that isn't a call", async () => {
    const { secret } = await makeSecret();
    const headers = signatureHeaders([{ secret, until: null }], { id: "msg_1", body: "[]" }, NOW);
    expect(await faultOf(verifyWebhook("[]", headers, secret, { now: NOW }))).toBe("invalid_body");
  });

  it("reads what an endpoint really gets, typed by its event", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const variables = { customerName: "Jane", orderId: "A-1" };
    const sent = await clientOf(app).notifications.send("order-confirmation", variables, { to: "jane" });
    const [got] = await waitForCalls(webhook, 1, "notification.completed");
    if (got === undefined) throw new Error("No call");
    const call = await verifyWebhook(JSON.stringify(got.body), got.headers, webhook.secret);
    expect(call.id).toBe(got.id);
    const [event] = eventsOf(call);
    if (event?.type !== "notification.completed") throw new Error(`A call of another type: ${event?.type}`);
    expect(event.data).toMatchObject({ id: sent.notificationId, total: 1, state: "completed" });
  });
});

describe("eventsOf", () => {
  it("is one event of a call, or all of a batch; a delivery in a webhook channel is none", () => {
    const event = {
      id: "1",
      type: "webhook.test",
      timestamp: "2026-11-26T10:00:00.000Z",
      data: { webhookId: "w" },
    } as const;
    const { timestamp } = event;
    expect(eventsOf(event)).toEqual([event]);
    expect(eventsOf({ id: "2", type: "webhook.batch", timestamp, data: { events: [event, event] } })).toEqual(
      [event, event],
    );
    const data = { notificationId: "n", channelKey: "c", userId: "u", content: {}, data: {} };
    expect(eventsOf({ id: "3", type: "notification", timestamp, data })).toEqual([]);
  });
});
