import { describe, expect, it } from "vitest";
import { Onecall } from "../../src/client/index.ts";
import { call } from "../support/api.ts";

/** Vendors' forms of calls that the client has in Onecall's own: their callers have the vendors' clients. */
const VENDORS = ["Platform", "Campaigns", "CometChat users", "Sendbird users"];

/** Every method of every area, once. */
const EVERY_METHOD = {
  notifications: ({ notifications }: Onecall) => [
    notifications.send("welcome", {}, { to: "{}" }),
    notifications.sendBatch("welcome", ["{}"]),
    notifications.sendFile("welcome", "{}"),
    notifications.list(),
    notifications.get("{}"),
    notifications.retry("{}"),
    notifications.watch("{}"),
    notifications.deliveries("{}"),
    notifications.exportDeliveries("{}"),
  ],
  templates: ({ templates }: Onecall) => [
    templates.list(),
    templates.create({ name: "Welcome", channelKeys: ["in-app"] }),
    templates.get("{}"),
    templates.update("{}", { name: "Welcome" }),
    templates.approve("{}"),
    templates.versions("{}"),
    templates.version("{}", 1),
    templates.preview("{}", {}),
  ],
  channels: ({ channels }: Onecall) => [
    channels.list(),
    channels.create({ name: "In-app", type: "in_app" }),
    channels.availability(),
    channels.get("{}"),
    channels.update("{}", { enabled: true }),
    channels.test("{}", { userId: "{}" }),
    channels.rotateSecret("{}"),
  ],
  files: ({ files }: Onecall) => [
    files.upload("user_id\njane\n", { key: "{}" }),
    files.presign("{}"),
    files.list(),
    files.get("{}"),
    files.download("{}"),
    files.delete("{}"),
  ],
  users: ({ users }: Onecall) => [
    users.list(),
    users.count(),
    users.create({ uid: "{}" }),
    users.get("{}"),
    users.update("{}", {}),
    users.delete("{}"),
    users.createToken("{}"),
    users.createReadOnlyToken("{}"),
    users.revokeTokens("{}"),
    users.getWebhookAddress("{}"),
    users.setWebhookAddress("{}", { url: "https://example.com" }),
    users.deleteWebhookAddress("{}"),
  ],
  devices: ({ devices }: Onecall) => [
    devices.list("{}"),
    devices.register("{}", { provider: "fcm", token: "t" }),
    devices.delete("{}", "{}"),
  ],
  analytics: ({ analytics }: Onecall) => {
    const days = { from: "2026-11-01", to: "2026-11-02" };
    return [
      analytics.record({ userId: "{}", channelType: "in_app", eventType: "viewed" }),
      analytics.channels(days),
      analytics.template("{}", days),
      analytics.tag("{}", days),
      analytics.notification("{}"),
      analytics.user("{}"),
    ];
  },
  webhooks: ({ webhooks }: Onecall) => [
    webhooks.list(),
    webhooks.create({ url: "https://example.com", events: [] }),
    webhooks.get("{}"),
    webhooks.update("{}", { enabled: true }),
    webhooks.delete("{}"),
    webhooks.rotateSecret("{}"),
    webhooks.test("{}"),
    webhooks.attempts("{}"),
    webhooks.recover("{}", { since: "2026-11-01" }),
    webhooks.resend("{}", "{}"),
  ],
  auditLog: ({ auditLog }: Onecall) => [auditLog.list()],
  feed: ({ feed }: Onecall) => [
    feed.list(),
    feed.unreadCount(),
    feed.markViewed("{}"),
    feed.markClicked("{}"),
    feed.markItemsViewed({ items: [{ notificationId: "{}" }] }),
    feed.markAllViewed(),
    feed.socketTicket(),
    feed.socketUrl(),
    feed.pushKeys(),
    feed.devices(),
    feed.registerDevice({ provider: "fcm", token: "t" }),
    feed.deleteDevice("{}"),
  ],
  admin: ({ admin }: Onecall) => [
    admin.apps(),
    admin.createApp({ name: "Shop" }),
    admin.app("{}"),
    admin.updateApp("{}", { quotas: {} }),
    admin.deleteApp("{}", { name: "Shop" }),
    admin.erasure("{}"),
    admin.keys("{}"),
    admin.createKey("{}", { name: "key", scopes: ["send"] }),
    admin.key("{}", "{}"),
    admin.revokeKey("{}", "{}"),
    admin.createSignInCode("{}"),
    admin.rotateRootSecret("{}"),
    admin.status(),
    admin.appStatus("{}"),
    admin.checkCounts("{}", "{}"),
  ],
  session: ({ session }: Onecall) => [
    session.signIn({ token: "t" }),
    session.get(),
    session.signOut(),
    session.openApp({ app: "{}" }),
  ],
  service: ({ service }: Onecall) => [service.info(), service.health(), service.openApi(), service.docs()],
};

