import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertFcmError } from "../support/providers/assertions.ts";
import { type Device, type FakeProject, FakeProviders } from "../support/providers/client.ts";
import { fcmRequest, now, requestToken, send, type TokenRequest } from "../support/providers/requests.ts";
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
