import { describe, expect, it } from "vitest";
import type { LogEntry, Notification, Onecall } from "../../src/client/index.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { clientOf, type Way } from "../support/client.ts";

/** What may happen to a call and its answer. In all but the first two, the Worker has done what it was asked. */
const FAULTS: Record<string, Way> = {
  "503, before anything was done": async () => unavailable(),
  "429": async () =>
    Response.json(
      { error: { code: "ERR_TOO_MANY_REQUESTS", message: "Too many", devMessage: "" } },
      { status: 429, headers: { "retry-after": "0" } },
    ),
  "503, after it was done": async (pass) => {
    await pass();
    return unavailable();
  },
  "a proxy's page": async (pass) => {
    await pass();
    return new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
  },
  "a lost answer": async (pass) => {
    await pass();
    throw new TypeError("fetch failed");
  },
  "an answer that ends in its middle": async (pass) => withBody(await pass(), (text) => text.slice(0, 20)),
  "a body that is cut off": async (pass) => {
    const text = await (await pass()).text();
    return new Response(
      streamOf(text.slice(0, 20), (controller) => controller.error(new TypeError("terminated"))),
    );
  },
  "a body that doesn't end": async (pass) => {
    const text = await (await pass()).text();
    return new Response(streamOf(text.slice(0, 20), () => {}));
  },
};

const unavailable = (): Response =>
  Response.json(
    { error: { code: "ERR_UNAVAILABLE", message: "A moment", devMessage: "" } },
    { status: 503, headers: { "retry-after": "0" } },
  );

async function withBody(response: Response, change: (text: string) => string): Promise<Response> {
  return new Response(change(await response.text()), response);
}

function streamOf(text: string, end: (controller: ReadableStreamDefaultController) => void): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      end(controller);
    },
  });
}

const CSV = "user_id,customerName,orderId\njane,Jane,A-1\nbob,Bob,A-2\n";
const VARIABLES = { customerName: "Jane", orderId: "A-1" };

/** Each kind of send, and how many it is for. */
const SENDS: Record<
  string,
  { total: number; send: (client: Onecall) => Promise<{ notificationId: string }> }
> = {
  send: {
    total: 1,
    send: ({ notifications }) =>
      notifications.send("order-confirmation", VARIABLES, { to: "jane", tag: "faults" }),
  },
  sendBatch: {
    total: 2,
    send: ({ notifications }) =>
      notifications.sendBatch("order-confirmation", { jane: VARIABLES, bob: VARIABLES }, { tag: "faults" }),
  },
  sendFile: {
    total: 2,
    send: ({ notifications }) =>
      notifications.sendFile("order-confirmation", "targets.csv", { tag: "faults" }),
  },
};

async function listSent(app: TestApp): Promise<Notification[]> {
  const found: Notification[] = [];
  for await (const notification of clientOf(app).notifications.list({ tag: "faults" }))
    found.push(notification);
  return found;
}

describe.each(Object.keys(SENDS))("%s", (kind) => {
  it.each(Object.keys(FAULTS))("sends once: %s", async (fault) => {
    const app = await createReadyApp();
    await clientOf(app).files.upload(CSV, { key: "targets.csv" });
    const { total, send } = SENDS[kind] ?? { total: 0, send: () => Promise.reject() };
    const way = FAULTS[fault] ?? (() => Promise.reject());
    const tries: LogEntry[] = [];
    // Twice, so that the second try is told of the fault too.
    const client = clientOf(app, [way, way], {
      timeoutMs: 1000,
      maxRetries: 10,
      log: (entry) => tries.push(entry),
    });
    const { notificationId } = await send(client);
    expect(tries.filter(({ code }) => code !== null).length).toBeGreaterThanOrEqual(2);
    for await (const { state } of client.notifications.watch(notificationId))
      expect(state).toMatch(/sending|completed/);
    const sent = await listSent(app);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      id: notificationId,
      counts: { "in-app-alerts": { total, delivered: total } },
    });
    const feed = await (await app.asUser("jane"))("GET", "/feed");
    expect(feed.body.data).toHaveLength(1);
  });
});

describe("a call that can't be made twice", () => {
  it.each(Object.keys(FAULTS))("is made once: %s", async (fault) => {
    const app = await createReadyApp();
    const client = clientOf(app, [FAULTS[fault] ?? (() => Promise.reject())], { timeoutMs: 1000 });
    const created = client.webhooks.create({
      url: "https://example.com/hook",
      events: ["notification.completed"],
    });
    const outcome = await created.then(
      () => "created",
      (error) => error,
    );
    if (fault === "429") expect(outcome).toBe("created");
    else expect(outcome).toMatchObject({ name: "OnecallError", retryable: false });
    const { data } = await client.webhooks.list().page();
    expect(data).toHaveLength(fault === "503, before anything was done" ? 0 : 1);
  });
});

it("two calls with one key are one send, also at once", async () => {
  const app = await createReadyApp();
  const { notifications } = clientOf(app);
  const options = { to: "jane", tag: "faults", idempotencyKey: "order A-1" };
  const sent = await Promise.all(
    [1, 2, 3].map(() => notifications.send("order-confirmation", VARIABLES, options)),
  );
  expect(new Set(sent.map(({ notificationId }) => notificationId)).size).toBe(1);
  expect(await listSent(app)).toHaveLength(1);
});
