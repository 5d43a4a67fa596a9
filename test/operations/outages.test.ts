import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { isPlatformFault } from "../../src/model/platform-fault.ts";
import { ADMIN_TOKEN, type Answer, type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { operatorHeaders } from "../support/dashboard.ts";
import {
  bindings,
  CapturingQueue,
  callWith,
  consume,
  interceptCalls,
  type ObjectMethod,
  unreachable,
} from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { ANSWERING_CASES } from "../support/routes.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const FULL = "database or disk is full: SQLITE_FULL";
const R2_DOWN = "put: We encountered an internal error. Please try again. (10001)";
const KV_DOWN = "KV GET failed: 503 Service Unavailable";

/** A binding that fails whatever is asked of it. */
function failing<T>(message: string): T {
  const fail = () => Promise.reject(new Error(message));
  return new Proxy({}, { get: () => fail }) as T;
}

const fullAt = <T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
  method: ObjectMethod,
) =>
  interceptCalls(namespace, method, {
    before: () => {
      throw new Error(FULL);
    },
  });

const everythingDown: Partial<Bindings> = {
  USER_SHARD: unreachable(),
  LEDGER: unreachable(),
  REGISTRY: unreachable(),
  TARGETS: failing<R2Bucket>(R2_DOWN),
};

let app: TestApp;
let token: string;
let page: Record<string, string>;
let uids = 0;

beforeAll(async () => {
  app = await createReadyApp();
  token = await app.tokenFor("mia");
  page = await operatorHeaders();
  await uploadCsv(app, "outage.csv", "user_id,customerName,orderId\nmia,Mia,1\n");
});

const variables = (uid: string) => ({ customerName: uid, orderId: "1" });

/** Sends of each kind, to a user that nobody else sends to. */
const SENDS: Record<string, (uid: string) => Body> = {
  realtime: (uid) => ({
    template: { key: "order-confirmation", variables: variables(uid) },
    targets: [uid],
    mode: "realtime",
  }),
  batch: (uid) => ({
    template: { key: "order-confirmation", variables: { [uid]: variables(uid) } },
    targets: [uid],
    mode: "batch",
  }),
  file: () => ({ template: { key: "order-confirmation" }, targetsFile: "outage.csv", mode: "batch" }),
};

/** A 503 that is safe to repeat: the repeat, when all is well again, sends once. */
async function expectSafe503(replaced: Partial<Bindings>, kind: string): Promise<void> {
  const uid = `outage-${++uids}`;
  const headers = { "idempotency-key": uid };
  const body = SENDS[kind]?.(uid);
  const before = (await app.api("GET", "/notifications?limit=100")).body.data.length;
  const refused = await callWith(replaced, app, "POST", "/notifications/send", body, headers);
  expect(refused.status, JSON.stringify(refused.body)).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.body.error.code).toBe("ERR_UNAVAILABLE");
  const sent = await app.send(body, headers);
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
  expect(counts["in-app-alerts"]).toMatchObject({ total: 1, delivered: 1 });
  await vi.waitFor(async () => {
    const { data } = (await app.api("GET", "/notifications?limit=100")).body;
    expect(data).toHaveLength(before + 1);
  }, PATIENTLY);
}

describe("a send", () => {
  it.each([
    ["realtime", "a full user shard", () => ({ USER_SHARD: fullAt(bindings.USER_SHARD, "deliver") })],
    ["batch", "a full ledger", () => ({ LEDGER: fullAt(bindings.LEDGER, "register") })],
    ["file", "a full ledger", () => ({ LEDGER: fullAt(bindings.LEDGER, "register") })],
    ["batch", "R2 down", () => ({ TARGETS: failing<R2Bucket>(R2_DOWN) })],
    ["file", "R2 down", () => ({ TARGETS: failing<R2Bucket>(R2_DOWN) })],
    ["realtime", "every object down", () => everythingDown],
    ["batch", "every object down", () => everythingDown],
  ])("%s with %s is 503, and its repeat sends once", async (kind, _, replaced) => {
    await expectSafe503(replaced(), kind);
  });

  it.each(["realtime", "batch"])("%s with KV down goes out: the registry has it all", async (kind) => {
    const fresh = await createReadyApp();
    const replaced = { CONFIG: failing<KVNamespace>(KV_DOWN) };
    const sent = await callWith(replaced, fresh, "POST", "/notifications/send", SENDS[kind]?.("mia"));
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    await waitUntilCompleted(fresh, sent.body.notificationId);
  });

  it("by a key that neither KV nor the registry can be asked for is 503, not 401", async () => {
    const stranger = await createReadyApp();
    const replaced = { CONFIG: failing<KVNamespace>(KV_DOWN), REGISTRY: unreachable() } as Partial<Bindings>;
    const answer = await callWith(
      replaced,
      await stranger.keyWith(["send"]),
      "POST",
      "/notifications/send",
      {},
    );
    expect(answer.status).toBe(503);
  });
});

