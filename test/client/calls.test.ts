import { describe, expect, it } from "vitest";
import { type LogEntry, Onecall, OnecallError } from "../../src/client/index.ts";
import { ADMIN_TOKEN, createApp, createReadyApp } from "../support/api.ts";
import { clientOf } from "../support/client.ts";

const VARIABLES = { customerName: "Jane", orderId: "A-1" };

/** A client whose calls get these answers, and what it called. */
function scripted(answers: readonly Response[], options = {}) {
  const calls: { url: string; init: RequestInit }[] = [];
  const left = [...answers];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    calls.push({ url, init });
    return left.shift() ?? Response.json({ data: [], nextCursor: null });
  };
  return { client: new Onecall({ url: "https://onecall.test/", apiKey: "key", fetch, ...options }), calls };
}

const refusal = (status: number, code: string, headers: HeadersInit = {}): Response =>
  Response.json({ error: { code, message: "No", devMessage: "No" } }, { status, headers });

describe("a list", () => {
  it("reads page after page, each when the loop gets there", async () => {
    const app = await createApp();
    const paths: string[] = [];
    const client = clientOf(app, [], { log: ({ path }) => paths.push(path) });
    for (const name of ["a", "b", "c", "d", "e"]) await client.channels.create({ name, type: "in_app" });
    for (const uid of ["u1", "u2", "u3", "u4", "u5"]) await client.users.create({ uid, name: uid });
    const uids: string[] = [];
    paths.length = 0;
    for await (const { uid } of client.users.list({ limit: 2 })) {
      uids.push(uid);
      expect(paths).toHaveLength(Math.ceil(uids.length / 2));
    }
    expect(uids.sort()).toEqual(["u1", "u2", "u3", "u4", "u5"]);
    const first = await client.users.list({ limit: 2 }).page();
    const second = await client.users.list({ limit: 2, cursor: first.nextCursor ?? "" }).page();
    expect(second.data).toHaveLength(2);
    const sizes: number[] = [];
    for await (const page of client.users.list({ limit: 4 }).pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([4, 1]);
  });

  it("goes on behind an empty page", async () => {
    const pages = [
      { data: [], nextCursor: "a" },
      { data: [{ id: "1" }], nextCursor: null },
    ];
    const { client } = scripted(pages.map((page) => Response.json(page)));
    const found = [];
    for await (const { id } of client.notifications.list()) found.push(id);
    expect(found).toEqual(["1"]);
  });
});

describe("an error", () => {
  it("has code, status, details and request id of the service's refusal", async () => {
    const app = await createReadyApp();
    const error: unknown = await clientOf(app)
      .notifications.send("order-confirmation", { customerName: "Jane" }, { to: "jane" })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OnecallError);
    expect(error).toMatchObject({
      code: "ERR_INVALID_VARIABLES",
      status: 400,
      retryable: false,
      details: { "template.variables.orderId": expect.stringContaining("required") },
      requestId: expect.stringMatching(/^[\w.-]+$/),
    });
  });

  it("says that an answer isn't Onecall's, and doesn't follow a redirect with the key", async () => {
    const { client, calls } = scripted([
      new Response(null, { status: 302, headers: { location: "https://elsewhere.test/" } }),
    ]);
    const sent = client.notifications.send("welcome", {}, { to: "jane" });
    await expect(sent).rejects.toMatchObject({
      code: "ERR_UNREADABLE",
      status: 302,
      message: expect.stringContaining("https://elsewhere.test/"),
    });
    expect(calls.map(({ init }) => init.redirect)).toEqual(["manual"]);
  });

  it("comes at once where more than a minute of patience is asked for", async () => {
    const { client, calls } = scripted([refusal(429, "ERR_TOO_MANY_REQUESTS", { "retry-after": "61" })]);
    await expect(client.users.get("jane")).rejects.toMatchObject({ status: 429, retryable: true });
    expect(calls).toHaveLength(1);
  });

  it("is the last one, after the tries that were allowed", async () => {
    const { client, calls } = scripted(
      Array.from({ length: 5 }, () => refusal(503, "ERR_UNAVAILABLE")),
      { maxRetries: 1 },
    );
    await expect(client.users.get("jane")).rejects.toMatchObject({
      code: "ERR_UNAVAILABLE",
      retryable: true,
    });
    expect(calls).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 409, 413, 500, 507])("isn't tried again: %d", async (status) => {
    const { client, calls } = scripted([refusal(status, "ERR_X")]);
    await expect(client.users.get("jane")).rejects.toMatchObject({ status, code: "ERR_X", retryable: false });
    expect(calls).toHaveLength(1);
  });
});

