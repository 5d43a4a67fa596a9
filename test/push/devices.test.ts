import { describe, expect, it } from "vitest";
import { API, call, createApp } from "../support/api.ts";
import { createPushApp, listDevices, pushCounts, registerDevice, sendToOne } from "../support/push.ts";

const P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const FCM = { provider: "fcm", token: "token-1" };
const APNS = { provider: "apns", token: "ab".repeat(32), topic: "com.example.shop", sandbox: true };
const WEB_PUSH = {
  provider: "webpush",
  endpoint: "https://updates.push.services.mozilla.com/wpush/v2/abc",
  keys: { p256dh: P256DH, auth: "BTBZMqHH6r4Tts7J_aSIgg" },
};

describe("POST /v3/business-messaging/api/users/{uid}/devices", () => {
  it("adds a device of each provider, and shows no keys", async () => {
    const app = await createApp();
    for (const device of [FCM, APNS, WEB_PUSH])
      expect((await registerDevice(app, "mia", device)).status).toBe(201);
    const times = { createdAt: expect.any(String), updatedAt: expect.any(String) };
    expect(await listDevices(app, "mia")).toEqual([
      { id: expect.any(String), provider: "webpush", endpoint: WEB_PUSH.endpoint, ...times },
      { id: expect.any(String), ...APNS, ...times },
      { id: expect.any(String), ...FCM, ...times },
    ]);
  });

  it("keeps one device for an address that is registered again", async () => {
    const app = await createApp();
    const first = await registerDevice(app, "mia", WEB_PUSH);
    const again = await registerDevice(app, "mia", {
      ...WEB_PUSH,
      endpoint: WEB_PUSH.endpoint.replace("https://updates", "HTTPS://Updates"),
    });
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    expect(await listDevices(app, "mia")).toHaveLength(1);
  });

  it("takes the address from the user that had it, in whatever shard, and back", async () => {
    const app = await createApp();
    // Enough users that some of them share a shard with each other or with the address.
    const uids = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    for (const uid of uids) {
      expect((await registerDevice(app, uid, FCM)).status).toBe(201);
      const owners = await Promise.all(
        uids.map(async (each) => [each, (await listDevices(app, each)).length]),
      );
      expect(owners.filter(([, count]) => count !== 0)).toEqual([[uid, 1]]);
    }
    expect((await registerDevice(app, "user-0", FCM)).status).toBe(201);
    expect(await listDevices(app, "user-11")).toEqual([]);
  });

  it("pushes what was sent to the first user no longer to the device", async () => {
    const account = await createPushApp(["fcm"]);
    const [device] = await account.project.createDevices("fcm");
    if (device === undefined) throw new Error("No device");
    await registerDevice(account.app, "ann", device);
    await registerDevice(account.app, "bob", device);
    const toAnn = await sendToOne(account.app, "ann");
    expect(await pushCounts(account.app, toAnn)).toMatchObject({ skipped: { no_device: 1 } });
    const toBob = await sendToOne(account.app, "bob");
    expect(await pushCounts(account.app, toBob)).toMatchObject({ delivered: 1 });
  });

  it("keeps the 20 that were registered last", async () => {
    const app = await createApp();
    for (let index = 0; index < 20; index++)
      await registerDevice(app, "mia", { ...FCM, token: `token-${index}` });
    // The first is renewed, so the second is the oldest now.
    await registerDevice(app, "mia", { ...FCM, token: "token-0" });
    await registerDevice(app, "mia", { ...FCM, token: "token-20" });
    const tokens = (await listDevices(app, "mia")).map(({ token }) => token);
    expect(tokens).toHaveLength(20);
    expect(tokens.slice(0, 2)).toEqual(["token-20", "token-0"]);
    expect(tokens).not.toContain("token-1");
  });

  it.each([
    [{}, ["provider"]],
    [{ provider: "sms", token: "x" }, ["provider"]],
    [{ provider: "fcm" }, ["token"]],
    [{ provider: "fcm", token: "has space" }, ["token"]],
    [{ provider: "fcm", token: "x".repeat(4097) }, ["token"]],
    [{ provider: "apns", token: "xyz", topic: "no topic!", sandbox: "yes" }, ["token", "topic", "sandbox"]],
    [{ provider: "apns", token: "ab".repeat(31) }, ["token"]],
    [{ provider: "webpush" }, ["endpoint", "keys"]],
    [{ ...WEB_PUSH, keys: { p256dh: "short", auth: 5 } }, ["keys.p256dh", "keys.auth"]],
    [{ ...WEB_PUSH, keys: { ...WEB_PUSH.keys, p256dh: `B${"A".repeat(86)}` } }, ["keys.p256dh"]],
    [{ ...WEB_PUSH, endpoint: "http://push.example.com/x" }, ["endpoint"]],
    [{ ...WEB_PUSH, endpoint: "https://10.0.0.7/x" }, ["endpoint"]],
    [{ ...WEB_PUSH, endpoint: "https://[fd00::1]/x" }, ["endpoint"]],
    [{ ...WEB_PUSH, endpoint: "https://push.example.com:8443/x" }, ["endpoint"]],
    [{ ...WEB_PUSH, endpoint: "https://onecall.test/v3/business-messaging/api/users" }, ["endpoint"]],
    [{ ...WEB_PUSH, endpoint: "https://metadata.google.internal/x", keys: null }, ["endpoint", "keys"]],
  ])("refuses %j naming %j", async (device, fields) => {
    const app = await createApp();
    const { status, body } = await registerDevice(app, "mia", device);
    expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect(Object.keys(body.error.details).sort()).toEqual([...fields].sort());
    expect(await listDevices(app, "mia")).toEqual([]);
  });

  it("refuses a user id that can't be one", async () => {
    const app = await createApp();
    const { status, body } = await registerDevice(app, "x".repeat(256), FCM);
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["uid"]]);
  });
});

