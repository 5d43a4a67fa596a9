import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Body, createApp, type TestApp } from "../support/api.ts";
import { addDevices, createPushApp, providers, registerDevice, sendToOne } from "../support/push.ts";

const { credentials } = await providers.createProject();
const SECRETS = [
  credentials.fcm.private_key.slice(40, 80),
  credentials.apns.privateKey.slice(40, 80),
  credentials.webpush.privateKey,
];

async function createPushChannel(app: TestApp, given?: unknown): Promise<Body> {
  return app.api("POST", "/channels", {
    name: "Push",
    type: "push",
    ...(given === undefined ? {} : { providers: given }),
  });
}

function expectNoSecrets(body: Body): void {
  for (const secret of SECRETS) expect(JSON.stringify(body)).not.toContain(secret);
}

describe("a push channel's providers", () => {
  it("go in with the channel, and only their fingerprints come out", async () => {
    const app = await createApp();
    const { status, body } = await createPushChannel(app, credentials);
    expect(status).toBe(201);
    const fingerprint = expect.stringMatching(/^[0-9a-f]{16}$/);
    expect(body.providers).toEqual({
      fcm: { projectId: credentials.fcm.project_id, clientEmail: credentials.fcm.client_email, fingerprint },
      apns: {
        keyId: credentials.apns.keyId,
        teamId: credentials.apns.teamId,
        topic: credentials.apns.topic,
        fingerprint,
      },
      webpush: {
        publicKey: credentials.webpush.publicKey,
        subject: credentials.webpush.subject,
        fingerprint,
      },
    });
    const listed = await app.api("GET", "/channels");
    expect(listed.body.data[0].providers).toEqual(body.providers);
    for (const answer of [body, listed.body]) expectNoSecrets(answer);
    // Nor are they in what KV holds.
    await app.copiesAreCurrent();
    const { keys } = await env.CONFIG.list();
    for (const { name } of keys) expectNoSecrets(await env.CONFIG.get(name));
  });

  it("may have line ends of an environment variable, a backslash and an n, in their keys", async () => {
    const app = await createApp();
    const escaped = (text: string): string => text.replaceAll("\n", "\\n");
    const { status, body } = await createPushChannel(app, {
      fcm: { ...credentials.fcm, private_key: escaped(credentials.fcm.private_key) },
      apns: { ...credentials.apns, privateKey: escaped(credentials.apns.privateKey) },
    });
    expect(status).toBe(201);
    const plain = await createPushChannel(await createApp(), credentials);
    expect(body.providers.apns.fingerprint).toBe(plain.body.providers.apns.fingerprint);
  });

  it.each([
    "mailto:me@localhost",
    "https://localhost:3000",
    "mailto:me@app.localhost",
    "https://127.0.0.1/x",
  ])("take no subject that Apple refuses: %s", async (subject) => {
    const webpush = { ...credentials.webpush, subject };
    const { status, body } = await createPushChannel(await createApp(), { webpush });
    expect(status).toBe(400);
    expect(body.error.message).toContain("localhost");
  });

  it("come later and one by one; null removes one", async () => {
    const app = await createApp();
    expect((await createPushChannel(app)).body.providers).toEqual({ fcm: null, apns: null, webpush: null });
    const { apns, webpush } = credentials;
    await app.api("PUT", "/channels/push", { providers: { apns } });
    const both = await app.api("PUT", "/channels/push", { providers: { webpush }, name: "Renamed" });
    expect(both.body).toMatchObject({
      name: "Renamed",
      providers: { fcm: null, apns: { keyId: apns.keyId } },
    });
    const left = await app.api("PUT", "/channels/push", { providers: { apns: null } });
    expect(left.body.providers).toMatchObject({ apns: null, webpush: { publicKey: webpush.publicKey } });
    const untouched = await app.api("PUT", "/channels/push", { enabled: true });
    expect(untouched.body.providers).toEqual(left.body.providers);
  });

  it("show another fingerprint for another key", async () => {
    const app = await createApp();
    const other = (await providers.createProject()).credentials;
    const before = (await createPushChannel(app, { webpush: credentials.webpush })).body.providers.webpush;
    const { body } = await app.api("PUT", "/channels/push", { providers: { webpush: other.webpush } });
    expect(body.providers.webpush.fingerprint).not.toBe(before.fingerprint);
  });

  const fcm = credentials.fcm;
  const apns = credentials.apns;
  const webpush = credentials.webpush;
  it.each([
    ["x", ["providers"]],
    [{ fcm: "x", apns: "y", webpush: 5 }, ["providers.fcm", "providers.apns", "providers.webpush"]],
    [{ fcm: {} }, ["providers.fcm.project_id", "providers.fcm.client_email", "providers.fcm.private_key"]],
    [{ fcm: { ...fcm, private_key: "x" } }, ["providers.fcm.private_key"]],
    [{ fcm: { ...fcm, private_key: apns.privateKey } }, ["providers.fcm.private_key"]],
    [{ fcm: { ...fcm, project_id: "../other" } }, ["providers.fcm.project_id"]],
    [
      { apns: { keyId: "short", teamId: 5, privateKey: "", topic: "a b" } },
      ["providers.apns.keyId", "providers.apns.teamId", "providers.apns.privateKey", "providers.apns.topic"],
    ],
    [{ apns: { ...apns, privateKey: fcm.private_key } }, ["providers.apns.privateKey"]],
    [
      { webpush: { publicKey: "x", privateKey: "y", subject: "tel:1" } },
      ["providers.webpush.publicKey", "providers.webpush.privateKey", "providers.webpush.subject"],
    ],
    [{ webpush: { ...webpush, privateKey: "A".repeat(43) } }, ["providers.webpush.privateKey"]],
  ])("are refused where they are wrong (%#), and each wrong field is named", async (given, fields) => {
    const app = await createApp();
    const created = await createPushChannel(app, given);
    expect([created.status, Object.keys(created.body.error.details)]).toEqual([400, fields]);
    expectNoSecrets(created.body);
    expect((await app.api("GET", "/channels")).body.data).toEqual([]);
    await createPushChannel(app);
    const changed = await app.api("PUT", "/channels/push", { providers: given });
    expect([changed.status, Object.keys(changed.body.error.details)]).toEqual([400, fields]);
    expect((await app.api("GET", "/channels/push")).body.providers).toEqual({
      fcm: null,
      apns: null,
      webpush: null,
    });
  });

  it("are refused with a private key that belongs to another public key", async () => {
    const app = await createApp();
    const other = (await providers.createProject()).credentials;
    const mixed = { ...webpush, privateKey: other.webpush.privateKey };
    const { status, body } = await createPushChannel(app, { webpush: mixed });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["providers.webpush.privateKey"]]);
  });

  it("that are missing fields are told what is right for each", async () => {
    const app = await createApp();
    const { body } = await createPushChannel(app, { apns: {} });
    for (const message of Object.values(body.error.details))
      expect(message).toMatch(/^is required and must /);
    expect(Object.keys(body.error.details)).toHaveLength(4);
  });

  it("are for push channels only", async () => {
    const app = await createApp();
    const { status, body } = await app.api("POST", "/channels", {
      name: "In-app",
      type: "in_app",
      providers: { fcm },
    });
    expect([status, body.error.details]).toEqual([400, { providers: "only a push channel has providers" }]);
    expect((await app.api("POST", "/channels", { name: "In-app", type: "in_app" })).body).not.toHaveProperty(
      "providers",
    );
  });
});

