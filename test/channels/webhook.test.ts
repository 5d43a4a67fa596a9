import { describe, expect, inject, it } from "vitest";
import { WEBHOOK } from "../../src/channels/webhook/channel.ts";
import { writeMessage } from "../../src/channels/webhook/message.ts";
import { newNotificationId } from "../../src/model/ids.ts";
import { getRegistryStub } from "../../src/objects/registry/contract.ts";
import { createApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import {
  addAddresses,
  createWebhookApp,
  hookCounts,
  hookDelivery,
  putAddress,
} from "../support/webhook-channel.ts";
import { createInbox } from "../support/webhook-receiver/client.ts";

const FINGERPRINT = expect.stringMatching(/^[0-9a-f]{16}$/);
const pathOf = (uid: string) => `/v3/users/${encodeURIComponent(uid)}/addresses/webhook`;

describe("a webhook channel", () => {
  it("shows its secret once, and then its fingerprint", async () => {
    const app = await createApp();
    const { status, body } = await app.api("POST", "/channels", { name: "Hooks", type: "webhook" });
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const { secret, ...shown } = body;
    expect(shown).toMatchObject({
      key: "hooks",
      type: "webhook",
      secretFingerprint: FINGERPRINT,
      previousSecretUntil: null,
    });
    expect((await app.api("GET", "/channels/hooks")).body).toEqual(shown);
    const { body: log } = await app.api("GET", "/audit-log");
    expect(JSON.stringify(log)).not.toContain(secret);
    expect(log.data[0]).toMatchObject({
      action: "channel.providers_updated",
      details: { providers: { webhook: { from: null, to: body.secretFingerprint, fields: ["secret"] } } },
    });
  });

  it("takes no providers, and other channels no secret", async () => {
    const { app } = await createWebhookApp();
    const given = { name: "More hooks", type: "webhook", providers: { fcm: null } };
    expect((await app.api("POST", "/channels", given)).body.error.details).toEqual({
      providers: "only a push channel has providers",
    });
    const { status, body } = await app.api("POST", "/channels/in-app-alerts/rotate-secret");
    expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect((await app.api("POST", "/channels/none/rotate-secret")).status).toBe(404);
  });

  it("signs with both secrets while the old one's grace lasts, and with the new one alone without any", async () => {
    const account = await createWebhookApp();
    const { app, channel, inbox } = account;
    await addAddresses(account, ["mia"]);
    const rotated = await app.api("POST", "/channels/hooks/rotate-secret");
    expect(rotated.status).toBe(200);
    expect(rotated.body.secretFingerprint).not.toBe(channel.secretFingerprint);
    expect(Date.parse(rotated.body.previousSecretUntil)).toBeGreaterThan(Date.now());
    await inbox.expectSecrets(channel.secret, rotated.body.secret);
    await waitUntilCompleted(app, await sendToOne(app, "mia"));
    const { body } = await app.api("POST", "/channels/hooks/rotate-secret", { gracePeriodHours: 0 });
    expect(body.previousSecretUntil).toBeNull();
    await inbox.expectSecrets(channel.secret, rotated.body.secret, body.secret);
    await waitUntilCompleted(app, await sendToOne(app, "mia"));
    expect((await inbox.calls()).map(({ verifiedBy }) => verifiedBy)).toEqual([[0, 1], [2]]);
    const refused = await app.api("POST", "/channels/hooks/rotate-secret", { gracePeriodHours: 1000 });
    expect(Object.keys(refused.body.error.details)).toEqual(["gracePeriodHours"]);
  });

  it("asks for the secret that was rotated elsewhere, once the one it has is refused", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    await waitUntilCompleted(app, await sendToOne(app, "mia"));
    const made = await WEBHOOK.account.makeSecret?.(0, Date.now());
    if (made === undefined) throw new Error("No secret");
    // As another isolate does it: this one goes on with its copy.
    const actor = { type: "admin", key: null, keyId: null, requestId: null } as const;
    await getRegistryStub(bindings, app.id).updateChannel("hooks", { providers: [made.change] }, actor);
    await inbox.expectSecrets(made.secret);
    const id = await sendToOne(app, "mia");
    await waitUntilCompleted(app, id);
    expect(await hookCounts(app, id)).toMatchObject({ delivered: 1, failed: {} });
  });
});

