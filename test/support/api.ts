import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import { readAnswer } from "./answers.ts";
import { PATIENTLY } from "./patiently.ts";

/** The local deployment's admin token, as vitest.config.ts sets it. */
export const ADMIN_TOKEN = "test-admin-token";
export const API = "/v3/business-messaging/api";

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field, by the tests themselves
export type Body = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export interface CallOptions {
  headers?: Record<string, string>;
  body?: unknown;
}

/**
 * A request to the Worker as a client makes it, for what {@link call} can't send or read. Throws where an answer in
 * JSON isn't what its route declares.
 */
export async function fetchWorker(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await exports.default.fetch(url, init);
  if (!response.headers.get("content-type")?.startsWith("application/json")) return response;
  const { method = "GET", headers = {} } = init;
  const { pathname: path } = new URL(url);
  return new Response(await readAnswer({ method, path, headers }, response), response);
}

/** One HTTP call to the Worker as a client makes it. */
export async function call(
  method: string,
  path: string,
  { headers = {}, body }: CallOptions = {},
): Promise<Answer> {
  const given = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers };
  const response = await exports.default.fetch(`https://onecall.test${path}`, {
    method,
    headers: given,
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await readAnswer({ method, path, headers: given }, response);
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== "" ? JSON.parse(text) : text,
  };
}

/** A call to the feed's routes with a user's token. */
export type UserCall = (method: string, path: string, body?: unknown) => Promise<Answer>;

export function callWithToken(token: string): UserCall {
  const headers = { authorization: `Bearer ${token}` };
  return (method, path, body) => call(method, `${API}${path}`, { headers, body });
}

/** A call as the deployment's admin. */
export function callAsAdmin(method: string, path: string, body?: unknown): Promise<Answer> {
  return call(method, path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body });
}

/** One app with its credentials; every method is a call with them. */
export class TestApp {
  readonly id: string;
  readonly apiKey: string;

  constructor(id: string, apiKey: string) {
    this.id = id;
    this.apiKey = apiKey;
  }

  get headers(): Record<string, string> {
    return { appid: this.id, apikey: this.apiKey };
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return call(method, path, { headers: { ...this.headers, ...headers }, body });
  }

  api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(method, `${API}${path}`, body, headers);
  }

  send(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.api("POST", "/notifications/send", body, headers);
  }

  async notification(id: string): Promise<Body> {
    return (await this.api("GET", `/notifications/${id}`)).body;
  }

  async audit(id: string): Promise<Body> {
    return (await callAsAdmin("GET", `/admin/apps/${this.id}/audit/${id}`)).body;
  }

  /** The same app with a key of these scopes. */
  async keyWith(scopes: readonly string[]): Promise<TestApp> {
    const { body } = await callAsAdmin("POST", `/admin/apps/${this.id}/keys`, { name: "scoped", scopes });
    return new TestApp(this.id, body.apiKey);
  }

  /** A token for the client of one of the app's users. */
  async tokenFor(uid: string, body?: unknown): Promise<string> {
    const answer = await this.call(
      "POST",
      `/v3/business-messaging/api/users/${encodeURIComponent(uid)}/auth_tokens`,
      body,
    );
    if (answer.status !== 201) throw new Error(`No token: ${JSON.stringify(answer.body)}`);
    return answer.body.authToken;
  }

  /** A call as one of the app's users. */
  async asUser(uid: string): Promise<UserCall> {
    return callWithToken(await this.tokenFor(uid));
  }

  /**
   * Resolves when KV holds what the registry holds. KV takes one write a second and key, so two changes in one
   * second are seen by sends only later; tests that are about the change itself wait for it here.
   */
  async copiesAreCurrent(): Promise<void> {
    const registry = env.REGISTRY.getByName(this.id);
    await vi.waitFor(async () => {
      const waiting = await runInDurableObject(registry, (_, { storage }) =>
        storage.sql.exec("SELECT key FROM kv_outbox").toArray(),
      );
      if (waiting.length > 0) throw new Error("KV is still to be told");
    }, PATIENTLY);
  }
}

let apps = 0;

/** The shards of a test's app: few, as each is a database to be made. Tests that are about their number ask for it. */
export const TEST_SHARDS = 24;

/** A new app of its own for a test. `options`: what else it is made with. */
export async function createApp(name = "Test app", options: object = {}): Promise<TestApp> {
  const given = { id: `test-app-${++apps}`, name, shardCount: TEST_SHARDS, ...options };
  const { status, body } = await callAsAdmin("POST", "/admin/apps", given);
  if (status !== 201) throw new Error(`No app: ${JSON.stringify(body)}`);
  return new TestApp(body.id, body.apiKey);
}

export interface TemplateOptions {
  key?: string;
  channelKeys?: string[];
  content?: object;
  variableSchema?: object;
}

/** The seeds' two channels. */
export async function createChannels(app: TestApp): Promise<void> {
  await app.api("POST", "/channels", { name: "In-app alerts", type: "in_app" });
  await app.api("POST", "/channels", { name: "Mobile push", type: "push" });
}

/** An approved template, by default the one of seed 000. */
export async function createTemplate(app: TestApp, options: TemplateOptions = {}): Promise<Body> {
  const key = options.key ?? "order-confirmation";
  const created = await app.api("POST", "/templates", {
    name: key,
    key,
    channelKeys: options.channelKeys ?? ["in-app-alerts"],
    content: options.content ?? {
      "in-app-alerts": { text: "Hello {{customerName}}, your order is {{orderId}}." },
    },
    variableSchema: options.variableSchema ?? {
      customerName: { type: "string" },
      orderId: { type: "string" },
    },
  });
  if (created.status !== 201) throw new Error(`No template: ${JSON.stringify(created.body)}`);
  const approved = await app.api("PUT", `/templates/${key}`, { status: "approved" });
  if (approved.status !== 200) throw new Error(`Not approved: ${JSON.stringify(approved.body)}`);
  return approved.body;
}

/** An app that is ready to send: seed 000's template in an in-app channel. */
export async function createReadyApp(
  options: TemplateOptions = {},
  appOptions: object = {},
): Promise<TestApp> {
  const app = await createApp("Test app", appOptions);
  await createChannels(app);
  await createTemplate(app, options);
  return app;
}