describe("POST {api}/channels/{key}/test", () => {
  it.each(["fcm", "apns", "webpush"] as const)(
    "sends to one device of %s and shows what was said",
    async (provider) => {
      const account = await createPushApp();
      await addDevices(account, "mia", provider, 2);
      const { status, body } = await account.app.api("POST", "/channels/mobile-push/test", {
        userId: "mia",
        title: "Try",
        body: "this",
        data: { a: "b" },
      });
      expect(status).toBe(200);
      expect(body).toEqual({
        deviceId: expect.any(String),
        provider,
        outcome: "accepted",
        reason: null,
        message: null,
        retryAfterSeconds: null,
        status: provider === "webpush" ? 201 : 200,
        durationMs: expect.any(Number),
      });
      const { received } = await account.project.received();
      expect(received).toHaveLength(1);
      expect(JSON.stringify(received[0]?.payload)).toContain("Try");
      // Nothing is counted and nothing is kept.
      expect((await account.app.api("GET", "/notifications")).body.data).toEqual([]);
    },
  );

  it("shows an answer that asks for patience, and one that calls the device gone", async () => {
    const account = await createPushApp();
    const [first, second] = await addDevices(account, "mia", "fcm", 2);
    if (first === undefined || second === undefined) throw new Error("No device");
    const devices = (await account.app.call("GET", "/v3/business-messaging/api/users/mia/devices")).body.data;
    const idOf = (token: string) => devices.find((device: Body) => device.token === token).id;
    await account.project.setFaults([{ provider: "fcm", device: first.token, status: 429, retryAfter: "7" }]);
    const later = await account.app.api("POST", "/channels/mobile-push/test", {
      userId: "mia",
      deviceId: idOf(first.token),
    });
    expect(later.body).toMatchObject({ outcome: "retry", status: 429, retryAfterSeconds: 7 });
    await account.project.markGone(second);
    const gone = await account.app.api("POST", "/channels/mobile-push/test", {
      userId: "mia",
      deviceId: idOf(second.token),
    });
    expect(gone.body).toMatchObject({ outcome: "gone", status: 404 });
    expect(gone.body.message).toContain("UNREGISTERED");
    expect(
      (await account.app.call("GET", "/v3/business-messaging/api/users/mia/devices")).body.data,
    ).toHaveLength(1);
  });

  it("refuses what it can't send to", async () => {
    const account = await createPushApp(["apns"]);
    const test = (path: string, body: object) => account.app.api("POST", `/channels/${path}/test`, body);
    expect((await test("nothing", { userId: "mia" })).status).toBe(404);
    expect((await test("mobile-push", { userId: "mia" })).status).toBe(404);
    await registerDevice(account.app, "mia", { provider: "fcm", token: "x" });
    expect((await test("mobile-push", { userId: "mia", deviceId: "other" })).status).toBe(404);
    const unconfigured = await test("mobile-push", { userId: "mia" });
    expect([unconfigured.status, Object.keys(unconfigured.body.error.details)]).toEqual([400, ["deviceId"]]);
    expect((await test("in-app-alerts", { userId: "mia" })).status).toBe(400);
    const wrong = await test("mobile-push", { userId: "", title: 5, body: "", data: { a: {} } });
    expect([wrong.status, Object.keys(wrong.body.error.details)]).toEqual([
      400,
      ["userId", "title", "body", "data.a"],
    ]);
    const reader = await account.app.keyWith(["read"]);
    expect((await reader.api("POST", "/channels/mobile-push/test", { userId: "mia" })).status).toBe(403);
  });
});

describe("a channel whose key was changed", () => {
  it("uses the new one from its next push", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm");
    await sendToOne(account.app, "mia");
    const wrong = { ...account.project.credentials.fcm, client_email: "x@y.iam.gserviceaccount.com" };
    await account.app.api("PUT", "/channels/mobile-push", { providers: { fcm: wrong } });
    const refused = await sendToOne(account.app, "mia");
    expect((await account.app.notification(refused)).counts["mobile-push"].failed).toEqual({
      provider_rejected: 1,
    });
    await account.app.api("PUT", "/channels/mobile-push", {
      providers: { fcm: account.project.credentials.fcm },
    });
    const accepted = await sendToOne(account.app, "mia");
    expect((await account.app.notification(accepted)).counts["mobile-push"].delivered).toBe(1);
  });
});
