import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { findFreePort } from "../bench/free-port.ts";
import { IsolateMemory } from "../bench/isolate-memory.ts";
import { ADMIN_TOKEN, type BenchWorker, bundleOnecall, startOnecall } from "../bench/workers.ts";
import { fieldsOf } from "../support/declared-fields.ts";
import {
  BODY_BYTES,
  BODY_VALUES,
  bodiesOf,
  type LimitBody,
  SEND_BYTES,
  SEND_VALUES,
  sendBodiesOf,
  singleFieldsOf,
  tooDeep,
  tooManyOf,
} from "./limit-bodies.ts";
import { type Answer, CLOSED, callWithBody } from "./limit-client.ts";

/**
 * Every route that takes a body gets bodies at the limits, made of the smallest values, five at a time. Three things
 * are seen: each answer is short; the isolate that began answers to the end, with the heap that the platform gives;
 * and after each route it is asked for its heap in use and its array buffers (Runtime.getHeapUsage of the inspector).
 * That reading has garbage in it, which can't be collected on demand: it has to fall below the bound within two
 * hundred calls. What is held while a body is worked on isn't read here, but never came to more than the heap.
 */

/** What every answer is below. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** MB of V8's heap in each isolate, what the platform gives: whatever needs more ends the process. */
const MAX_HEAP_MB = 128;
/** MB above idle that an isolate goes back below, without being told to collect what it no longer needs. */
const MAX_KEPT_MB = 64;
/** Calls of one client at the same time. */
const AT_ONCE = 5;
process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${MAX_HEAP_MB}`;

const API = "/v3/business-messaging/api";
const TARGET = "mia";
const PARAMS: Record<string, string> = {
  template: "order-confirmation",
  channel: "in-app-alerts",
  uid: TARGET,
  notification: "01a1fd76-d57a-7012-aa0a-7d2df0e14cc2",
  fileKey: "users.csv",
};
const SENDS = /notifications\/(send|messages)$/;
/** Of a body that is too large; some look first whether there is what the path names. */
const REFUSALS = [CLOSED, 400, 404, 413, 503];

/** Every route that is declared. By its path: the Worker's types aren't those of Node. */
const ROUTES_FILE = new URL("../../src/api/routes.ts", import.meta.url).href;
const RoutesSchema = v.object({
  ROUTES: v.array(
    v.object({
      method: v.string(),
      paths: v.array(v.string()),
      query: v.unknown(),
      body: v.nullable(v.object({ schema: v.unknown(), mediaTypes: v.array(v.string()) })),
    }),
  ),
});
type Declared = v.InferOutput<typeof RoutesSchema>["ROUTES"];

let worker: BenchWorker;
let declared: Declared = [];
let fields: string[] = [];
let memory: IsolateMemory;
let idleMb = 0;
let appId = "";
let headers: Record<string, string> = {};

before(async () => {
  const inspectorPort = await findFreePort();
  worker = await startOnecall(await bundleOnecall(), { inspectorPort });
  await prepareApp();
  declared = v.parse(RoutesSchema, await import(ROUTES_FILE)).ROUTES;
  fields = fieldsOf(declared);
  memory = await IsolateMemory.connect(inspectorPort);
  idleMb = await memory.readUsedMb();
});
after(async () => {
  memory.close();
  await worker.stop();
});

const call = (method: string, path: string, body: string, own = headers) =>
  callWithBody(worker.url + path, method, own, body);

async function prepareApp(): Promise<void> {
  headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const { id, apiKey } = JSON.parse((await call("POST", "/admin/apps", '{"name":"Limits"}')).text);
  appId = id;
  headers = { ...headers, appid: id, apikey: apiKey, "api-token": apiKey };
  await call("POST", `${API}/users`, `{"uid":"${TARGET}"}`);
  await call("POST", `${API}/channels`, '{"name":"In-app alerts","type":"in_app"}');
  const template = {
    name: "order-confirmation",
    channelKeys: ["in-app-alerts"],
    content: { "in-app-alerts": { text: "Hello {{customerName}}" } },
    variableSchema: { customerName: { type: "string", required: false } },
  };
  await call("POST", `${API}/templates`, JSON.stringify(template));
  const approved = await call("PUT", `${API}/templates/order-confirmation`, '{"status":"approved"}');
  assert.equal(approved.status, 200);
}

/** What a page of the dashboard sends, signed in as the operator. */
async function signIn(): Promise<Record<string, string>> {
  const page = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
  const answer = await fetch(`${worker.url}/dashboard/session`, {
    method: "POST",
    headers: page,
    body: JSON.stringify({ token: ADMIN_TOKEN }),
  });
  assert.equal(answer.status, 200);
  const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
  return { ...page, cookie };
}

/** Whoever may call this path: the admin, a user's client, the app's server, or one that knows a vendor's form. */
async function credentialsFor(path: string): Promise<Record<string, string>[]> {
  const { authorization = "", appid = "", apikey = "" } = headers;
  if (path.startsWith("/admin")) return [{ authorization }];
  if (path.startsWith("/dashboard")) return [await signIn()];
  if (path.includes("/feed")) {
    const made = await call("POST", `${API}/users/${TARGET}/auth_tokens`, "{}");
    return [{ authorization: `Bearer ${JSON.parse(made.text).authToken}` }];
  }
  return path.startsWith("/v3/users") ? [{ appid, apikey }, { "api-token": apikey }] : [headers];
}

/**
 * The isolate that has answered until now lives: Miniflare starts another where it ends, but its inspector's
 * connection is lost with it. Its memory goes back: what isn't collected yet counts, so it is read until it did.
 */
async function requireAlive(after: string): Promise<void> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 200; tries++) {
    assert.ok(memory.isAlive, `The isolate ended: ${after}`);
    lowest = Math.min(lowest, (await memory.readUsedMb()) - idleMb);
    if (lowest < MAX_KEPT_MB) return;
    // Something to do, in the course of which V8 collects.
    assert.equal((await fetch(`${worker.url}/health`)).status, 200);
    await delay(5);
  }
  assert.fail(`${lowest.toFixed(0)} MB above idle: ${after}`);
}

function check({ status, text }: Answer, what: string): void {
  const shown = `${what}: ${status} ${text.slice(0, 200)}`;
  assert.notEqual(status, 500, shown);
  assert.ok(Buffer.byteLength(text) < MAX_ANSWER_BYTES, `${shown}: ${text.length} characters`);
}

/** Sends all of them, several at once, each with a key of its own where that counts; the statuses. */
async function sendAll(
  method: string,
  path: string,
  bodies: Iterable<LimitBody>,
  credentials: Record<string, string>,
): Promise<number[]> {
  const statuses: number[] = [];
  const names: string[] = [];
  const waiting = bodies[Symbol.iterator]();
  const sendOneByOne = async () => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const { name, body } = next.value;
      const answer = await call(method, path, body, { ...credentials, "idempotency-key": name });
      check(answer, `${method} ${path}, ${name}`);
      statuses.push(answer.status);
      names.push(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendOneByOne));
  await requireAlive(`${method} ${path}, ${names.join("; ")}`);
  return statuses;
}

describe("bodies of the smallest values, as many as a call may have", () => {
  test("leave every route answering in less than 64 KB, with the platform's memory", async () => {
    const routes = declared.flatMap(({ method, paths, body }) =>
      body?.mediaTypes.includes("application/json") ? paths.map((path) => [method, path] as const) : [],
    );
    assert.ok(routes.length > 30);
    const full = { send: [...bodiesOf(SEND_VALUES, fields)], other: [...bodiesOf(BODY_VALUES, fields)] };
    const refused = { send: [...tooManyOf(SEND_BYTES), tooDeep], other: [...tooManyOf(BODY_BYTES), tooDeep] };
    for (const [method, pattern] of routes) {
      const kind = SENDS.test(pattern) ? "send" : "other";
      const path = pattern.replaceAll(/:(\w+)/g, (_, name) =>
        name === "app" ? appId : (PARAMS[name] ?? "x"),
      );
      let isLetIn = false;
      for (const credentials of await credentialsFor(path)) {
        const statuses = await sendAll(method, path, full[kind], credentials);
        // The other vendor's call.
        if (statuses.every((status) => status === 401)) continue;
        isLetIn = true;
        // What isn't refused for its fields is a call without a body.
        if (statuses.every((status) => status < 300)) continue;
        for (const status of await sendAll(method, path, refused[kind], credentials))
          assert.ok(REFUSALS.includes(status), `${method} ${path}: ${status}`);
      }
      assert.ok(isLetIn, `${method} ${path}`);
      // 16 MB each take their time, and the families read them in the same way.
      refused.send = [tooDeep];
    }
  });

  test("leave a template's route and a send's answering, field by field", async () => {
    await sendAll("POST", `${API}/templates`, singleFieldsOf(BODY_VALUES, fields), headers);
    await sendAll("POST", `${API}/notifications/send`, sendBodiesOf(SEND_VALUES, TARGET), headers);
  });

  test("a send of 16 MB to 10,000 is taken, also several at once", async () => {
    const targets = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const variables = Object.fromEntries(targets.map((user) => [user, { customerName: "x".repeat(1500) }]));
    const body = JSON.stringify({
      template: { key: "order-confirmation", variables },
      targets,
      mode: "batch",
    });
    const bodies = ["a", "b"].map((name) => ({ name, body }));
    const statuses = await sendAll("POST", `${API}/notifications/send`, bodies, headers);
    assert.ok(statuses.every((status) => status === 200 || status === 503));
    assert.ok(statuses.includes(200));
  });
});
