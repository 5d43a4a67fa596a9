import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Device, type FakeProject, FakeProviders } from "../support/providers/client.ts";
import {
  type Claims,
  now,
  type Sent,
  send,
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
