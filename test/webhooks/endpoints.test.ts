import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { type bindings, callWith } from "../support/faults.ts";
import { createWebhook, receiverUrl, waitForCalls } from "../support/webhooks.ts";

const EVENTS = ["notification.accepted", "delivery.failed"];
const URL_OF_OTHERS = "https://hooks.shop.com/onecall";

function realtimeTo(uid: string): object {
  return {
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: [uid],
    mode: "realtime",
  };
}

function create(app: TestApp, body: object = {}) {
  return app.api("POST", "/webhooks", { url: URL_OF_OTHERS, events: EVENTS, ...body });
}

describe("POST {api}/webhooks", () => {
  it("makes an endpoint and shows its secret, this once", async () => {
    const app = await createApp();
    const { status, body } = await create(app, { description: "Shop" });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      url: URL_OF_OTHERS,
      description: "Shop",
      events: EVENTS,
      eventsPerCall: 1,
      enabled: true,
      waitingEvents: 0,
      droppedEvents: 0,
      secretFingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      previousSecretUntil: null,
      failingSince: null,
      disabledAt: null,
      disabledReason: null,
      createdAt: expect.any(String),
      updatedAt: body.createdAt,
      // 24 bytes.
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{32}$/),
    });
    const { secret, ...shown } = body;
    expect((await app.api("GET", `/webhooks/${body.id}`)).body).toEqual(shown);
    const list = await app.api("GET", "/webhooks");
    expect(list.body).toEqual({ data: [shown], nextCursor: null });
    expect(JSON.stringify(list.body)).not.toContain(secret.slice("whsec_".length));
    // Nor does KV have it.
    await app.copiesAreCurrent();
    expect(await env.CONFIG.get(keys.kvApp(app.id), "json")).toMatchObject({
      webhooks: [{ id: body.id, events: EVENTS }],
    });
  });

  it("names every wrong field and changes nothing", async () => {
    const app = await createApp();
    const wrong = { url: "ftp://hooks.shop.com", description: "", events: ["nonsense"], enabled: "yes" };
    const { status, body } = await create(app, wrong);
    expect(status).toBe(400);
    expect(body.error.code).toBe("ERR_BAD_REQUEST");
    expect(Object.keys(body.error.details).sort()).toEqual(["description", "enabled", "events.0", "url"]);
    expect(body.error.details["events.0"]).toContain("notification.accepted");
    for (const [field, value] of [
      ["events", []],
      ["events", undefined],
      ["events", "delivery.failed"],
      ["url", undefined],
      ["url", 7],
    ] as const) {
      const answer = await create(app, { [field]: value });
      expect([answer.status, Object.keys(answer.body.error.details)]).toEqual([400, [field]]);
    }
    expect((await app.api("GET", "/webhooks")).body.data).toEqual([]);
  });

  it.each([
    "http://hooks.shop.com/",
    "https://10.0.0.8/",
    "https://[fd00::1]/",
    "https://hooks.internal/",
    "https://hooks.shop.com:8443/",
    "https://user:password@hooks.shop.com/",
    "https://hooks.shop.com/#fragment",
    // This Worker's own.
    "https://onecall.test/hooks",
  ])("takes no URL that isn't https and public: %s", async (url) => {
    const app = await createApp();
    const { status, body } = await create(app, { url });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["url"]]);
    const { body: webhook } = await create(app);
    const changed = await app.api("PUT", `/webhooks/${webhook.id}`, { url });
    expect([changed.status, Object.keys(changed.body.error.details)]).toEqual([400, ["url"]]);
    expect((await app.api("GET", `/webhooks/${webhook.id}`)).body.url).toBe(URL_OF_OTHERS);
  });

  it("takes loopback only where the deployment allows it", async () => {
    const app = await createApp();
    const body = { url: `${receiverUrl}/nobody`, events: EVENTS };
    const refused = await callWith(
      { ALLOW_LOOPBACK: false } as Partial<typeof bindings>,
      app,
      "POST",
      "/webhooks",
      body,
    );
    expect([refused.status, Object.keys(refused.body.error.details)]).toEqual([400, ["url"]]);
    expect((await app.api("POST", "/webhooks", body)).status).toBe(201);
  });

  it("refuses an eleventh endpoint of an app", async () => {
    const app = await createApp();
    for (let count = 0; count < 10; count++) expect((await create(app)).status).toBe(201);
    const { status, body } = await create(app);
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    const first = await app.api("GET", "/webhooks?limit=7");
    const second = await app.api("GET", `/webhooks?limit=7&cursor=${first.body.nextCursor}`);
    expect([first.body.data.length, second.body.data.length, second.body.nextCursor]).toEqual([7, 3, null]);
    const ids = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
    expect(ids).toEqual(ids.toSorted().reverse());
    await app.api("DELETE", `/webhooks/${ids[0]}`);
    expect((await create(app)).status).toBe(201);
  });

  it("needs the scope manage, as every change; reads need read", async () => {
    const app = await createApp();
    const { body } = await create(app);
    const reader = await app.keyWith(["read", "send"]);
    const manager = await app.keyWith(["manage"]);
    const path = `/webhooks/${body.id}`;
    const changes = [
      ["POST", "/webhooks"],
      ["PUT", path],
      ["DELETE", path],
      ["POST", `${path}/rotate-secret`],
      ["POST", `${path}/test`],
      ["POST", `${path}/attempts/x/resend`],
    ] as const;
    for (const [method, route] of changes) expect((await reader.api(method, route, {})).status).toBe(403);
    for (const route of ["/webhooks", path, `${path}/attempts`]) {
      expect((await reader.api("GET", route)).status).toBe(200);
      expect((await manager.api("GET", route)).status).toBe(403);
    }
  });
});

