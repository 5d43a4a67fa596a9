import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertReason } from "../support/providers/assertions.ts";
import { type Device, type FakeProject, FakeProviders } from "../support/providers/client.ts";
import { apnsJwt, apnsRequest, type Claims, now, type Sent, send } from "../support/providers/requests.ts";
import { startFakeProviders } from "../support/providers/server.ts";

const HOUR = 3600;
let server: Awaited<ReturnType<typeof startFakeProviders>>;
let providers: FakeProviders;

before(async () => {
  server = await startFakeProviders();
  providers = new FakeProviders(server.url);
});
after(() => server.stop());

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
