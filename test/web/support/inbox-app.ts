import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { TestWorker } from "../../support/worker/start.ts";

const API = "/v3/business-messaging/api";

const AT_ONCE = 8;

/** An app with an in-app channel, whose templates show whatever a test wants. */
export class InboxApp {
  readonly #worker: TestWorker;
  readonly #headers: Record<string, string>;
  #templates = 0;

  private constructor(worker: TestWorker, headers: Record<string, string>) {
    this.#worker = worker;
    this.#headers = headers;
  }

  static async create(worker: TestWorker): Promise<InboxApp> {
    const admin = { authorization: `Bearer ${worker.adminToken}` };
    const made = await call(worker.url, "POST", "/admin/apps", admin, { name: "Shop" });
    const app = new InboxApp(worker, { appid: made.id, apikey: made.apiKey });
    await app.#manage("POST", "/channels", { name: "In-app alerts", key: "in-app-alerts", type: "in_app" });
    await app.#addTemplate(
      "message",
      { title: "{{title}}", body: "{{body}}" },
      { title: "string", body: "string" },
    );
    return app;
  }

  /** A realtime send of a title and a body; returns the notification's id. */
  async send(userId: string, title: string, fields: { body?: string; tag?: string } = {}): Promise<string> {
    const variables = { title, body: fields.body ?? `About ${title}` };
    return this.#send("message", userId, variables, fields.tag);
  }

  /** A realtime send of content that is as it is. */
  async sendContent(userId: string, content: object, tag?: string): Promise<string> {
    const key = `content-${++this.#templates}`;
    await this.#addTemplate(key, content, {});
    return this.#send(key, userId, {}, tag);
  }

  /** Sends so many to a user: "Number 1", "Number 2" … in about this order. */
  async sendMany(userId: string, count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const sendNext = async (): Promise<void> => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        await this.send(userId, `Number ${number}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
  }

  async tokenFor(userId: string, expiresInSeconds?: number): Promise<string> {
    const body = expiresInSeconds === undefined ? {} : { expiresInSeconds };
    return (await this.#manage("POST", `/users/${userId}/auth_tokens`, body)).authToken;
  }

  async deleteUser(userId: string): Promise<void> {
    await this.#manage("DELETE", `/users/${userId}`);
  }

  /** The status that the feed answers a token with. */
  async statusWith(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${this.#worker.url}${API}/feed`, { headers })).status;
  }

  /** The counts of a notification's in-app channel. */
  async countsOf(notificationId: string): Promise<{ viewed: number; clicked: number }> {
    return (await this.#manage("GET", `/notifications/${notificationId}`)).counts["in-app-alerts"];
  }

  /** Marks an item as another client of the user does. */
  async markViewed(userId: string, notificationId: string): Promise<void> {
    const headers = { authorization: `Bearer ${await this.tokenFor(userId)}` };
    await call(this.#worker.url, "POST", `${API}/feed/${notificationId}/viewed`, headers, {});
  }

  /** Resolves when a notification's view is counted. */
  async untilViewed(notificationId: string): Promise<void> {
    while ((await this.countsOf(notificationId)).viewed === 0) await delay(50);
  }

  async #send(key: string, userId: string, variables: object, tag?: string): Promise<string> {
    const body = { template: { key, variables }, targets: [userId], mode: "realtime", tag };
    return (await this.#manage("POST", "/notifications/send", body)).notificationId;
  }

  async #addTemplate(key: string, content: object, variables: Record<string, string>): Promise<void> {
    const variableSchema = Object.fromEntries(
      Object.entries(variables).map(([name, type]) => [name, { type }]),
    );
    await this.#manage("POST", "/templates", {
      ...{
        key,
        name: key,
        channelKeys: ["in-app-alerts"],
        content: { "in-app-alerts": content },
        variableSchema,
      },
    });
    await this.#manage("PUT", `/templates/${key}`, { status: "approved" });
  }

  #manage(method: string, path: string, body?: object) {
    return call(this.#worker.url, method, API + path, this.#headers, body);
  }
}

async function call(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
) {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}
