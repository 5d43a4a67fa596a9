import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Device, type FakeProject, FakeProviders, type FaultRule } from "../support/providers/client.ts";
import {
  type Answered,
  apnsJwt,
  apnsRequest,
  type Claims,
  fcmRequest,
  now,
  requestToken,
  type Sent,
  send,
  type TokenRequest,
  vapidHeader,
  webPushRequest,
} from "../support/providers/requests.ts";
import { startFakeProviders } from "../support/providers/server.ts";

const HOUR = 3600;
let server: Awaited<ReturnType<typeof startFakeProviders>>;
let providers: FakeProviders;

before(async () => {
  server = await startFakeProviders();
  providers = new FakeProviders(server.url);
});
after(() => server.stop());

describe("OAuth", () => {
  const cases: [name: string, change: (input: TokenRequest) => void, error: string, description: RegExp][] = [
    ["another grant type", (t) => (t.grantType = "password"), "unsupported_grant_type", /password/],
    ["a body that isn't a form", (t) => (t.contentType = "application/json"), "invalid_request", /form/],
    [
      "an unknown account",
      (t) => (t.claims.iss = "nobody@example.com"),
      "invalid_grant",
      /account not found/,
    ],
    ["text instead of a JWT", (t) => (t.assertion = "x.y.z"), "invalid_grant", /account not found/],
    ["a wrong signature", (t) => (t.spoilSignature = true), "invalid_grant", /Signature/],
    ["another audience", (t) => (t.claims.aud = "https://example.com"), "invalid_grant", /audience/],
    ["another scope", (t) => (t.claims.scope = "https://example.com"), "invalid_scope", /scope/],
    ["a lifetime over an hour", (t) => (t.claims.exp = now() + HOUR + 9), "invalid_grant", /60 minutes/],
    ["an assertion that has expired", (t) => (t.claims.exp = now() - 1), "invalid_grant", /60 minutes/],
    ["an iat in the future", (t) => (t.claims.iat = now() + 90), "invalid_grant", /60 minutes/],
    ["no iat", (t) => (t.claims.iat = undefined), "invalid_grant", /60 minutes/],
  ];

  it("gives an access token for a signed assertion", async () => {
    const project = await providers.createProject();
    const answer = await requestToken(project);
    assert.equal(answer.status, 200);
    const token = JSON.parse(answer.text);
    assert.equal(token.expires_in, 3600);
    assert.equal(token.token_type, "Bearer");
    assert.deepEqual((await project.summary()).oauth, { requests: 1, issued: 1 });
  });

  for (const [name, change, error, description] of cases) {
    it(`refuses ${name}`, async () => {
      const project = await providers.createProject();
      const answer = await requestToken(project, change);
      assert.equal(answer.status, 400);
      assert.equal(JSON.parse(answer.text).error, error);
      assert.match(JSON.parse(answer.text).error_description, description);
      assert.equal((await project.summary()).oauth.issued, 0);
    });
  }

  it("knows one path and one method", async () => {
    assert.equal((await send({ url: `${server.url}/oauth/tokens`, headers: {}, body: "" })).status, 404);
    assert.equal((await send({ url: `${server.url}/oauth/token`, headers: {}, method: "PUT" })).status, 405);
  });

  it("fails by a fault, and shows what it refused beside the pushes", async () => {
    const project = await providers.createProject();
    await project.setFaults([{ provider: "oauth", status: 503, body: { error: "busy" }, times: 1 }]);
    const answer = await requestToken(project);
    assert.deepEqual([answer.status, answer.text], [503, '{"error":"busy"}']);
    await project.setFaults([{ provider: "oauth", drop: true }]);
    await assert.rejects(requestToken(project), /fetch failed/);
    await requestToken(project, (token) => (token.claims.aud = "https://example.com"));
    const { rejected } = await project.received();
    assert.deepEqual(rejected, [
      {
        provider: "oauth",
        device: null,
        status: 400,
        reason: "invalid_grant: Invalid JWT: Failed audience check.",
      },
    ]);
    assert.deepEqual((await project.summary()).oauth, { requests: 3, issued: 0 });
  });

  it("lets a fault shorten the life of its tokens", async () => {
    const project = await providers.createProject();
    await project.setFaults([{ provider: "oauth", body: { expires_in: 0 } }]);
    const { access_token, expires_in } = JSON.parse((await requestToken(project)).text);
    assert.equal(expires_in, 0);
    const [device] = await project.createDevices("fcm");
    assert.equal((await send(fcmRequest(project, access_token, device))).status, 401);
  });
});

