import { OnecallClient } from "../bench/onecall-client.ts";
import type { Device } from "../support/providers/client.ts";
import { Sockets } from "./sockets.ts";
import { Webhooks } from "./webhooks.ts";

const CONTENT = { title: "Thanks, {{name}}", body: "Your order {{order}} is on its way." };
const TEMPLATE_KEY = "order";
const CHANNEL_KEYS = ["in-app", "push"];
const USERS = 2000;
export const SOCKET_USERS = 50;
export const BATCH_TARGETS = 1000;
const CALL_TIMEOUT_MS = 30_000;
const API = "/v3/business-messaging/api";

/** An app with an in-app and a push channel, some users with devices, and some with an open socket. */
export class SoakApp {
  readonly sockets: Sockets;
  readonly #webhooks: Webhooks;
  readonly batches: string[] = [];
  readonly #client: OnecallClient;
  readonly #tokens = new Map<string, string>();

  private constructor(client: OnecallClient, webhooks: Webhooks) {
    this.#client = client;
    this.#webhooks = webhooks;
    this.sockets = new Sockets(client.url);
  }

  static async create(url: string, credentials: object, devices: readonly Device[]): Promise<SoakApp> {
    const client = await OnecallClient.createEmpty(url);
    const [inApp, push] = CHANNEL_KEYS;
    await client.call("POST", "/channels", { key: inApp, name: "In-app", type: "in_app" });
    await client.call("POST", "/channels", { key: push, name: "Push", type: "push", providers: credentials });
    await client.call("POST", "/templates", {
      key: TEMPLATE_KEY,
      name: "Order",
      channelKeys: CHANNEL_KEYS,
      content: Object.fromEntries(CHANNEL_KEYS.map((key) => [key, CONTENT])),
      variableSchema: { name: { type: "string" }, order: { type: "string" } },
    });
    await client.call("PUT", `/templates/${TEMPLATE_KEY}`, { status: "approved" });
    const webhooks = await Webhooks.listen();
    await client.call("POST", "/webhooks", { url: webhooks.url, events: ["notification.completed"] });
    const app = new SoakApp(client, webhooks);
    for (const [index, device] of devices.entries()) {
      await app.#call(
        "POST",
        `/v3/business-messaging/api/users/${userAt(index)}/devices`,
        client.headers,
        device,
      );
    }
    for (let index = 0; index < SOCKET_USERS; index++) {
      await app.sockets.open(socketUserAt(index), await app.#tokenOf(socketUserAt(index)));
    }
    // Has a target in every shard: none is made later, while something is measured.
    await app.sendBatch();
    return app;
  }

  async sendRealtime(user: string): Promise<string> {
    return this.#send({
      template: { key: TEMPLATE_KEY, variables: { name: "Jane", order: "ORD-1" } },
      targets: [user],
      mode: "realtime",
      tag: "orders",
    });
  }

  /** Resolves when the app's server has heard that it is completed. */
  async sendToWebhook(user: string): Promise<void> {
    await this.#webhooks.arrival(await this.sendRealtime(user));
  }

  close(): void {
    this.sockets.close();
    this.#webhooks.close();
  }

  async sendBatch(): Promise<void> {
    const targets = Array.from({ length: BATCH_TARGETS }, (_, index) => userAt(index));
    const variables = targets.map((user, index) => [user, { name: `Jane ${index}`, order: `ORD-${index}` }]);
    const id = await this.#send({
      template: { key: TEMPLATE_KEY, variables: Object.fromEntries(variables) },
      targets,
      mode: "batch",
      tag: "orders",
    });
    this.batches.push(id);
  }

  async readFeed(user: string): Promise<void> {
    const headers = { authorization: `Bearer ${await this.#tokenOf(user)}` };
    await this.#call("GET", `${API}/feed?limit=20`, headers);
  }

  /** What is wrong with the batches that were sent, once all have had time to end. */
  async listWrongBatches(): Promise<string[]> {
    const wrong: string[] = [];
    type Read = { state: string; counts: Record<string, { total: number; pending: number }> };
    for (const id of this.batches) {
      const { state, counts } = await this.#client.call<Read>("GET", `/notifications/${id}`);
      const isWhole = Object.values(counts).every(
        ({ total, pending }) => total === BATCH_TARGETS && pending === 0,
      );
      if (state !== "completed" || !isWhole) wrong.push(`${id} is ${state}: ${JSON.stringify(counts)}`);
    }
    return wrong;
  }

  async #send(body: object): Promise<string> {
    const path = this.#client.sendPath;
    const { notificationId } = await this.#call<{ notificationId: string }>(
      ...(["POST", path, this.#client.headers, body] as const),
    );
    return notificationId;
  }

  async #tokenOf(user: string): Promise<string> {
    const known = this.#tokens.get(user);
    if (known !== undefined) return known;
    const path = `/v3/business-messaging/api/users/${user}/auth_tokens`;
    const { authToken } = await this.#call<{ authToken: string }>("POST", path, this.#client.headers, {});
    this.#tokens.set(user, authToken);
    return authToken;
  }

  async #call<T>(method: string, path: string, headers: Record<string, string>, body?: object): Promise<T> {
    const response = await fetch(`${this.#client.url}${path}`, {
      method,
      headers: { ...headers, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}

/** Those with a device come first. */
export function userAt(index: number): string {
  return `user-${index % USERS}`;
}

export function socketUserAt(index: number): string {
  return `socket-${index % SOCKET_USERS}`;
}
