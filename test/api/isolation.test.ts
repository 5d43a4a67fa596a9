import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { type Body, call, callAsAdmin, callWithToken, createApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { openSocket } from "../support/sockets.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import {
  allowedFor,
  appRoutes,
  bodyOf,
  isOwn,
  pathsOf,
  SHARED_TOKEN,
  serverRoutes,
  userRoutes,
} from "./isolation-cases.ts";

/** In everything that is app B's: no answer to app A may hold it. */
const SECRET = "Bee-secret";

let a: TestApp;
let b: TestApp;
/** B's ids and keys by path parameter: all that A might try. */
let idsOfB: Record<string, string[]>;
let tokenOfA: string;

async function send(app: TestApp, uid: string, mode: string, headers = {}): Promise<string> {
  const variables = mode === "batch" ? { [uid]: { value: SECRET } } : { value: SECRET };
  const body = {
    template: { key: "bee-template", variables },
    targets: [uid],
    mode,
    title: SECRET,
    tag: SECRET,
  };
  return (await app.send(body, headers)).body.notificationId;
}

beforeAll(async () => {
  b = await createApp(SECRET);
  const channel = await b.api("POST", "/channels", { name: "Bee channel", type: "in_app" });
  const template = await b.api("POST", "/templates", {
    name: "Bee template",
    category: SECRET,
    channelKeys: ["bee-channel"],
    content: { "bee-channel": { text: `${SECRET} {{value}}` } },
    variableSchema: { value: { type: "string" } },
  });
  await b.api("PUT", "/templates/bee-template", { status: "approved" });
  for (const uid of ["shared", "bee"])
    await b.call("POST", "/v3/business-messaging/api/users", { uid, name: SECRET });
  const notifications = [
    await send(b, "shared", "realtime", { "idempotency-key": "shared-key" }),
    await send(b, "shared", "batch"),
  ];
  const device = await b.call("POST", "/v3/business-messaging/api/users/bee/devices", {
    provider: "fcm",
    token: SHARED_TOKEN,
  });
  await b.api("PUT", "/users/bee/addresses/webhook", { url: `https://hooks.bee.com/${SECRET}` });
  await uploadCsv(b, "bee.csv", `user_id,value\nbee,${SECRET}\n`);
  const keys = (await callAsAdmin("GET", `/admin/apps/${b.id}/keys`)).body.data;
  idsOfB = {
    template: [template.body.id, "bee-template"],
    channel: [channel.body.id, "bee-channel"],
    notification: notifications,
    uid: ["bee"],
    fileKey: ["bee.csv"],
    device: [device.body.id],
    key: keys.map((key: Body) => key.id),
    tag: [SECRET],
    version: ["1"],
  };
  for (const id of notifications) await waitUntilCompleted(b, id);
  // Last, so that nothing but the test call goes out: the snapshots show when an endpoint fails.
  const webhook = await b.api("POST", "/webhooks", {
    url: `${inject("receiverUrl")}/nobody`,
    description: SECRET,
    events: ["notification.failed"],
  });
  const attempt = await b.api("POST", `/webhooks/${webhook.body.id}/test`);
  idsOfB.webhook = [webhook.body.id];
  idsOfB.attempt = [attempt.body.id];
});

// A new A for every test: what it made under B's names in one test is its own in the next.
beforeEach(async () => {
  a = await createApp();
  tokenOfA = await a.tokenFor("shared");
});

/** All that B can see of itself. */
async function snapshotOfB(): Promise<Body> {
  const lists = [
    "/channels",
    "/templates",
    "/templates/bee-template/versions",
    "/users?perPage=100",
    "/notifications",
    "/targets-files",
    "/targets-files/bee.csv/content",
    "/users/bee/devices",
    "/users/bee/addresses/webhook",
    // What pages of a log share stays in the isolate that A asks next.
    ...(idsOfB.notification ?? []).map((id) => `/notifications/${id}/deliveries`),
    "/audit-log?targetType=channel",
    "/audit-log?targetType=template",
    "/audit-log?targetType=targets_file",
    "/audit-log?targetType=key",
    "/webhooks",
    `/webhooks/${idsOfB.webhook?.[0]}/attempts`,
  ];
  const answers = await Promise.all(lists.map((path) => b.api("GET", path)));
  const keys = await callAsAdmin("GET", `/admin/apps/${b.id}/keys`);
  const feed = await (await b.asUser("shared"))("GET", "/feed");
  return [...answers, keys, feed].map(({ status, body }) => [status, body]);
}