describe("FCM", () => {
  const LIGHT = { color: { red: 1 }, light_on_duration: "1s", light_off_duration: "1.5s" };
  let project: FakeProject;
  let access: string;
  let device: Device<"fcm"> | undefined;
  let foreign: Device<"fcm"> | undefined;

  before(async () => {
    project = await providers.createProject();
    access = JSON.parse((await requestToken(project)).text).access_token;
    [device] = await project.createDevices("fcm");
    [foreign] = await (await providers.createProject()).createDevices("fcm");
  });

  it("takes a whole message and says where it went", async () => {
    await project.clear();
    const answer = await send(fcmRequest(project, access, device, FULL_MESSAGE));
    assert.equal(answer.status, 200, answer.text);
    assert.match(JSON.parse(answer.text).name, new RegExp(`^projects/${project.id}/messages/\\d+$`));
    const { received, rejected } = await project.received("fcm");
    assert.equal(received[0]?.device, device?.token);
    assert.equal(received[0]?.key, "n-1");
    assert.equal(received[0]?.headers.authorization, `Bearer ${access}`);
    assert.deepEqual(received[0]?.payload, { ...FULL_MESSAGE, token: device?.token });
    assert.deepEqual(rejected, []);
  });

  type WrongMessage = [name: string, message: object, description: RegExp];
  const wrongMessages: WrongMessage[] = [
    ["an unknown field", { priority: "high" }, /Unknown name "priority" at 'message'/],
    ...[
      { notification: { x: 1 } },
      { android: { x: 1 } },
      { android: { notification: { x: 1 } } },
      { android: { fcm_options: { x: 1 } } },
      { android: { notification: { light_settings: { ...LIGHT, x: 1 } } } },
      { android: { notification: { light_settings: { ...LIGHT, color: { x: 1 } } } } },
      { webpush: { x: 1 } },
      { webpush: { fcm_options: { x: 1 } } },
      { apns: { x: 1 } },
      { apns: { fcm_options: { x: 1 } } },
      { fcm_options: { x: 1 } },
    ].map(
      (message): WrongMessage => [
        `an unknown field in ${JSON.stringify(message)}`,
        message,
        /Unknown name "x"/,
      ],
    ),
    ["numbers as data", { data: { count: 1 } }, /message\.data\.count/],
    ["the data key from", { data: { from: "x" } }, /Invalid data payload key/],
    ["a data key of google.", { android: { data: { "google.x": "x" } } }, /Invalid data payload key/],
    ["a data key of gcm", { data: { gcm_x: "x" } }, /Invalid data payload key/],
    ["a ttl without unit", { android: { ttl: "60" } }, /android\.ttl/],
    ["a ttl over four weeks", { android: { ttl: "2419201s" } }, /Invalid TTL/],
    ["another priority", { android: { priority: "urgent" } }, /android\.priority/],
    ["an apns header that isn't text", { apns: { headers: { "apns-priority": 5 } } }, /apns\.headers/],
    ["a second target", { topic: "news" }, /target/],
    ["no target", { token: undefined }, /Recipient of the message is not set/],
    ["a malformed token", { token: "abc" }, /not a valid FCM registration token/],
    ["4,097 bytes", { notification: { title: "x".repeat(4097 - 12) } }, /Message too big/],
  ];
  for (const [name, message, description] of wrongMessages) {
    it(`refuses ${name}`, async () => {
      const answer = await send(fcmRequest(project, access, device, message));
      assertFcmError(answer, 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
      assert.match(JSON.parse(answer.text).error.message, description);
    });
  }

  it("takes exactly 4,096 bytes", async () => {
    const message = { notification: { title: "x".repeat(4096 - 12) } };
    assert.equal((await send(fcmRequest(project, access, device, message))).status, 200);
  });

  it("refuses an access token that is missing, unknown or another project's", async () => {
    const other = JSON.parse((await requestToken(await providers.createProject())).text).access_token;
    for (const token of ["", "ya29.unknown", other]) {
      const answer = await send(fcmRequest(project, token, device));
      assert.equal(answer.status, 401);
      assert.equal(JSON.parse(answer.text).error.status, "UNAUTHENTICATED");
    }
  });

  it("refuses a body that isn't JSON or doesn't say so", async () => {
    const request = fcmRequest(project, access, device);
    for (const wrong of [{ body: "{" }, { headers: { ...request.headers, "content-type": "text/plain" } }]) {
      assertFcmError(await send({ ...request, ...wrong }), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
    }
  });

  it("takes ttl up to four weeks, and no field beside the message", async () => {
    const message = { android: { ttl: "2419200s", notification: { light_settings: LIGHT } } };
    const request = fcmRequest(project, access, device, message);
    assert.equal((await send(request)).status, 200);
    const body = String(request.body).replace("{", '{"dry_run":true,');
    assertFcmError(await send({ ...request, body }), 400, "INVALID_ARGUMENT", "INVALID_ARGUMENT");
  });

  it("knows one path and one method", async () => {
    const request = fcmRequest(project, access, device);
    assert.equal((await send({ ...request, method: "PUT" })).status, 405);
    assert.equal((await send({ ...request, url: request.url.replace("/v1/", "/v2/") })).status, 404);
  });

  it("tells tokens of another sender from unregistered ones", async () => {
    const mismatch = await send(fcmRequest(project, access, foreign));
    assertFcmError(mismatch, 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH");
    const token = `${"a".repeat(22)}:APA91b${"b".repeat(134)}`;
    const unknown = await send(fcmRequest(project, access, { provider: "fcm", token }));
    assertFcmError(unknown, 404, "NOT_FOUND", "UNREGISTERED");
  });

  it("answers for a gone device as for an unregistered one, and counts it as no mistake", async () => {
    const [gone] = await project.createDevices("fcm");
    assert.ok(gone);
    await project.markGone(gone);
    await project.clear();
    assertFcmError(await send(fcmRequest(project, access, gone)), 404, "NOT_FOUND", "UNREGISTERED");
    const { fcm } = await project.summary();
    assert.deepEqual([fcm.requests, fcm.faulted, fcm.accepted, fcm.rejected], [1, 1, 0, 0]);
  });
});

describe("APNs", () => {
  let project: FakeProject;
  let jwt: string;
  let device: Device<"apns"> | undefined;

  before(async () => {
    project = await providers.createProject();
    jwt = await apnsJwt(project);
    [device] = await project.createDevices("apns");
  });

  it("takes a push and gives it an id", async () => {
    await project.clear();
    const answer = await send(apnsRequest(server.url, jwt, device, { "apns-collapse-id": "n-1" }));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, "");
    assert.match(answer.headers.get("apns-id") ?? "", /^[0-9A-F-]{36}$/);
    const { received } = await project.received("apns");
    assert.deepEqual(received[0]?.payload, { aps: { alert: { title: "Hello" } } });
    assert.equal(received[0]?.key, "n-1");
  });

  const id = "5b3b7f5e-2e24-4d3a-9a53-3f1c4b6c0a11";
  const right: [name: string, headers: Sent["headers"]][] = [
    ["a background push of priority 5", { "apns-push-type": "background", "apns-priority": "5" }],
    [
      "an id, an expiration and 64 bytes of collapse id",
      { "apns-id": id, "apns-expiration": "0", "apns-collapse-id": "c".repeat(64) },
    ],
  ];
  for (const [name, headers] of right) {
    it(`takes ${name}`, async () => {
      const answer = await send(apnsRequest(server.url, jwt, device, headers));
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get("apns-id") === id, headers["apns-id"] === id);
    });
  }

  const wrongHeaders: [reason: string, headers: Sent["headers"], status?: number][] = [
    ["MissingProviderToken", { authorization: undefined }, 403],
    ["InvalidProviderToken", { authorization: "bearer x.y.z" }, 403],
    ["MissingTopic", { "apns-topic": undefined }],
    ["DeviceTokenNotForTopic", { "apns-topic": "com.example.other" }],
    ["InvalidPushType", { "apns-push-type": "loud" }],
    ["InvalidPushType", { "apns-push-type": undefined }],
    ["BadPriority", { "apns-priority": "7" }],
    ["BadPriority", { "apns-push-type": "background" }],
    ["BadExpirationDate", { "apns-expiration": "tomorrow" }],
    ["BadCollapseId", { "apns-collapse-id": "c".repeat(65) }],
    ["BadMessageId", { "apns-id": "1" }],
  ];
  for (const [reason, headers, status = 400] of wrongHeaders) {
    it(`answers ${reason} to ${JSON.stringify(headers).slice(0, 60)}`, async () => {
      assertReason(await send(apnsRequest(server.url, jwt, device, headers)), status, reason);
    });
  }

  const wrongBodies: [reason: string, name: string, body: string, status?: number][] = [
    ["PayloadEmpty", "an empty body", ""],
    ["PayloadEmpty", "an empty object", "{}"],
    ["BadPayload", "text", "hello"],
    ["BadPayload", "a body without aps", '{"alert":"x"}'],
    ["BadPayload", "an aps that is text", '{"aps":"x"}'],
    ["PayloadTooLarge", "4,097 bytes", JSON.stringify({ aps: { alert: "x".repeat(4097 - 20) } }), 413],
  ];
  for (const [reason, name, body, status = 400] of wrongBodies) {
    it(`answers ${reason} to ${name}`, async () => {
      assertReason(await send({ ...apnsRequest(server.url, jwt, device), body }), status, reason);
    });
  }

  it("knows its devices, each in its environment", async () => {
    const [sandboxed] = await project.createDevices("apns", 1, { sandbox: true, topic: "com.example.beta" });
    assert.equal((await send(apnsRequest(server.url, jwt, sandboxed))).status, 200);
    const strangers = [
      { ...apnsRequest(server.url, jwt, sandboxed), url: `${server.url}/apns/3/device/${sandboxed?.token}` },
      {
        ...apnsRequest(server.url, jwt, device),
        url: `${server.url}/apns-sandbox/3/device/${device?.token}`,
      },
      { ...apnsRequest(server.url, jwt, device), url: `${server.url}/apns/3/device/${"a".repeat(64)}` },
      { ...apnsRequest(server.url, jwt, device), url: `${server.url}/apns/3/device/nothex` },
    ];
    for (const stranger of strangers) {
      assertReason(await send(stranger), 400, "BadDeviceToken");
    }
  });

  const wrongTokens: [reason: string, name: string, claims: Claims, header: Claims][] = [
    ["ExpiredProviderToken", "an iat over an hour ago", { iat: now() - HOUR - 9 }, {}],
    ["InvalidProviderToken", "an iat in the future", { iat: now() + 90 }, {}],
    ["InvalidProviderToken", "no iat", { iat: undefined }, {}],
    ["InvalidProviderToken", "another team", { iss: "TEAM000000" }, {}],
    ["InvalidProviderToken", "another key id", {}, { kid: "KEY0000000" }],
  ];
  for (const [reason, name, claims, header] of wrongTokens) {
    it(`answers ${reason} to a JWT with ${name}`, async () => {
      const other = await providers.createProject();
      const [target] = await other.createDevices("apns");
      assertReason(
        await send(apnsRequest(server.url, await apnsJwt(other, claims, header), target)),
        403,
        reason,
      );
    });
  }

  it("takes exactly 4,096 bytes", async () => {
    const body = JSON.stringify({ aps: { alert: "x".repeat(4096 - 20) } });
    assert.equal((await send({ ...apnsRequest(server.url, jwt, device), body })).status, 200);
  });

  it("knows one path and one method", async () => {
    const request = apnsRequest(server.url, jwt, device);
    assertReason(await send({ ...request, method: "PUT" }), 405, "MethodNotAllowed");
    assertReason(await send({ ...request, url: `${server.url}/apns/3/devices` }), 404, "BadPath");
  });

  it("refuses an unknown key for an unknown device", async () => {
    const stranger = await apnsJwt(project, {}, { kid: "KEY0000000" });
    const url = `${server.url}/apns/3/device/${"a".repeat(64)}`;
    assertReason(
      await send({ ...apnsRequest(server.url, stranger, device), url }),
      403,
      "InvalidProviderToken",
    );
  });

  it("refuses another project's key", async () => {
    const [target] = await (await providers.createProject()).createDevices("apns");
    assertReason(await send(apnsRequest(server.url, jwt, target)), 403, "InvalidProviderToken");
  });

  it("refuses a second JWT within 20 minutes and goes on taking the first", async () => {
    const other = await providers.createProject();
    const [target] = await other.createDevices("apns");
    const first = await apnsJwt(other, { iat: now() - 1300 });
    const early = await apnsJwt(other, { iat: now() - 200 });
    assert.equal((await send(apnsRequest(server.url, first, target))).status, 200);
    assertReason(await send(apnsRequest(server.url, early, target)), 429, "TooManyProviderTokenUpdates");
    assert.equal((await send(apnsRequest(server.url, first, target))).status, 200);
    assert.equal((await send(apnsRequest(server.url, await apnsJwt(other), target))).status, 200);
    assert.equal((await other.summary()).apnsTokens, 3);
  });

  it("answers 410 with a time for a gone device", async () => {
    const [gone] = await project.createDevices("apns");
    assert.ok(gone);
    await project.markGone(gone);
    const answer = await send(apnsRequest(server.url, jwt, gone));
    assertReason(answer, 410, "Unregistered");
    assert.ok(Math.abs(JSON.parse(answer.text).timestamp - Date.now()) < 5000);
  });
});

describe("Web Push", () => {
  let project: FakeProject;
  let device: Device<"webpush"> | undefined;

  before(async () => {
    project = await providers.createProject();
    [device] = await project.createDevices("webpush");
  });

  it("takes and decrypts what the web-push library sends", async () => {
    await project.clear();
    const answer = await send(webPushRequest(project, device));
    assert.equal(answer.status, 201, answer.text);
    assert.ok(answer.headers.get("location")?.startsWith(`${device?.endpoint}/`));
    const { received } = await project.received("webpush");
    assert.deepEqual(received[0]?.payload, { title: "Hello" });
    assert.equal(received[0]?.key, "n-1");
    assert.equal(received[0]?.device, device?.endpoint);
    assert.equal((await project.summary()).vapidTokens, 1);
  });

  const wrongHeaders: [name: string, status: number, headers: Sent["headers"]][] = [
    ["no TTL", 400, { TTL: undefined }],
    ["a TTL in words", 400, { TTL: "soon" }],
    ["another urgency", 400, { Urgency: "urgent" }],
    ["a topic of 33 characters", 400, { Topic: "t".repeat(33) }],
    ["a topic with a dot", 400, { Topic: "a.b" }],
    ["another content encoding", 400, { "Content-Encoding": "aesgcm" }],
    ["no Authorization", 401, { Authorization: undefined }],
    ["a Bearer token", 403, { Authorization: "Bearer x" }],
    ["vapid without a key", 403, { Authorization: "vapid t=x" }],
  ];
  for (const [name, status, headers] of wrongHeaders) {
    it(`answers ${status} to ${name}`, async () => {
      const request = webPushRequest(project, device);
      assert.equal((await send({ ...request, headers: { ...request.headers, ...headers } })).status, status);
    });
  }

  const wrongBodies: [name: string, status: number, message: RegExp, change: (body: Buffer) => Buffer][] = [
    ["an empty body", 400, /too short/, () => Buffer.alloc(0)],
    ["a header without a whole record", 400, /too short/, (body) => body.subarray(0, 86 + 17)],
    [
      "a body of 4,097 bytes",
      413,
      /4097 bytes/,
      (body) => Buffer.concat([body, Buffer.alloc(4097 - body.length)]),
    ],
    ["a ciphertext that was changed", 400, /can't be decrypted/, (body) => changeByte(body, body.length - 1)],
    ["another salt", 400, /can't be decrypted/, (body) => changeByte(body, 0)],
    ["a sender key of another length", 400, /key id must be/, (body) => changeByte(body, 20)],
    ["a compressed sender key", 400, /key id must be/, (body) => changeByte(body, 21)],
    ["a sender key that is no point", 400, /can't be decrypted/, (body) => changeByte(body, 30)],
    ["a record size of 17", 400, /record size/, (body) => withRecordSize(body, 17)],
    ["two records", 400, /exactly one record/, (body) => withRecordSize(body, body.length - 86 - 1)],
  ];
  for (const [name, status, message, change] of wrongBodies) {
    it(`answers ${status} to ${name}`, async () => {
      const request = webPushRequest(project, device);
      const answer = await send({ ...request, body: change(request.body) });
      assert.equal(answer.status, status);
      assert.match(JSON.parse(answer.text).message, message);
    });
  }

  it("takes exactly 4,096 bytes, and a record size that is exactly the record's", async () => {
    const request = webPushRequest(project, device, "x".repeat(4096 - 86 - 17 - 2));
    assert.equal(request.body.length, 4096);
    assert.equal((await send(request)).status, 201);
    const small = webPushRequest(project, device);
    const body = withRecordSize(small.body, small.body.length - 86);
    assert.equal((await send({ ...small, body })).status, 201);
  });

  const wrongClaims: [name: string, claims: Claims][] = [
    ["another audience", { aud: "https://push.example.com" }],
    ["an exp in the past", { exp: now() - 1 }],
    ["an exp over 24 hours ahead", { exp: now() + 24 * HOUR + 60 }],
    ["no exp", { exp: undefined }],
    ["no sub", { sub: undefined }],
    ["a sub that is a name", { sub: "somebody" }],
  ];
  for (const [name, claims] of wrongClaims) {
    it(`answers 403 to a JWT with ${name}`, async () => {
      const request = webPushRequest(project, device);
      const authorization = await vapidHeader(project, claims);
      const headers = { ...request.headers, Authorization: authorization };
      assert.equal((await send({ ...request, headers })).status, 403);
    });
  }

  it("takes a JWT that was made by hand, and refuses it under another project's key", async () => {
    const request = webPushRequest(project, device);
    const Authorization = await vapidHeader(project);
    assert.equal((await send({ ...request, headers: { ...request.headers, Authorization } })).status, 201);
    const other = await providers.createProject();
    const stolen = (await vapidHeader(other)).replace(/k=.*/, `k=${project.credentials.webpush.publicKey}`);
    const key = other.credentials.webpush.publicKey;
    const foreignKey = Authorization.replace(/k=.*/, `k=${key}`);
    const otherScheme = Authorization.replace("vapid", "webpush");
    for (const wrong of [await vapidHeader(other), stolen, foreignKey, otherScheme]) {
      const headers = { ...request.headers, Authorization: wrong };
      assert.equal((await send({ ...request, headers })).status, 403);
    }
  });

  it("tells an unknown subscription from one that is gone", async () => {
    const [gone] = await project.createDevices("webpush");
    assert.ok(gone);
    await project.markGone(gone);
    assert.equal((await send(webPushRequest(project, gone))).status, 410);
    const unknown = { ...webPushRequest(project, device), url: `${server.url}/webpush/unknown` };
    assert.equal((await send(unknown)).status, 404);
    assert.equal((await send({ ...webPushRequest(project, device), method: "PUT" })).status, 405);
    const { rejected } = await project.received("webpush");
    assert.equal((await project.summary()).webpush.rejected, rejected.length);
    assert.equal(rejected.at(-2)?.reason, "unknown subscription");
  });
});

describe("Faults", () => {
  it("answers with the status, Retry-After and the real provider's body", async () => {
    const { project, devices } = await webPushProject(1);
    await project.setFaults([{ status: 429, retryAfter: "7", headers: { "x-note": "busy" } }]);
    const answer = await send(webPushRequest(project, devices[0]));
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "7");
    assert.equal(answer.headers.get("x-note"), "busy");
    assert.equal(JSON.parse(answer.text).code, 429);
    assert.equal((await project.received()).received.length, 0);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.requests, webpush.faulted, webpush.accepted], [1, 1, 0]);
  });

  it("has APNs and FCM say it in their own words, or in the rule's", async () => {
    const project = await providers.createProject();
    const [phone] = await project.createDevices("apns");
    const [android] = await project.createDevices("fcm");
    const access = JSON.parse((await requestToken(project)).text).access_token;
    await project.setFaults([
      { provider: "apns", status: 503 },
      { provider: "fcm", status: 503, times: 1 },
      { provider: "fcm", status: 502, body: "oops" },
    ]);
    assertReason(
      await send(apnsRequest(server.url, await apnsJwt(project), phone)),
      503,
      "ServiceUnavailable",
    );
    assertFcmError(await send(fcmRequest(project, access, android)), 503, "UNAVAILABLE", "UNAVAILABLE");
    const custom = await send(fcmRequest(project, access, android));
    assert.deepEqual([custom.status, custom.text], [502, "oops"]);
  });

  it("befalls a share, a number of times, or one device", async () => {
    const { project, devices } = await webPushProject(2);
    const statuses = async (rules: FaultRule[]) => {
      await project.setFaults(rules);
      const answers: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        answers.push((await send(webPushRequest(project, devices[turn % 2]))).status);
      }
      return answers;
    };
    assert.deepEqual(await statuses([{ share: 1 / 3, status: 500 }]), [201, 201, 500, 201, 201, 500]);
    assert.deepEqual(await statuses([{ times: 2, status: 500 }]), [500, 500, 201, 201, 201, 201]);
    const device = devices[1]?.endpoint;
    assert.deepEqual(await statuses([{ device, status: 500 }]), [201, 500, 201, 500, 201, 500]);
    assert.deepEqual(await statuses([{ provider: "apns", status: 500 }]), Array(6).fill(201));
  });

  it("delays an answer, and counts who waits at once", async () => {
    const { project, devices } = await webPushProject(3);
    await project.setFaults([{ delayMs: 150 }]);
    const start = performance.now();
    await Promise.all(devices.map((device) => send(webPushRequest(project, device))));
    assert.ok(performance.now() - start >= 145);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.maxConcurrent, webpush.accepted, webpush.devices], [3, 3, 3]);
  });

  it("drops the connection before the push counts, or after it: then the repeat shows", async () => {
    const { project, devices } = await webPushProject(1);
    const request = webPushRequest(project, devices[0]);
    await project.setFaults([
      { drop: true, times: 1 },
      { drop: true, accept: true, times: 1 },
    ]);
    await assert.rejects(send(request), /fetch failed/);
    assert.equal((await project.received()).received.length, 0);
    await assert.rejects(send(request), /fetch failed/);
    assert.equal((await project.received()).received.length, 1);
    assert.equal((await send(request)).status, 201);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.requests, webpush.accepted, webpush.faulted, webpush.repeated], [3, 2, 2, 1]);
  });
});

