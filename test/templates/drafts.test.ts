import { beforeAll, describe, expect, it } from "vitest";
import { createApp, createChannels, type TestApp } from "../support/api.ts";

const IN_APP = { "in-app-alerts": { text: "Hello {{name}}" } };
const SCHEMA = { name: { type: "string", required: true } };
const DRAFT = { channelKeys: ["in-app-alerts"], content: IN_APP, variableSchema: SCHEMA };

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
});
const create = (body: object) => app.api("POST", "/templates", body);

describe("creating a template", () => {
  it("answers the draft, its key being the slug of its name", async () => {
    const { status, body } = await create({ name: "Café  Order: Confirmed!", category: "orders", ...DRAFT });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      key: "cafe-order-confirmed",
      name: "Café  Order: Confirmed!",
      category: "orders",
      status: "draft",
      version: 1,
      approvedVersion: null,
      ...DRAFT,
      placeholders: "double",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updatedAt: body.createdAt,
    });
  });

  it("takes a key of its own", async () => {
    expect((await create({ name: "Whatever", key: "own_key-1", ...DRAFT })).body.key).toBe("own_key-1");
  });

  it("fills in what may be absent", async () => {
    const { body } = await create({ name: "Bare", channelKeys: [] });
    expect(body).toMatchObject({ channelKeys: [], content: {}, variableSchema: {}, category: null });
  });

  it("makes variables required unless they say otherwise", async () => {
    const variableSchema = { a: { type: "string" }, b: { type: "string", required: false, default: 7 } };
    const { body } = await create({ name: "Schema", channelKeys: [], variableSchema });
    expect(body.variableSchema).toEqual({
      a: { type: "string", required: true },
      b: { type: "string", required: false, default: "7" },
    });
  });

  it("refuses a key that is taken, also by a name's slug", async () => {
    await create({ name: "Taken", ...DRAFT });
    const { status, body } = await create({ name: "taken!", ...DRAFT });
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
  });

  it("asks for a key where the name makes none", async () => {
    const { status, body } = await create({ name: "日本", ...DRAFT });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["key"]]);
  });

  it("names every wrong field in one answer", async () => {
    const { status, body } = await create({
      name: "",
      key: "No Key",
      channelKeys: ["in-app-alerts", "in-app-alerts"],
      content: { "in-app-alerts": "text" },
      variableSchema: { "a b": { type: "string" }, c: { type: "video" }, d: { type: "image", default: "u" } },
      category: 7,
    });
    expect(status).toBe(400);
    expect(body.error.code).toBe("ERR_BAD_REQUEST");
    expect(Object.keys(body.error.details).sort()).toEqual([
      "category",
      "channelKeys",
      "content.in-app-alerts",
      "key",
      "name",
      "variableSchema.a b",
      "variableSchema.c",
      "variableSchema.d",
    ]);
  });

  it("refuses channels that don't exist, content for channels it doesn't name, push content without text", async () => {
    const { body } = await create({
      name: "Channels",
      channelKeys: ["sms", "mobile-push"],
      content: { "in-app-alerts": {}, "mobile-push": { title: "T" } },
    });
    expect(Object.keys(body.error.details).sort()).toEqual([
      "channelKeys[0]",
      "content.in-app-alerts",
      "content.mobile-push.body",
    ]);
  });

  it("refuses content above 32 KB a channel", async () => {
    const withText = (length: number) =>
      create({
        ...DRAFT,
        name: `Size ${length}`,
        content: { "in-app-alerts": { text: "x".repeat(length) } },
      });
    expect((await withText(32 * 1024 - '{"text":""}'.length)).status).toBe(201);
    const { status, body } = await withText(32 * 1024);
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["content.in-app-alerts"]]);
  });
});

describe("getting a template", () => {
  it("finds it by id and by key", async () => {
    const { body: template } = await create({ name: "Findable", ...DRAFT });
    expect((await app.api("GET", `/templates/${template.id}`)).body).toEqual(template);
    expect((await app.api("GET", "/templates/findable")).body).toEqual(template);
  });

  it.each(["nothing", "__proto__", "constructor", "01900000-0000-7000-8000-000000000000"])(
    "answers 404 for %s",
    async (key) => {
      const { status, body } = await app.api("GET", `/templates/${key}`);
      expect([status, body.error.code]).toEqual([404, "ERR_TEMPLATE_NOT_FOUND"]);
    },
  );

  it("gives back content with any names and characters as it was given", async () => {
    const text =
      '{"__proto__":{"a":1},"constructor":"\\u0000\\"","deep":[[["ü😀"]],1.5,true,null],"{{name}}":""}';
    const body = `{"name":"Odd","channelKeys":["in-app-alerts"],"content":{"in-app-alerts":${text}}}`;
    expect((await app.api("POST", "/templates", body)).status).toBe(201);
    const stored = (await app.api("GET", "/templates/odd")).body.content["in-app-alerts"];
    expect(JSON.stringify(stored)).toBe(JSON.stringify(JSON.parse(text)));
  });
});