describe("DELETE /v3/business-messaging/api/users/{uid}/devices/{id}", () => {
  it("removes the device; its address can be registered by anybody", async () => {
    const app = await createApp();
    const { body } = await registerDevice(app, "mia", FCM);
    expect(await app.call("DELETE", `/v3/business-messaging/api/users/mia/devices/${body.id}`)).toMatchObject(
      {
        status: 200,
        body: { id: body.id, deleted: true },
      },
    );
    expect(await listDevices(app, "mia")).toEqual([]);
    expect((await app.call("DELETE", `/v3/business-messaging/api/users/mia/devices/${body.id}`)).status).toBe(
      404,
    );
    expect((await registerDevice(app, "bob", FCM)).status).toBe(201);
  });

  it("knows no device of another user", async () => {
    const app = await createApp();
    const { body } = await registerDevice(app, "mia", FCM);
    expect((await app.call("DELETE", `/v3/business-messaging/api/users/bob/devices/${body.id}`)).status).toBe(
      404,
    );
    expect(await listDevices(app, "mia")).toHaveLength(1);
  });
});

describe("a user's own client", () => {
  it("registers, lists and deletes its devices with its token", async () => {
    const app = await createApp();
    const mia = await app.asUser("mia");
    const created = await mia("POST", "/feed/devices", FCM);
    expect([created.status, created.body.token]).toEqual([201, "token-1"]);
    expect((await mia("POST", "/feed/devices", FCM)).status).toBe(200);
    expect((await mia("GET", "/feed/devices")).body.data).toEqual(await listDevices(app, "mia"));
    expect((await mia("DELETE", `/feed/devices/${created.body.id}`)).status).toBe(200);
    expect((await mia("DELETE", `/feed/devices/${created.body.id}`)).status).toBe(404);
  });

  it("needs its token, a valid one, and a user who wasn't deleted since", async () => {
    const app = await createApp();
    const path = `${API}/feed/devices`;
    expect((await call("POST", path, { body: FCM })).status).toBe(401);
    expect((await call("POST", path, { headers: app.headers, body: FCM })).status).toBe(401);
    const mia = await app.asUser("mia");
    await app.call("DELETE", "/v3/business-messaging/api/users/mia");
    for (const method of ["POST", "GET"] as const) {
      expect((await mia(method, "/feed/devices", method === "POST" ? FCM : undefined)).status).toBe(401);
    }
    expect((await mia("DELETE", "/feed/devices/x")).status).toBe(401);
  });
});

describe("access", () => {
  it("needs the scope manage to change, read to list", async () => {
    const app = await createApp();
    const sender = await app.keyWith(["send"]);
    expect((await sender.call("POST", "/v3/business-messaging/api/users/mia/devices", FCM)).status).toBe(403);
    expect((await sender.call("GET", "/v3/business-messaging/api/users/mia/devices")).status).toBe(403);
    expect((await sender.call("DELETE", "/v3/business-messaging/api/users/mia/devices/x")).status).toBe(403);
    expect((await call("POST", "/v3/business-messaging/api/users/mia/devices", { body: FCM })).status).toBe(
      401,
    );
  });
});

describe("a deleted user", () => {
  it("has no devices, and gets none of what was on its way", async () => {
    const account = await createPushApp(["fcm"]);
    const [device] = await account.project.createDevices("fcm");
    if (device === undefined) throw new Error("No device");
    await registerDevice(account.app, "mia", device);
    expect((await account.app.call("DELETE", "/v3/business-messaging/api/users/mia")).status).toBe(200);
    expect(await listDevices(account.app, "mia")).toEqual([]);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ skipped: { no_device: 1 } });
  });
});