const DOCS = import.meta.glob<string>("../../docs/client.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

interface Operation {
  operationId: string;
  tags: string[];
}

/** `METHOD /path/{}` of every operation of the document that isn't a vendor's, nor another path of one. */
async function listOperations(): Promise<string[]> {
  const { body } = await call("GET", "/openapi.json");
  const paths: Record<string, Record<string, Operation>> = body.paths;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => !tags.some((tag) => VENDORS.includes(tag)))
      .filter(([, { operationId }]) => !operationId.endsWith("Too"))
      .map(
        ([method]) =>
          `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "{}").replace("versions/{}", "versions/1")}`,
      ),
  );
}

/** What any call is content with. */
const ANSWER = {
  data: [],
  nextCursor: null,
  state: "completed",
  ticket: "t",
  url: "https://onecall.test/form",
  fields: {},
};

/** What the client's methods call, each once. */
async function listCalls(): Promise<Set<string>> {
  const calls = new Set<string>();
  const fetch = async (url: string, { method }: RequestInit): Promise<Response> => {
    calls.add(`${method} ${decodeURIComponent(new URL(url).pathname)}`);
    return url.endsWith("/progress")
      ? new Response(`data: ${JSON.stringify(ANSWER)}\n\n`)
      : Response.json(ANSWER);
  };
  const client = new Onecall({ url: "https://onecall.test", fetch });
  for (const callAll of Object.values(EVERY_METHOD)) {
    for (const result of await Promise.all(callAll(client))) {
      if (typeof result === "string" && result.startsWith("ws")) calls.add(`GET ${new URL(result).pathname}`);
      if (typeof result !== "object" || !(Symbol.asyncIterator in result)) continue;
      for await (const item of result) expect(item).toEqual(expect.anything());
    }
  }
  return calls;
}

describe("the client", () => {
  it("reaches every operation of the document but the vendors'", async () => {
    const operations = await listOperations();
    expect(operations.length).toBeGreaterThan(75);
    const calls = await listCalls();
    expect(operations.filter((operation) => !calls.has(operation))).toEqual([]);
  });

  it("calls nothing that the document hasn't", async () => {
    const operations = [...(await listOperations()), "POST /form"];
    expect([...(await listCalls())].filter((one) => !operations.includes(one))).toEqual([]);
  });

  it("has no method that isn't called here", () => {
    const client = new Onecall({ url: "https://onecall.test" });
    for (const [name, area] of Object.entries(client)) {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(area)).filter(
        (one) => one !== "constructor",
      );
      const source = String(EVERY_METHOD[name as keyof typeof EVERY_METHOD]);
      expect(methods.filter((method) => !source.includes(`${name}.${method}(`))).toEqual([]);
    }
  });

  it("has every method in docs/client.md", () => {
    const [text = ""] = Object.values(DOCS);
    for (const [name, area] of Object.entries(new Onecall({ url: "https://onecall.test" }))) {
      const [, row = ""] = new RegExp(`\\*\\*\`${name}\`\\*\\*(.*?)\\n(?:- |\\n)`, "s").exec(text) ?? [];
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(area)).filter(
        (one) => one !== "constructor",
      );
      expect(methods.filter((method) => !new RegExp(`\`${method}[(\`]`).test(row))).toEqual([]);
    }
  });
});
