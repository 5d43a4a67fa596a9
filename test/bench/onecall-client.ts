import { CHANNEL_KEY, FILE_TEMPLATE } from "./file-template.ts";
import { ADMIN_TOKEN } from "./workers.ts";

const API = "/v3/business-messaging/api";

interface BenchTemplate {
  name: string;
  /** The in-app channel unless named. */
  channelKey?: string;
  content: { title: string; body: string };
  variables: string[];
}

/** The template that {@link OnecallClient.realtimeBody} and {@link OnecallClient.batchBody} send. */
export const ORDER_TEMPLATE: BenchTemplate = {
  name: "Order confirmation",
  content: { title: "Thanks, {{customerName}}", body: "Your order {{orderId}} is on its way." },
  variables: ["customerName", "orderId"],
};

/** An app, set up and used as by any client. */
export class OnecallClient {
  readonly url: string;
  readonly headers: Record<string, string>;

  /** An app that is there already, with its headers. */
  constructor(url: string, headers: Record<string, string>) {
    this.url = url;
    this.headers = headers;
  }

  /** An app that is ready to send through its in-app channel. */
  static async create(url: string, options: { shardCount?: number } = {}): Promise<OnecallClient> {
    const client = await OnecallClient.createEmpty(url, options);
    await client.call("POST", "/channels", { name: "In-app alerts", type: "in_app" });
    await client.createTemplate(ORDER_TEMPLATE);
    await client.createTemplate(FILE_TEMPLATE);
    return client;
  }

  /** An app without a channel. */
  static async createEmpty(url: string, options: { shardCount?: number } = {}): Promise<OnecallClient> {
    const response = await fetch(`${url}/admin/apps`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Bench", ...options }),
    });
    const { id, apiKey } = (await response.json()) as { id: string; apiKey: string };
    return new OnecallClient(url, { appid: id, apikey: apiKey, "content-type": "application/json" });
  }

  /** An approved template of one channel with variables of type string. */
  async createTemplate({ name, channelKey = CHANNEL_KEY, content, variables }: BenchTemplate): Promise<void> {
    const { key } = await this.call<{ key: string }>("POST", "/templates", {
      name,
      channelKeys: [channelKey],
      content: { [channelKey]: content },
      variableSchema: Object.fromEntries(variables.map((variable) => [variable, { type: "string" }])),
    });
    await this.call("PUT", `/templates/${key}`, { status: "approved" });
  }

  /** A token for a user's own client. */
  async tokenFor(uid: string): Promise<string> {
    const path = `/users/${encodeURIComponent(uid)}/auth_tokens`;
    return (await this.call<{ authToken: string }>("POST", path)).authToken;
  }

  /** A call of the business messaging family. */
  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#fetchJson(`${API}${path}`, {
      method,
      headers: this.headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  /** A POST of the platform family. */
  callPlatform<T>(path: string, body: unknown): Promise<T> {
    const headers = { "api-token": this.headers.apikey ?? "", "content-type": "application/json" };
    return this.#fetchJson(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** The body of a GET as it comes. */
  async download(path: string): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch(`${this.url}${API}${path}`, { headers: this.headers });
    if (!response.ok || response.body === null)
      throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response.body;
  }

  async #fetchJson<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${this.url}${path}`, init);
    if (!response.ok)
      throw new Error(`${init.method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  sendPath = `${API}/notifications/send`;

  realtimeBody(user: string): string {
    return JSON.stringify({
      template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "ORD-12345" } },
      targets: [user],
      mode: "realtime",
      title: "Order Confirmed",
      tag: "orders",
    });
  }

  /** A batch with two variables a target, as text: making it isn't what is measured. */
  batchBody(targets: number, prefix: string): string {
    const users = Array.from({ length: targets }, (_, index) => `${prefix}-${index}`);
    const variables = Object.fromEntries(
      users.map((user, index) => [user, { customerName: `Customer ${index}`, orderId: `ORD-${index}` }]),
    );
    return JSON.stringify({
      template: { key: "order-confirmation", variables },
      targets: users,
      mode: "batch",
    });
  }
}
