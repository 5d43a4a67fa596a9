import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  type Body,
  createApp,
  createReadyApp,
  createTemplate,
  TEST_SHARDS,
  type TestApp,
} from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, sendToMany } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const dayOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 10);
const today = dayOf(Date.now());
const yesterday = dayOf(Date.now() - DAY_MS);

const read = async (app: TestApp, path: string, query = `?from=${today}&to=${today}`): Promise<Body> => {
  const answer = await app.api("GET", `/analytics/${path}${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};

/** The series as soon as the shards have reported this much of it. */
const readUntil = (app: TestApp, path: string, expected: object[], query?: string): Promise<Body> =>
  vi.waitFor(async () => {
    const found = await read(app, path, query);
    expect(found).toMatchObject(expected);
    return found;
  }, PATIENTLY);

describe("series", () => {
  let app: TestApp;
  let ids: string[];

  beforeAll(async () => {
    const account = await createPushApp(["fcm"]);
    app = account.app;
    await createTemplate(app, {
      key: "other",
      channelKeys: ["in-app-alerts"],
      content: { "in-app-alerts": { text: "Hi" } },
      variableSchema: {},
    });
    await addDevices(account, "mia", "fcm");
    ids = [
      await sendToMany(app, ["mia", "leo"], { tag: "spring/sale 1" }),
      await sendToMany(app, ["mia"]),
      (await app.send({ template: { key: "other" }, targets: ["ada"], mode: "realtime", tag: "spring" })).body
        .notificationId,
    ];
    for (const id of ids) await waitUntilCompleted(app, id);
    for (const eventType of ["viewed", "clicked"]) {
      const event = { notificationId: ids[0], userId: "mia", channelType: "in_app", eventType };
      await app.api("POST", "/analytics/events", event);
    }
  });

  it("by channel are the vendor's shape, without gaps", async () => {
    const query = `?from=${yesterday}&to=${today}&granularity=daily`;
    const found = await readUntil(
      app,
      "channels",
      [
        { channelType: "in_app", delivered: 4, viewed: 1, clicked: 1 },
        { channelType: "push", delivered: 2, viewed: 0, clicked: 0 },
      ],
      query,
    );
    expect(found[0]).toEqual({
      channelType: "in_app",
      delivered: 4,
      viewed: 1,
      clicked: 1,
      timeSeries: [
        { date: yesterday, delivered: 0, viewed: 0, clicked: 0 },
        { date: today, delivered: 4, viewed: 1, clicked: 1 },
      ],
    });
  });

  it("by the hour", async () => {
    const hour = new Date().toISOString().slice(0, 13);
    const query = `?from=${yesterday}T22:10:00Z&to=${hour}:59:00Z&granularity=hourly`;
    const [inApp] = await readUntil(app, "channels", [{ delivered: 4 }, { delivered: 2 }], query);
    expect(inApp.timeSeries[0].date).toBe(`${yesterday}T22:00:00Z`);
    expect(inApp.timeSeries.at(-1).date).toBe(`${hour}:00:00Z`);
    const sum = inApp.timeSeries.reduce((total: number, { delivered }: Body) => total + delivered, 0);
    expect(sum).toBe(4);
  });

  it("by template, tag and notification", async () => {
    await readUntil(app, "templates/order", [{ delivered: 3, viewed: 1 }, { delivered: 2 }]);
    await readUntil(app, "templates/other", [{ delivered: 1, viewed: 0 }, { delivered: 0 }]);
    await readUntil(app, "tags/spring", [{ delivered: 1 }, { delivered: 0 }]);
    await readUntil(app, "tags/spring%2Fsale%201", [
      { delivered: 2, viewed: 1, clicked: 1 },
      { delivered: 1 },
    ]);
    await readUntil(app, `notifications/${ids[0]}`, [{ delivered: 2, viewed: 1 }, { delivered: 1 }], "");
    await readUntil(app, `notifications/${ids[1]}`, [{ delivered: 1, viewed: 0 }, { delivered: 1 }]);
    expect(await read(app, "tags/none")).toMatchObject([{ delivered: 0 }, { delivered: 0 }]);
    const before = `?from=${yesterday}&to=${yesterday}`;
    expect(await read(app, `notifications/${ids[0]}`, before)).toMatchObject([
      { delivered: 0 },
      { delivered: 0 },
    ]);
    expect(await read(app, "channels", before)).toMatchObject([{ delivered: 0 }, { delivered: 0 }]);
    expect((await app.api("GET", `/analytics/templates/none?from=${today}&to=${today}`)).status).toBe(404);
  });

  it("add nothing when a flush is repeated", async () => {
    const before = await readUntil(app, "channels", [{ delivered: 4, viewed: 1 }, { delivered: 2 }]);
    for (let shard = 0; shard < TEST_SHARDS; shard++) {
      const stub = env.USER_SHARD.getByName(`${app.id}:${shard}`);
      // As if the answers to the last reports had been lost.
      await runInDurableObject(stub, (_, { storage }) =>
        storage.sql.exec("UPDATE notifications SET reported_version = 0"),
      );
      await stub.flush();
    }
    expect(await read(app, "channels")).toEqual(before);
  });

  it.each([
    ["", ["from", "to"]],
    ["?from=yesterday&to=2026-02-30", ["from", "to"]],
    ["?from=2026-01-02&to=2026-01-01", ["to"]],
    ["?from=2026-01-01&to=2026-01-02&granularity=weekly", ["granularity"]],
    ["?from=2025-01-01&to=2026-12-31", ["to"]],
    ["?from=2026-01-01&to=2026-02-28&granularity=hourly", ["to"]],
  ])("refuse %j", async (query, fields) => {
    const { status, body } = await app.api("GET", `/analytics/channels${query}`);
    expect(status).toBe(400);
    expect(Object.keys(body.error.details).sort()).toEqual(fields);
  });
});

describe("a user's analytics", () => {
  it("are a summary and pages of notifications, newest first", async () => {
    const account = await createPushApp(["fcm"]);
    const { app } = account;
    await addDevices(account, "mia", "fcm");
    const ids = [await sendToMany(app, ["mia", "leo"]), await sendToMany(app, ["mia"])];
    for (const id of ids) await waitUntilCompleted(app, id);
    const event = { notificationId: ids[0], userId: "mia", channelType: "push", eventType: "clicked" };
    await app.api("POST", "/analytics/events", event);
    const first = await read(app, "users/mia", "?limit=3");
    expect(first).toMatchObject({ userId: "mia", summary: { delivered: 4, viewed: 1, clicked: 1 } });
    const second = await read(app, "users/mia", `?limit=3&cursor=${first.nextCursor}`);
    expect(second.nextCursor).toBe(null);
    const all: Body[] = [...first.notifications, ...second.notifications];
    expect(all.map(({ notificationId, channelType }) => [notificationId, channelType])).toEqual([
      [ids[1], "push"],
      [ids[1], "in_app"],
      [ids[0], "push"],
      [ids[0], "in_app"],
    ]);
    expect(all[2]).toEqual({
      notificationId: ids[0],
      templateName: "order",
      templateKey: "order",
      status: "delivered",
      reason: null,
      message: null,
      channelType: "push",
      channelKey: "mobile-push",
      delivered: true,
      viewed: true,
      clicked: true,
      deliveredAt: expect.any(String),
      viewedAt: expect.any(String),
      clickedAt: expect.any(String),
    });
    const leo = await read(app, "users/leo", "");
    expect(leo.summary).toEqual({ delivered: 1, viewed: 0, clicked: 0 });
    expect(leo.notifications).toMatchObject([
      { status: "skipped", reason: "no_device", delivered: false },
      { status: "delivered", reason: null, delivered: true },
    ]);
  });

  it("are empty for who never got anything", async () => {
    const app = await createApp();
    expect(await read(app, "users/nobody", "")).toEqual({
      userId: "nobody",
      summary: { delivered: 0, viewed: 0, clicked: 0 },
      notifications: [],
      nextCursor: null,
    });
  });
});

it("has a point for each channel type that an app has, before anything was sent", async () => {
  const app = await createReadyApp();
  const found = await read(app, "channels");
  expect(found.map(({ channelType }: Body) => channelType)).toEqual(["in_app", "push"]);
});
