import { ADMIN_TOKEN } from "./workers.ts";

const API = "/v3/business-messaging/api";

export interface Counts {
  total: number;
  delivered: number;
  pending: number;
}

/** An app that is ready to send, as any client would set it up. */
export class OnecallClient {
  readonly url: string;
  readonly headers: Record<string, string>;

  private constructor(url: string, appId: string, apiKey: string) {
    this.url = url;
    this.headers = { appid: appId, apikey: apiKey, "content-type": "application/json" };
  }

  static async create(url: string): Promise<OnecallClient> {
    const response = await fetch(`${url}/admin/apps`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "Bench" }),
    });
    const { id, apiKey } = (await response.json()) as { id: string; apiKey: string };
    const client = new OnecallClient(url, id, apiKey);
    await client.call("POST", "/channels", { name: "In-app alerts", type: "in_app" });
    await client.call("POST", "/templates", {
      name: "Order confirmation",
      channelKeys: ["in-app-alerts"],
      content: {
        "in-app-alerts": { title: "Thanks, {{customerName}}", body: "Your order {{orderId}} is on its way." },
      },
      variableSchema: { customerName: { type: "string" }, orderId: { type: "string" } },
    });
    await client.call("PUT", "/templates/order-confirmation", { status: "approved" });
    return client;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${API}${path}`, {
      method,
      headers: this.headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
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
