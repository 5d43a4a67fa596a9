import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { after, before, describe, test } from "node:test";
import ece from "http_ece";
import { importJWK, jwtVerify } from "jose";
import * as sendbird from "sendbird-platform-sdk-typescript";
import * as standard from "standardwebhooks";
import * as svix from "svix";
import webPush from "web-push";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { type KeepingServer, startKeepingServer } from "./keeping-server.ts";

/** Libraries from npm, unmodified, used as their own documentation says. */

const API = "/v3/business-messaging/api";

let worker: TestWorker;
let app: { id: string; apiKey: string };
let keeping: KeepingServer;

before(async () => {
  [worker, keeping] = await Promise.all([startTestWorker(), startKeepingServer()]);
  const authorization = `Bearer ${worker.adminToken}`;
  app = await call("POST", "/admin/apps", { authorization }, { name: "Libraries" });
});

after(async () => {
  await worker?.stop();
  await keeping?.stop();
});

describe("web-push", () => {
  test("makes the VAPID keys, and a subscription's own keys read what arrives", async () => {
    const { publicKey, privateKey } = webPush.generateVAPIDKeys();
    const subject = "mailto:push@example.com";
    const webpush = { publicKey, privateKey, subject };
    await manage("POST", "/channels", { name: "Browsers", type: "push", providers: { webpush } });
    // What a browser's pushManager.subscribe() keeps and gives.
    const browser = createECDH("prime256v1");
    const p256dh = browser.generateKeys("base64url");
    const auth = randomBytes(16).toString("base64url");
    const subscription = { endpoint: `${keeping.url}/push`, keys: { p256dh, auth } };
    await manage("POST", "/users/jane/devices", { provider: "webpush", ...subscription });

    const push = { userId: "jane", title: "Hello", body: "Jane" };
    const { outcome } = await manage("POST", "/channels/browsers/test", push);
    assert.equal(outcome, "accepted");
    const { headers, body } = await keeping.first("/push");
    const read = ece.decrypt(body, { version: "aes128gcm", privateKey: browser, authSecret: auth });
    const { title, body: text } = JSON.parse(read.toString());
    assert.deepEqual([title, text], ["Hello", "Jane"]);

    // The same headers as the library's own for this subscription, and a token that its public key verifies.
    const own = webPush.generateRequestDetails(subscription, "x", { vapidDetails: webpush });
    for (const name of ["Content-Encoding", "Content-Type"]) {
      assert.equal(headers[name.toLowerCase()], own.headers[name]);
    }
    const [, token = "", key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(headers.authorization ?? "") ?? [];
    assert.equal(key, publicKey);
    const point = Buffer.from(publicKey, "base64url");
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
    const { payload } = await jwtVerify(token, await importJWK({ kty: "EC", crv: "P-256", x, y }, "ES256"));
    assert.deepEqual([payload.aud, payload.sub], [keeping.url, subject]);
  });
});

describe("the webhook libraries", () => {
  test("svix and standardwebhooks verify a call, and refuse it changed", async () => {
    const { id, secret } = await manage("POST", "/webhooks", {
      url: `${keeping.url}/hook`,
      events: ["notification.completed"],
    });
    const [kept] = await Promise.all([keeping.first("/hook"), manage("POST", `/webhooks/${id}/test`, {})]);
    const body = kept.body.toString();
    assert.deepEqual(new standard.Webhook(secret).verify(body, textHeaders(kept.headers)), JSON.parse(body));
    for (const { Webhook } of [svix, standard]) {
      new Webhook(secret).verify(body, textHeaders(kept.headers));
      const changed = body.replace("{", "{ ");
      assert.throws(() => new Webhook(secret).verify(changed, textHeaders(kept.headers)), /signature/i);
    }
  });

  test("they verify with the old secret and the new one while a secret is rotated", async () => {
    const created = await manage("POST", "/webhooks", {
      url: `${keeping.url}/rotated`,
      events: ["notification.completed"],
    });
    const rotated = await manage("POST", `/webhooks/${created.id}/rotate-secret`, {});
    assert.notEqual(rotated.secret, created.secret);
    const [kept] = await Promise.all([
      keeping.first("/rotated"),
      manage("POST", `/webhooks/${created.id}/test`, {}),
    ]);
    for (const secret of [created.secret, rotated.secret]) {
      for (const { Webhook } of [svix, standard]) {
        new Webhook(secret).verify(kept.body.toString(), textHeaders(kept.headers));
      }
    }
  });
});

describe("Sendbird's SDK", () => {
  const userApi = () =>
    new sendbird.UserApi(
      sendbird.createConfiguration({ baseServer: new sendbird.ServerConfiguration(worker.url, {}) }),
    );

  test("creates, reads, lists, changes and deletes a user", async () => {
    const users = userApi();
    const created = await users.createUser(app.apiKey, {
      userId: "bob_smith",
      nickname: "Bob",
      profileUrl: "https://example.com/bob.png",
      issueAccessToken: true,
      metadata: { city: "Rome" },
    });
    assert.deepEqual([created.userId, created.nickname, created.isActive], ["bob_smith", "Bob", true]);
    // It opens the user's feed: the token is Onecall's own.
    const headers = { authorization: `Bearer ${created.accessToken}` };
    assert.deepEqual((await call("GET", `${API}/feed`, headers)).data, []);

    const listed = await users.listUsers(app.apiKey, "", 10);
    assert.deepEqual(
      listed.users?.map(({ userId }) => userId),
      ["bob_smith"],
    );
    const changed = await users.updateUserById(app.apiKey, "bob_smith", {
      userId: "bob_smith",
      nickname: "Robert",
      profileUrl: "",
    });
    assert.equal(changed.nickname, "Robert");
    const seen = await users.viewUserById(app.apiKey, "bob_smith");
    assert.deepEqual([seen.nickname, seen.metadata], ["Robert", { city: "Rome" }]);

    await users.deleteUserById(app.apiKey, "bob_smith");
    await assert.rejects(users.viewUserById(app.apiKey, "bob_smith"), isVendorError(400201));
  });

  test("is told of a taken user id and a wrong token by the vendor's codes", async () => {
    const users = userApi();
    const data = { userId: "ann", nickname: "Ann", profileUrl: "" };
    await users.createUser(app.apiKey, data);
    await assert.rejects(users.createUser(app.apiKey, data), isVendorError(400202));
    await assert.rejects(users.createUser(`${app.apiKey}x`, data), isVendorError(400401));
  });

  test("issues a token and registers a device", async () => {
    const users = userApi();
    await users.createUser(app.apiKey, { userId: "eve", nickname: "Eve", profileUrl: "" });
    const expiresAt = Date.now() + 86_400_000;
    const issued = await users.createUserToken(app.apiKey, "eve", { expiresAt });
    assert.ok(issued.token);

    const gcmRegToken = `${"e".repeat(22)}:APA91b${"e".repeat(134)}`;
    // The SDK's type asks for all three; its documentation, for the one of the type.
    const data = { gcmRegToken } as sendbird.AddRegistrationOrDeviceTokenData;
    const added = await users.addRegistrationOrDeviceToken(app.apiKey, "eve", "gcm", data);
    assert.equal(added.token, gcmRegToken);
    const listed = await users.listRegistrationOrDeviceTokens(app.apiKey, "eve", "gcm");
    assert.deepEqual([listed.type, listed.tokens], ["gcm", [gcmRegToken]]);
    await users.removeRegistrationOrDeviceTokenByToken(app.apiKey, "eve", "gcm", gcmRegToken);
    assert.deepEqual((await manage("GET", "/users/eve/devices")).data, []);
  });
});

/** The SDK throws what isn't 2xx with its body as text; its class is lost where it was compiled to. */
function isVendorError(code: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Error && "body" in error);
    const { error: failed, code: told } = JSON.parse(String(error.body));
    assert.deepEqual([failed, told], [true, code]);
    return true;
  };
}

function textHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function manage(method: string, path: string, body?: object) {
  return call(method, API + path, { appid: app.id, apikey: app.apiKey }, body);
}

async function call(method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(worker.url + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${answer}`);
  return JSON.parse(answer);
}
