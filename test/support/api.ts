import { exports } from "cloudflare:workers";

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

/** One HTTP call to the Worker as a client makes it. */
export async function call(
  method: string,
  path: string,
  { headers = {}, body }: CallOptions = {},
): Promise<Answer> {
  const response = await exports.default.fetch(`https://onecall.test${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
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
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return (await call("GET", `/admin/apps/${this.id}/audit/${id}`, { headers })).body;
  }

  /** A call as one of the app's users. */
  async asUser(uid: string): Promise<(method: string, path: string, body?: unknown) => Promise<Answer>> {
    const { body } = await this.call("POST", `/v3/users/${encodeURIComponent(uid)}/auth_tokens`);
    const headers = { authorization: `Bearer ${body.authToken}` };
    return (method, path, content) => call(method, `${API}${path}`, { headers, body: content });
  }
}

let apps = 0;

/** A new app of its own for a test. */
export async function createApp(name = "Test app"): Promise<TestApp> {
  const { status, body } = await call("POST", "/admin/apps", {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: { id: `test-app-${++apps}`, name },
  });
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
export async function createReadyApp(options: TemplateOptions = {}): Promise<TestApp> {
  const app = await createApp();
  await createChannels(app);
  await createTemplate(app, options);
  return app;
}