describe("a delivery to a webhook address", () => {
  it("is a signed call with its content, answered before the send is", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    const id = await sendToOne(app, "mia", { pushData: { screen: "orders" } });
    const [received] = await inbox.calls();
    const { createdAt } = await app.notification(id);
    expect(received).toMatchObject({
      id: expect.stringMatching(/^msg_[\w-]{43}$/),
      verifiedBy: [0],
      body: {
        type: "notification",
        timestamp: createdAt,
        data: {
          notificationId: id,
          channelKey: "hooks",
          userId: "mia",
          content: { text: "Hello Mia", order: "A-1" },
          data: { screen: "orders" },
        },
      },
    });
    await waitUntilCompleted(app, id);
    expect(await hookCounts(app, id)).toMatchObject({ type: "webhook", total: 1, delivered: 1 });
    expect(await hookDelivery(app, id, "mia")).toMatchObject({ status: "delivered", attempts: 1 });
  });

  it("is skipped where the user has none, in batches as in realtime sends", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    const toOne = await sendToOne(app, "leo");
    const toMany = await sendToMany(app, ["mia", "leo", "ann"]);
    await waitUntilCompleted(app, toMany);
    expect(await hookCounts(app, toOne)).toMatchObject({ skipped: { no_address: 1 } });
    expect(await hookCounts(app, toMany)).toMatchObject({ delivered: 1, skipped: { no_address: 2 } });
    expect((await inbox.calls()).map(({ body }) => body.data.userId)).toEqual(["mia"]);
  });

  it("comes again under the same id, with the same body, when its receiver says so", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    await inbox.answerWith(
      { status: 429, headers: { "retry-after": "1" }, times: 1 },
      { status: 503, times: 1 },
    );
    const id = await sendToOne(app, "mia");
    await waitUntilCompleted(app, id);
    const calls = await inbox.calls();
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map((call) => call.id)).size).toBe(1);
    expect(new Set(calls.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    // A second, as the receiver asked.
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(990);
    expect(await hookDelivery(app, id, "mia")).toMatchObject({ status: "delivered", attempts: 3 });
  });

  it("ends the address where that answers 410, and the next is skipped", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    await inbox.answerWith({ status: 410, body: "moved out" });
    const id = await sendToOne(app, "mia");
    await waitUntilCompleted(app, id);
    expect(await hookDelivery(app, id, "mia")).toMatchObject({
      status: "failed",
      reason: "provider_rejected",
      message: "410: moved out",
      attempts: 1,
    });
    expect((await app.call("GET", pathOf("mia"))).status).toBe(404);
    expect(await hookCounts(app, await sendToOne(app, "mia"))).toMatchObject({ skipped: { no_address: 1 } });
  });

  it("goes to the address that its user has by the next attempt", async () => {
    const account = await createWebhookApp();
    const { app, inbox, channel } = account;
    const other = await createInbox(inject("receiverUrl"));
    await other.expectSecrets(channel.secret);
    await addAddresses(account, ["mia"]);
    await inbox.answerWith({ status: 503, headers: { "retry-after": "1" } });
    const id = await sendToOne(app, "mia");
    expect((await putAddress(app, "mia", other.url)).status).toBe(200);
    await waitUntilCompleted(app, id);
    expect([(await inbox.calls()).length, (await other.calls()).length]).toEqual([1, 1]);
    expect(await hookCounts(app, id)).toMatchObject({ delivered: 1 });
  });

  it.each([
    [{ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "there" }, "302: there"],
    [{ status: 404, body: "no such page" }, "404: no such page"],
  ])("is failed by %j, and not followed or repeated", async (rule, message) => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    await inbox.answerWith(rule);
    const id = await sendToOne(app, "mia");
    await waitUntilCompleted(app, id);
    const failed = { status: "failed", reason: "provider_rejected", message, attempts: 1 };
    expect(await hookDelivery(app, id, "mia")).toMatchObject(failed);
    expect(await inbox.calls()).toHaveLength(1);
    // A retry is the same delivery: its receiver knows it by its id.
    await inbox.answerWith();
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
    await waitUntilCompleted(app, id);
    const [first, second] = await inbox.calls();
    expect(second?.id).toBe(first?.id);
    expect(await hookCounts(app, id)).toMatchObject({ delivered: 1, failed: {} });
  });

  it("has an id of its own: of its app, notification, channel and user", () => {
    const id = newNotificationId();
    const notification = { id, priority: "high" as const, expiresAt: Date.now() + 60_000, pushData: {} };
    const dispatch = { appId: "shop", channelKey: "hooks", userId: "mia", content: "{}", notification };
    const message = writeMessage(dispatch);
    expect(writeMessage(dispatch)).toEqual(message);
    const others = [{ userId: "leo" }, { channelKey: "more" }, { appId: "other" }];
    const ids = others.map((change) => writeMessage({ ...dispatch, ...change }).id);
    expect(new Set([message.id, ...ids]).size).toBe(4);
  });
});

describe("a webhook channel's test", () => {
  it("is one call to a user's address, and says what was answered", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    expect((await app.api("POST", "/channels/hooks/test", { userId: "mia" })).status).toBe(404);
    await addAddresses(account, ["mia"]);
    const { status, body } = await app.api("POST", "/channels/hooks/test", {
      userId: "mia",
      title: "Hi",
      body: "there",
      data: { a: "b" },
    });
    expect([status, body]).toEqual([
      200,
      {
        url: inbox.url,
        outcome: "accepted",
        reason: null,
        message: null,
        retryAfterSeconds: null,
        status: 200,
        durationMs: expect.any(Number),
      },
    ]);
    const [received] = await inbox.calls();
    expect(received?.body.data).toMatchObject({ content: { title: "Hi", body: "there" }, data: { a: "b" } });
    await inbox.answerWith({ status: 503, headers: { "retry-after": "7" }, body: "later" });
    expect((await app.api("POST", "/channels/hooks/test", { userId: "mia" })).body).toMatchObject({
      outcome: "retry",
      status: 503,
      message: "503: later",
      retryAfterSeconds: 7,
    });
    const withDevice = await app.api("POST", "/channels/hooks/test", { userId: "mia", deviceId: "x" });
    expect(withDevice.body.error.details).toEqual({ deviceId: "is for push channels" });
  });
});