describe("PUT {api}/webhooks/{id}", () => {
  it("changes what it names and leaves the rest", async () => {
    const app = await createApp();
    const { body } = await create(app, { description: "Shop" });
    const path = `/webhooks/${body.id}`;
    const off = await app.api("PUT", path, { enabled: false });
    expect(off.body).toMatchObject({ enabled: false, disabledReason: "requested", description: "Shop" });
    expect(off.body.disabledAt).not.toBeNull();
    // Nothing but `enabled: true` enables it.
    const other = await app.api("PUT", path, { description: null, events: ["delivery.viewed"] });
    expect(other.body).toEqual({
      ...off.body,
      description: null,
      events: ["delivery.viewed"],
      updatedAt: expect.any(String),
    });
    const on = await app.api("PUT", path, { enabled: true });
    expect(on.body).toMatchObject({ enabled: true, disabledAt: null, disabledReason: null });
  });

  it("names every wrong field; an unknown endpoint is 404", async () => {
    const app = await createApp();
    const { body } = await create(app);
    const wrong = await app.api("PUT", `/webhooks/${body.id}`, { url: "x", events: [], enabled: 1 });
    expect(wrong.status).toBe(400);
    expect(Object.keys(wrong.body.error.details).sort()).toEqual(["enabled", "events", "url"]);
    for (const [method, path] of [
      ["GET", "/webhooks/nope"],
      ["PUT", "/webhooks/nope"],
      ["DELETE", "/webhooks/nope"],
      ["POST", "/webhooks/nope/rotate-secret"],
      ["POST", "/webhooks/nope/test"],
      ["GET", "/webhooks/nope/attempts"],
      ["POST", "/webhooks/nope/attempts/x/resend"],
      ["POST", `/webhooks/${body.id}/attempts/x/resend`],
    ] as const) {
      const answer = await app.api(method, path, method === "PUT" ? {} : undefined);
      expect([answer.status, answer.body.error.code], path).toEqual([404, "ERR_NOT_FOUND"]);
    }
  });
});

describe("a secret that is rotated", () => {
  it("signs beside the new one until its grace period ends", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const rotated = await app.api("POST", `/webhooks/${webhook.id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    const { secret, previousSecretUntil, secretFingerprint } = rotated.body;
    expect(secret).not.toBe(webhook.secret);
    expect(Date.parse(previousSecretUntil) - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    const { secretFingerprint: shown, ...rest } = await webhook.get();
    expect(shown).toBe(secretFingerprint);
    expect(rest.secret).toBeUndefined();
    // A receiver that knows the old one, the new one, or both.
    await webhook.inbox.expectSecrets(webhook.secret, secret);
    await app.send(realtimeTo("mia"));
    const [call] = await waitForCalls(webhook, 1);
    expect(call?.verifiedBy).toEqual([0, 1]);
    expect(call?.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
  });

  it("without a grace period signs no more", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const rotated = await app.api("POST", `/webhooks/${webhook.id}/rotate-secret`, { gracePeriodHours: 0 });
    expect(rotated.body.previousSecretUntil).toBeNull();
    await webhook.inbox.expectSecrets(webhook.secret, rotated.body.secret);
    await app.send(realtimeTo("mia"));
    const [call] = await waitForCalls(webhook, 1);
    expect(call?.verifiedBy).toEqual([1]);
  });

  it("has a grace period of 0 to 168 whole hours", async () => {
    const app = await createApp();
    const { body } = await create(app);
    for (const gracePeriodHours of [-1, 169, 1.5, "24", null]) {
      const answer = await app.api("POST", `/webhooks/${body.id}/rotate-secret`, { gracePeriodHours });
      expect([answer.status, Object.keys(answer.body.error.details)]).toEqual([400, ["gracePeriodHours"]]);
    }
    const { secretFingerprint } = (await app.api("GET", `/webhooks/${body.id}`)).body;
    expect(secretFingerprint).toBe(body.secretFingerprint);
  });
});