async function expectIsolated(
  [method, pattern]: readonly [string, string],
  headers: Record<string, string>,
  allowed: readonly number[],
): Promise<void> {
  const strangers = { idOfA: a.id, idOfB: b.id, idsOfB };
  const paths = pathsOf(pattern, strangers);
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) {
    const { status, body } = await call(method, path, { headers, body: bodyOf(method, pattern, strangers) });
    expect(allowed, `${method} ${path}: ${JSON.stringify(body)}`).toContain(status);
    expect(JSON.stringify(body)).not.toContain(SECRET);
  }
}

describe("app A with what is app B's", () => {
  let before: unknown;

  beforeAll(async () => {
    before = await snapshotOfB();
  });
  afterAll(async () => {
    expect(await snapshotOfB()).toEqual(before);
  });

  /** Looked at after each call that writes, to see which it was; after all of them anyway. */
  async function expectUntouched(method: string): Promise<void> {
    if (method !== "GET") expect(await snapshotOfB()).toEqual(before);
  }

  it.each(serverRoutes)("%s %s: 404, or A's own", async (method, pattern) => {
    const headers = { ...a.headers, "api-token": a.apiKey };
    await expectIsolated([method, pattern], headers, allowedFor(pattern));
    await expectUntouched(method);
  });

  it.each(userRoutes)("%s %s as a user of the same uid: 404, or A's own", async (method, pattern) => {
    await expectIsolated(
      [method, pattern],
      { authorization: `Bearer ${tokenOfA}` },
      isOwn(pattern) ? [200, 201] : [404],
    );
    await expectUntouched(method);
  });

  it.each(appRoutes)("%s %s with B's ids under A's name: 404, or A's own", async (method, pattern) => {
    await expectIsolated(
      [method, pattern],
      { authorization: "Bearer test-admin-token" },
      isOwn(pattern) ? [200, 201] : [404],
    );
    await expectUntouched(method);
  });

  it("gets 401 on every route where it names B", async () => {
    const before = await snapshotOfB();
    const namesB = { appid: b.id, apikey: a.apiKey, "api-token": a.apiKey.replace(a.id, b.id) };
    for (const route of serverRoutes) await expectIsolated(route, namesB, [401]);
    for (const route of userRoutes) await expectIsolated(route, { appid: b.id, apikey: b.apiKey }, [401]);
    for (const route of appRoutes) await expectIsolated(route, a.headers, [401]);
    expect(await snapshotOfB()).toEqual(before);
  });

  it("counts nothing of B's under a tag and a user that both have", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const path = `/analytics/tags/${encodeURIComponent(SECRET)}?from=${today}&to=${today}`;
    const own = await b.api("GET", path);
    expect(own.body.some(({ delivered }: Body) => delivered > 0)).toBe(true);
    const others = await a.api("GET", path);
    expect(others.body.every(({ delivered }: Body) => delivered === 0)).toBe(true);
    const { body } = await a.api("GET", "/analytics/users/bee");
    expect(body).toMatchObject({ summary: { delivered: 0 }, notifications: [] });
  });

  it("sends B's templates neither by id nor under B's Idempotency-Key", async () => {
    for (const template of [{ id: idsOfB.template?.[0] }, { key: "bee-template" }]) {
      const body = {
        template: { ...template, variables: { value: SECRET } },
        targets: ["shared"],
        mode: "realtime",
      };
      const answer = await a.send(body, { "idempotency-key": "shared-key" });
      expect([answer.status, answer.body.error.code]).toEqual([404, "ERR_TEMPLATE_NOT_FOUND"]);
    }
  });
});

describe("a uid that both apps have", () => {
  it("is two users: deleting A's leaves B's as it is", async () => {
    await a.call("POST", "/v3/business-messaging/api/users", { uid: "both", name: "A's" });
    await b.call("POST", "/v3/business-messaging/api/users", { uid: "both", name: "B's" });
    const asBoth = callWithToken(await b.tokenFor("both"));
    await send(b, "both", "realtime");
    expect((await a.call("DELETE", "/v3/business-messaging/api/users/both")).status).toBe(200);
    expect((await b.call("GET", "/v3/business-messaging/api/users/both")).body.name).toBe("B's");
    expect((await asBoth("GET", "/feed")).body.data).toHaveLength(1);
  });

  it("has two sockets: A's hears nothing of B's", async () => {
    const socketOfA = await openSocket([await a.tokenFor("listener")]);
    const socketOfB = await openSocket([await b.tokenFor("listener")]);
    await send(b, "listener", "realtime");
    await vi.waitFor(() => expect(JSON.stringify(socketOfB.messages)).toContain(SECRET), PATIENTLY);
    expect(socketOfA.messages).toEqual([{ type: "unread", count: 0 }]);
    for (const socket of [socketOfA, socketOfB]) socket.close();
  });
});