describe("The control API", () => {
  it("says what is wrong with its input", async () => {
    const project = await providers.createProject();
    await assert.rejects(project.setFaults([{ status: 42 }]), /400.*rules\.0\.status/);
    await assert.rejects(project.setFaults([{ provider: "fcm" }]), /400.*does nothing/);
    await assert.rejects(project.markGone("nobody"), /404.*no device nobody/);
    const unknown = await fetch(`${server.url}/_control/projects/none/summary`);
    assert.equal(unknown.status, 404);
    assert.equal((await fetch(`${server.url}/_control/health`)).status, 200);
  });

  it("makes 10,000 devices at once, keeps as many pushes as asked, and forgets them", async () => {
    const project = await providers.createProject({ keepReceived: 1 });
    const devices = await project.createDevices("webpush", 10_000);
    assert.equal(new Set(devices.map(({ endpoint }) => endpoint)).size, 10_000);
    await send(webPushRequest(project, devices[0]));
    await send(webPushRequest(project, devices[1]));
    assert.equal((await project.received()).received.length, 1);
    assert.equal((await project.summary()).webpush.accepted, 2);
    await project.clear();
    assert.deepEqual(await project.received(), { received: [], rejected: [] });
    assert.equal((await project.summary()).webpush.requests, 0);
  });
});