it("a batch's chunk for a full user shard waits, and is delivered when there is room", async () => {
  const queue = new CapturingQueue();
  const replaced = { DELIVERIES_NORMAL: queue.binding };
  const body = SENDS.batch?.("roomless");
  const sent = await callWith(replaced, app, "POST", "/notifications/send", body);
  const full = { USER_SHARD: fullAt(bindings.USER_SHARD, "deliverSegment") };
  expect(await consume(queue.messages, full)).toEqual({ acked: 0, retried: 1 });
  expect(await app.notification(sent.body.notificationId)).toMatchObject({
    state: "sending",
    counts: { "in-app-alerts": { pending: 1 } },
  });
  await consume(queue.messages);
  await waitUntilCompleted(app, sent.body.notificationId);
});

it("a chunk whose audience R2 can't give waits, and is delivered when it can", async () => {
  const queue = new CapturingQueue();
  const replaced = { DELIVERIES_NORMAL: queue.binding };
  const sent = await callWith(replaced, app, "POST", "/notifications/send", SENDS.batch?.("unread"));
  const down = { TARGETS: failing<R2Bucket>(R2_DOWN) };
  expect(await consume(queue.messages, down)).toEqual({ acked: 0, retried: 1 });
  await waitUntilCompleted(app, sent.body.notificationId);
});

describe("with every object and R2 down", () => {
  const routes = ANSWERING_CASES.map(({ method, pattern }) => [method, pattern] as const);

  const request = async (method: string, pattern: string): Promise<Answer> => {
    const execution = createExecutionContext();
    const range = /\/analytics\/(channels|templates|tags|notifications)/.test(pattern)
      ? "?from=2026-01-01&to=2026-01-02"
      : "";
    const path = `${pattern.replaceAll(/:\w+/g, "x")}${range}`;
    const bearer = pattern.startsWith("/admin") ? ADMIN_TOKEN : token;
    const headers = {
      ...app.headers,
      "api-token": app.apiKey,
      authorization: `Bearer ${bearer}`,
      ...(pattern.startsWith("/dashboard") ? page : {}),
    };
    const body = method === "GET" || method === "DELETE" ? null : "{}";
    const response = await worker.fetch(
      new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${path}`, {
        method,
        headers: { ...headers, "content-type": "application/json" },
        body,
      }),
      { ...bindings, ...everythingDown },
      execution,
    );
    await waitOnExecutionContext(execution);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

  beforeEach(async () => {
    // What an isolate has from before the outage still serves: keys, apps and secrets.
    await app.api("GET", "/channels");
  });

  it.each(routes)("%s %s says so, or what is wrong with the call", async (method, pattern) => {
    const { status, headers, body } = await request(method, pattern);
    expect([200, 400, 403, 404, 503], body).toContain(status);
    if (status === 503) expect(headers.get("retry-after")).toMatch(/^\d+$/);
  });
});

it("a bug isn't taken for an outage", () => {
  expect(isPlatformFault(new TypeError("x is not a function"))).toBe(false);
  expect(isPlatformFault(new Error("no such table: users: SQLITE_ERROR"))).toBe(false);
  for (const nothing of [null, undefined, "Network connection lost.", 1, {}, { message: 1 }]) {
    expect(isPlatformFault(nothing)).toBe(false);
  }
  for (const message of [FULL, R2_DOWN, KV_DOWN, "Network connection lost."]) {
    expect(isPlatformFault(new Error(message))).toBe(true);
  }
  for (const flag of ["retryable", "overloaded", "durableObjectReset"]) {
    expect(isPlatformFault(Object.assign(new Error("x"), { [flag]: true }))).toBe(true);
  }
});