describe("a call", () => {
  it("waits as long as Retry-After says, and a random part more", async () => {
    const entries: LogEntry[] = [];
    const { client } = scripted([refusal(429, "ERR_TOO_MANY_REQUESTS", { "retry-after": "1" })], {
      log: (entry: LogEntry) => entries.push(entry),
    });
    await client.users.list().page();
    expect(entries.map(({ attempt, code }) => [attempt, code])).toEqual([
      [1, "ERR_TOO_MANY_REQUESTS"],
      [2, null],
    ]);
    expect(entries[0]?.retryInMs).toBeGreaterThanOrEqual(1000);
    expect(entries[0]?.retryInMs).toBeLessThanOrEqual(1500);
  });

  it("ends with its signal's reason, also in a pause", async () => {
    const { client } = scripted([refusal(503, "ERR_UNAVAILABLE", { "retry-after": "50" })]);
    const controller = new AbortController();
    const got = client.users.get("jane", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("The page was left")));
    await expect(got).rejects.toThrow("The page was left");
  });

  it("asks for a credential that is a function before each try", async () => {
    let asked = 0;
    const { client, calls } = scripted([refusal(503, "ERR_UNAVAILABLE")], {
      apiKey: async () => `key-${++asked}`,
    });
    await client.users.list().page();
    expect(calls.map(({ init }) => new Headers(init.headers).get("apikey"))).toEqual(["key-1", "key-2"]);
  });

  it("has no credential where none was given: a page's cookie says who calls", async () => {
    const calls: RequestInit[] = [];
    const fetch = async (_: string, init: RequestInit): Promise<Response> => {
      calls.push(init);
      return Response.json({ data: [], nextCursor: null });
    };
    const client = new Onecall({ url: "https://onecall.test", fetch });
    await client.channels.list().page();
    expect(calls[0]?.headers).toEqual({});
  });

  it.each(["", ".", ".."])("refuses the id %j, which would be another path", (id) => {
    const { client, calls } = scripted([]);
    expect(() => client.users.delete(id)).toThrow(TypeError);
    expect(calls).toEqual([]);
  });

  it("encodes ids", async () => {
    const app = await createApp();
    const { users } = clientOf(app);
    await users.create({ uid: "a/b?c#d%é", name: "Odd" });
    expect(await users.get("a/b?c#d%é")).toMatchObject({ name: "Odd" });
  });
});

describe("credentials", () => {
  it("that are empty are told by the constructor", () => {
    const options = { url: "https://onecall.test", apiKey: undefined };
    expect(() => new Onecall(options)).toThrow("apiKey is empty");
    expect(() => new Onecall({ url: "" })).toThrow("url is empty");
    expect(() => new Onecall({})).toThrow("url is needed");
  });

  it("and other secrets are in no line of the log, nor in the client when it is printed", async () => {
    const app = await createReadyApp();
    const lines: string[] = [];
    const log = (entry: LogEntry) => {
      lines.push(JSON.stringify(entry));
      throw new Error("A log that fails changes nothing");
    };
    const client = clientOf(app, [], { log, adminToken: ADMIN_TOKEN });
    const { secret } = await client.webhooks.create({
      url: "https://example.com",
      events: ["delivery.failed"],
    });
    const { authToken } = await client.users.createToken("jane");
    const { apiKey } = await client.admin.createKey(app.id, { name: "another", scopes: ["read"] });
    await client.notifications.send("order-confirmation", VARIABLES, {
      to: "jane",
      idempotencyKey: "once only",
    });
    await client.users.list({ searchKey: "private words" }).page();
    const feed = clientOf(app, [], { log, userToken: authToken });
    await feed.feed.list().page();
    await feed.feed.socketUrl();
    expect(lines.length).toBeGreaterThanOrEqual(7);
    const printed = [...lines, JSON.stringify(client), String(client)].join("\n");
    const secrets = [
      app.apiKey,
      ADMIN_TOKEN,
      secret,
      authToken,
      apiKey,
      "once only",
      "private words",
      "Jane",
    ];
    expect(secrets.filter((one) => printed.includes(one))).toEqual([]);
  });
});
