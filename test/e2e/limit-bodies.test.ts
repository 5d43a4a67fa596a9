import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as v from "valibot";
import { ADMIN_TOKEN, type BenchWorker, bundleOnecall, startOnecall } from "../bench/workers.ts";
import {
  BODY_BYTES,
  BODY_VALUES,
  bodiesOf,
  type LimitBody,
  SEND_BYTES,
  SEND_VALUES,
  sendBodiesOf,
  singleFieldsOf,
  tooManyOf,
} from "./limit-bodies.ts";

/** What every answer to a refused call is below. */
const MAX_ERROR_BYTES = 64 * 1024;
/**
 * MB of V8's heap, of which an idle isolate has 8: half of what the platform gives. Whatever needs more ends the
 * process, so all that is answered here took less.
 */
const MAX_HEAP_MB = 64;
process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${MAX_HEAP_MB}`;

/** In place of a status: the connection was closed before the answer could be read. */
const CLOSED = 0;

const API = "/v3/business-messaging/api";
const TARGET = "mia";
const PARAMS: Record<string, string> = {
  template: "order-confirmation",
  channel: "in-app-alerts",
  uid: TARGET,
  notification: "01a1fd76-d57a-7012-aa0a-7d2df0e14cc2",
  fileKey: "users.csv",
};

/** Every route that is declared. By its path: the Worker's types aren't those of Node. */
const ROUTES_FILE = new URL("../../src/api/routes.ts", import.meta.url).href;
const RoutesSchema = v.object({ ROUTES: v.array(v.looseTuple([v.string(), v.string()])) });

let worker: BenchWorker;
let appId = "";
let headers: Record<string, string> = {};

before(async () => {
  worker = await startOnecall(await bundleOnecall());
  await prepareApp();
});
after(async () => {
  await worker.stop();
});

async function call(method: string, path: string, body: string, own: Record<string, string> = {}) {
  const response = await fetch(worker.url + path, {
    method,
    headers: { "content-type": "application/json", ...headers, ...own },
    body,
  }).catch((error: unknown) => error);
  if (response instanceof Response) return { status: response.status, text: await response.text() };
  // A call that is refused before its body was read may be closed on its sender; but nothing has ended.
  assert.equal((await fetch(`${worker.url}/health`)).status, 200, `${method} ${path}: ${response}`);
  return { status: CLOSED, text: "" };
}

async function prepareApp(): Promise<void> {
  headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const { id, apiKey } = JSON.parse((await call("POST", "/admin/apps", '{"name":"Limits"}')).text);
  appId = id;
  headers = { ...headers, appid: id, apikey: apiKey, "api-token": apiKey };
  await call("POST", `${API}/channels`, '{"name":"In-app alerts","type":"in_app"}');
  const template = {
    ...{ name: "order-confirmation", channelKeys: ["in-app-alerts"] },
    content: { "in-app-alerts": { text: "Hello {{customerName}}" } },
    variableSchema: { customerName: { type: "string", required: false } },
  };
  await call("POST", `${API}/templates`, JSON.stringify(template));
  const approved = await call("PUT", `${API}/templates/order-confirmation`, '{"status":"approved"}');
  assert.equal(approved.status, 200);
}

/** Whoever may call a route: the admin, a user's client or the app's server, all at once. */
async function tokenOfUser(): Promise<string> {
  const made = await call("POST", `/v3/users/${TARGET}/auth_tokens`, "{}");
  return (JSON.parse(made.text).data ?? JSON.parse(made.text)).authToken;
}

async function check(method: string, path: string, { name, body }: LimitBody, own = {}): Promise<number> {
  const { status, text } = await call(method, path, body, own);
  const what = `${method} ${path}, ${name}: ${status} ${text.slice(0, 200)}`;
  assert.notEqual(status, 500, what);
  if (status >= 400)
    assert.ok(Buffer.byteLength(text) < MAX_ERROR_BYTES, `${what}: ${text.length} characters`);
  return status;
}

describe("bodies of the smallest values, as many as a call may have", () => {
  test("leave every route answering, with half of the platform's memory", async () => {
    const user = { authorization: `Bearer ${await tokenOfUser()}` };
    let calls = 0;
    const { ROUTES } = v.parse(RoutesSchema, await import(ROUTES_FILE));
    const routes = ROUTES.filter(
      ([method, path]) => (method === "POST" || method === "PUT") && !path.endsWith("/uploads"),
    );
    for (const [method, pattern] of routes) {
      const isSend = /notifications\/(send|messages)$/.test(pattern);
      const path = pattern.replaceAll(/:(\w+)/g, (_, name) =>
        name === "app" ? appId : (PARAMS[name] ?? "x"),
      );
      const own = path.includes("/feed") ? user : {};
      const [bytes, values] = isSend ? [SEND_BYTES, SEND_VALUES] : [BODY_BYTES, BODY_VALUES];
      const bodies = [...bodiesOf(values)];
      if (path === `${API}/templates`) bodies.push(...singleFieldsOf(values));
      if (path === `${API}/notifications/send`)
        bodies.push(...singleFieldsOf(values), ...sendBodiesOf(values, TARGET));
      for (const body of bodies) {
        await check(method, path, body, isSend ? { ...own, "idempotency-key": body.name } : own);
        calls++;
      }
      for (const body of tooManyOf(bytes)) {
        const status = await check(method, path, body, own);
        assert.ok([CLOSED, 404, 413].includes(status), `${method} ${path}, ${body.name}: ${status}`);
        calls++;
      }
    }
    assert.ok(calls > 300);
  });

  test("a send of 16 MB to 10,000 is taken, also several at once", async () => {
    const targets = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const variables = Object.fromEntries(targets.map((user) => [user, { customerName: "x".repeat(1500) }]));
    const body = JSON.stringify({
      template: { key: "order-confirmation", variables },
      ...{ targets, mode: "batch" },
    });
    const answers = await Promise.all(
      ["a", "b", "c"].map((key) =>
        call("POST", `${API}/notifications/send`, body, { "idempotency-key": key }),
      ),
    );
    for (const { status, text } of answers) {
      assert.ok(
        status === 200 || (status === 503 && /large body/.test(text)),
        `${status} ${text.slice(0, 200)}`,
      );
    }
    assert.equal(
      answers.some(({ status }) => status === 200),
      true,
    );
  });
});
