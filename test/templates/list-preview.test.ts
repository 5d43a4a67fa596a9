import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createApp, createChannels, type TestApp } from "../support/api.ts";

const PHOTO = { url: "https://example.com/bob.jpg", width: 100, height: 100 };

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
  const create = (name: string, channelKeys: string[], category: string | null) =>
    app.api("POST", "/templates", { name, channelKeys, category });
  await create("Order shipped", ["in-app-alerts"], "orders");
  await create("Order confirmed", ["in-app-alerts", "mobile-push"], "orders");
  await create("Password reset", ["mobile-push"], null);
  await create("order_50%", [], "orders");
  await app.api("POST", "/templates", {
    name: "Appointment",
    channelKeys: ["in-app-alerts", "mobile-push"],
    content: {
      "in-app-alerts": { text: "Hello {{name}}, note: {{note}}", image: "{{photo}}" },
      "mobile-push": { title: "For {{name}}", body: "{{plan}}" },
    },
    variableSchema: {
      name: { type: "string" },
      photo: { type: "image" },
      note: { type: "string", required: false },
      plan: { type: "string", default: "free" },
    },
  });
  await app.api("PUT", "/templates/appointment", { status: "approved" });
});

describe("the list of templates", () => {
  const list = async (query: string) => (await app.api("GET", `/templates${query}`)).body;
  const keysOf = async (query: string) => (await list(query)).data.map((template: Body) => template.key);

  it("is newest first", async () => {
    const { data, nextCursor } = await list("");
    expect(data.map((template: Body) => template.key)).toEqual([
      "appointment",
      "order-50",
      "password-reset",
      "order-confirmed",
      "order-shipped",
    ]);
    expect(nextCursor).toBeNull();
    const { content, variableSchema, ...listed } = (await app.api("GET", "/templates/appointment")).body;
    expect(data[0]).toEqual(listed);
    expect([content, variableSchema]).not.toContain(undefined);
  });

  it.each([
    ["?status=approved", ["appointment"]],
    ["?status=archived", []],
    ["?category=orders", ["order-50", "order-confirmed", "order-shipped"]],
    ["?channelKey=mobile-push&status=draft", ["password-reset", "order-confirmed"]],
    ["?search=order-c", ["order-confirmed"]],
    ["?search=PASSWORD%20r", ["password-reset"]],
    ["?search=order_50%25", ["order-50"]],
    ["?search=%25", []],
    ["?search=", ["appointment", "order-50", "password-reset", "order-confirmed", "order-shipped"]],
  ])("%s gives %j", async (query, keys) => {
    expect(await keysOf(query)).toEqual(keys);
  });

  it("takes a search longer than any name", async () => {
    expect(await keysOf(`?search=${"x".repeat(200)}`)).toEqual([]);
  });

  it("goes on where its cursor says, with the same filter", async () => {
    const first = await list("?category=orders&limit=2");
    expect(first.data).toHaveLength(2);
    const second = await list(`?category=orders&limit=2&cursor=${first.nextCursor}`);
    expect(second.data.map((template: Body) => template.key)).toEqual(["order-shipped"]);
    expect(second.nextCursor).toBeNull();
  });

  it.each(["?limit=0", "?limit=101", "?limit=two", "?status=sent", "?cursor=abc"])(
    "refuses %s",
    async (query) => {
      const { status, body } = await app.api("GET", `/templates${query}`);
      const field = /\?(\w+)=/.exec(query)?.[1];
      expect([status, body.error.code, Object.keys(body.error.details)]).toEqual([
        400,
        "ERR_BAD_REQUEST",
        [field],
      ]);
    },
  );
});

describe("a preview", () => {
  const preview = (body: unknown, key = "appointment") => app.api("POST", `/templates/${key}/preview`, body);

  it("shows every channel's content as a target would get it", async () => {
    const { status, body } = await preview({ variables: { name: 'B"ob', photo: PHOTO } });
    expect(status).toBe(200);
    expect(body).toEqual({
      templateKey: "appointment",
      version: 1,
      content: {
        "in-app-alerts": { text: 'Hello B"ob, note: ', image: PHOTO },
        "mobile-push": { title: 'For B"ob', body: "free" },
      },
    });
  });

  it("names every variable that is missing or wrong", async () => {
    const { status, body } = await preview({ variables: { photo: "https://example.com", note: [] } });
    expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(Object.keys(body.error.details).sort()).toEqual([
      "variables.name",
      "variables.note",
      "variables.photo",
    ]);
  });

  it("shows the newest version, or the one that is asked for", async () => {
    await app.api("PUT", "/templates/order-shipped", { content: { "in-app-alerts": { text: "one" } } });
    await app.api("PUT", "/templates/order-shipped", { content: { "in-app-alerts": { text: "two" } } });
    expect((await preview({}, "order-shipped")).body).toMatchObject({
      version: 3,
      content: { "in-app-alerts": { text: "two" } },
    });
    const older = await preview({ version: 2 }, "order-shipped");
    expect(older.body).toMatchObject({ version: 2, content: { "in-app-alerts": { text: "one" } } });
    expect((await preview({ version: 4 }, "order-shipped")).status).toBe(404);
    expect((await preview({ version: 0 }, "order-shipped")).status).toBe(400);
  });

  it("answers 404 for a template that isn't there", async () => {
    expect((await preview({}, "nothing")).body.error.code).toBe("ERR_TEMPLATE_NOT_FOUND");
  });

  it("leaves no trace: nothing is sent", async () => {
    await preview({ variables: { name: "Bob", photo: PHOTO } });
    expect((await app.api("GET", "/notifications")).body.data).toEqual([]);
  });
});
