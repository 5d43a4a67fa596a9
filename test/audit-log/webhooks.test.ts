import { beforeEach, describe, expect, it } from "vitest";
import { callAsAdmin, createApp, type TestApp } from "../support/api.ts";
import { changesOf, readAuditLog } from "../support/audit-log.ts";
import { createWebhook, receiverUrl } from "../support/webhooks.ts";

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
});

describe("the audit log of webhooks", () => {
  const webhook = (id: string) => ({ type: "webhook", id });
  const { host } = new URL(receiverUrl);

  it("says who made, changed, rotated and deleted one, by its host and its secret's fingerprint", async () => {
    const events = ["notification.completed"];
    const { id, secret, inbox, get } = await createWebhook(app, events);
    const { secretFingerprint: first } = await get();
    await app.api("PUT", `/webhooks/${id}`, { url: `${inbox.url}?token=hidden`, enabled: false });
    const url = receiverUrl.replace("127.0.0.1", "localhost");
    await app.api("PUT", `/webhooks/${id}`, { url, description: "Private", events: ["delivery.failed"] });
    const { body: rotated } = await app.api(
      "POST",
      `/webhooks/${id}/rotate-secret`,
      {},
      { "x-request-id": "the-rotation" },
    );
    await app.api("DELETE", `/webhooks/${id}`);
    const target = webhook(id);
    const other = new URL(url).host;
    expect(await changesOf(app)).toEqual([
      {
        action: "webhook.created",
        target,
        details: { host, events, eventsPerCall: 1, enabled: true, secretFingerprint: first },
      },
      {
        action: "webhook.updated",
        target,
        details: { host, fields: ["url", "enabled"], changes: { enabled: { from: true, to: false } } },
      },
      {
        action: "webhook.updated",
        target,
        details: {
          host: other,
          fields: ["url", "description", "events"],
          changes: { host: { from: host, to: other }, events: { from: events, to: ["delivery.failed"] } },
        },
      },
      {
        action: "webhook.secret_rotated",
        target,
        details: {
          host: other,
          changes: { secretFingerprint: { from: first, to: rotated.secretFingerprint } },
          previousSecretUntil: rotated.previousSecretUntil,
        },
      },
      { action: "webhook.deleted", target, details: { host: other } },
    ]);
    const lines = await readAuditLog(app, { targetType: "webhook", targetId: id });
    const [key] = (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;
    for (const { actor } of lines) {
      expect(actor).toEqual({ type: "api_key", key: key.key, keyId: key.id });
    }
    expect(lines[1].requestId).toBe("the-rotation");
    const text = JSON.stringify(lines);
    for (const hidden of [secret, rotated.secret, "hidden", "Private", new URL(inbox.url).pathname]) {
      expect(text).not.toContain(hidden);
    }
  });

  it("has no line for a change that changed nothing or was refused", async () => {
    const { id, get } = await createWebhook(app);
    const { url, events } = await get();
    const before = await readAuditLog(app);
    await app.api("PUT", `/webhooks/${id}`, { url, events, enabled: true });
    expect((await app.api("PUT", `/webhooks/${id}`, { events: [] })).status).toBe(400);
    expect((await app.api("DELETE", "/webhooks/none")).status).toBe(404);
    expect((await app.api("POST", "/webhooks", { url, events: ["none"] })).status).toBe(400);
    expect(await readAuditLog(app)).toEqual(before);
  });
});
