import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createApp, createReadyApp, type TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
});
const create = (body: unknown) => app.api("POST", "/channels", body);

describe("creating a channel", () => {
  it("answers the channel, its key being the slug of its name", async () => {
    const { status, body } = await create({ name: "In-app alerts", type: "in_app" });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      key: "in-app-alerts",
      name: "In-app alerts",
      type: "in_app",
      enabled: true,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updatedAt: body.createdAt,
    });
  });

  it("takes a key of its own, and may be disabled from the beginning", async () => {
    const { body } = await create({ name: "Later", key: "later_1", type: "push", enabled: false });
    expect(body).toMatchObject({ key: "later_1", type: "push", enabled: false });
  });

  it("refuses a key that is taken, also by a name's slug and in another type", async () => {
    await create({ name: "Taken", type: "in_app" });
    const { status, body } = await create({ name: "TAKEN", type: "push" });
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
  });

  it("names every wrong field in one answer", async () => {
    const { status, body } = await create({ name: " ", type: "sms", key: "-x-", enabled: "yes" });
    expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect(Object.keys(body.error.details).sort()).toEqual(["enabled", "key", "name", "type"]);
  });

  it("asks for a key where the name makes none", async () => {
    const { status, body } = await create({ name: "通知", type: "push" });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["key"]]);
  });

  it("is refused after the fiftieth", async () => {
    const full = await createApp();
    for (let count = 0; count < 50; count++) {
      expect((await full.api("POST", "/channels", { name: `C ${count}`, type: "push" })).status).toBe(201);
    }
    const { status, body } = await full.api("POST", "/channels", { name: "One more", type: "push" });
    expect([status, body.error.code]).toEqual([409, "ERR_QUOTA_EXCEEDED"]);
    expect((await full.api("GET", "/channels")).body.data).toHaveLength(50);
  });
});

describe("reading channels", () => {
  it("finds one by id and by key", async () => {
    const { body: channel } = await create({ name: "Findable", type: "push" });
    expect((await app.api("GET", `/channels/${channel.id}`)).body).toEqual(channel);
    expect((await app.api("GET", "/channels/findable")).body).toEqual(channel);
  });

  it("lists them in the order of their creation", async () => {
    const own = await createApp();
    await own.api("POST", "/channels", { name: "Zebra", type: "push" });
    await own.api("POST", "/channels", { name: "Aardvark", type: "in_app" });
    const { data, nextCursor } = (await own.api("GET", "/channels")).body;
    expect([data.map((channel: Body) => channel.key), nextCursor]).toEqual([["zebra", "aardvark"], null]);
  });

  it.each(["nothing", "__proto__", "constructor"])("answers 404 for %s", async (key) => {
    const { status, body } = await app.api("GET", `/channels/${key}`);
    expect([status, body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
  });

  it("tells per type how many there may be and how many there are", async () => {
    const own = await createApp();
    const availability = async () => (await own.api("GET", "/channels/availability")).body;
    expect(await availability()).toEqual([
      { type: "in_app", limit: -1, used: 0 },
      { type: "push", limit: -1, used: 0 },
      { type: "webhook", limit: -1, used: 0 },
    ]);
    await own.api("POST", "/channels", { name: "A", type: "in_app" });
    await own.api("POST", "/channels", { name: "B", type: "in_app", enabled: false });
    expect(await availability()).toEqual([
      { type: "in_app", limit: -1, used: 2 },
      { type: "push", limit: -1, used: 0 },
      { type: "webhook", limit: -1, used: 0 },
    ]);
  });
});

describe("updating a channel", () => {
  it("changes its name and whether it is enabled, and nothing else", async () => {
    const { body: channel } = await create({ name: "Changing", type: "push" });
    const { status, body } = await app.api("PUT", "/channels/changing", { name: "Changed", enabled: false });
    expect(status).toBe(200);
    expect(body).toEqual({ ...channel, name: "Changed", enabled: false, updatedAt: expect.any(String) });
    expect((await app.api("GET", `/channels/${channel.id}`)).body).toEqual(body);
  });

  it("never changes key or type", async () => {
    await create({ name: "Frozen", type: "push" });
    const { status, body } = await app.api("PUT", "/channels/frozen", {
      key: "ice",
      type: "in_app",
      name: "",
    });
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, ["key", "name", "type"]]);
    const same = await app.api("PUT", "/channels/frozen", { key: "frozen", type: "push" });
    expect([same.status, same.body.key, same.body.type]).toEqual([200, "frozen", "push"]);
  });

  it("answers 404 for a channel that isn't there", async () => {
    expect((await app.api("PUT", "/channels/nothing", { enabled: true })).status).toBe(404);
  });
});

describe("a disabled channel", () => {
  const SEND = {
    template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: 1 } },
    targets: ["jane"],
    mode: "realtime",
  };
  const content = { "in-app-alerts": { text: "x" }, "mobile-push": { title: "T", body: "B" } };
  const readyApp = () =>
    createReadyApp({ channelKeys: ["in-app-alerts", "mobile-push"], content, variableSchema: {} });
  const enable = (own: TestApp, key: string, enabled: boolean) =>
    own.api("PUT", `/channels/${key}`, { enabled });

  it("isn't sent through, and can be enabled again", async () => {
    const own = await readyApp();
    expect((await own.send(SEND)).body.channels).toEqual(["in_app", "push"]);
    await enable(own, "mobile-push", false);
    expect((await own.send(SEND)).body.channels).toEqual(["in_app"]);
    await enable(own, "mobile-push", true);
    expect((await own.send(SEND)).body.channels).toEqual(["in_app", "push"]);
  });

  it("refuses the send where it was the template's last one", async () => {
    const own = await readyApp();
    await enable(own, "in-app-alerts", false);
    await enable(own, "mobile-push", false);
    const { status, body } = await own.send(SEND);
    expect([status, body.error.code]).toEqual([400, "ERR_NO_CHANNELS"]);
  });
});