const FULL_MESSAGE = {
  notification: { title: "Hello", body: "World", image: "https://example.com/a.png" },
  data: { notificationId: "n-1" },
  android: {
    priority: "high",
    ttl: "86400s",
    collapse_key: "c",
    notification: {
      tag: "n-1",
      channel_id: "news",
      color: "#00ff00",
      notification_priority: "PRIORITY_HIGH",
    },
  },
  webpush: {
    headers: { TTL: "60" },
    notification: { title: "Hello" },
    fcm_options: { link: "https://example.com" },
  },
  apns: { headers: { "apns-priority": "10" }, payload: { aps: { badge: 1 } } },
  fcm_options: { analytics_label: "a" },
};

async function webPushProject(
  count: number,
): Promise<{ project: FakeProject; devices: Device<"webpush">[] }> {
  const project = await providers.createProject();
  return { project, devices: await project.createDevices("webpush", count) };
}

function assertFcmError(answer: Answered, code: number, status: string, errorCode: string): void {
  const { error } = JSON.parse(answer.text);
  assert.deepEqual([answer.status, error.code, error.status], [code, code, status], answer.text);
  const type = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
  assert.deepEqual(error.details, [{ "@type": type, errorCode }]);
}

function assertReason(answer: Answered, status: number, reason: string): void {
  assert.deepEqual([answer.status, JSON.parse(answer.text).reason], [status, reason]);
}

function changeByte(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
  return changed;
}

function withRecordSize(body: Buffer, size: number): Buffer {
  const changed = Buffer.from(body);
  changed.writeUInt32BE(size, 16);
  return changed;
}
