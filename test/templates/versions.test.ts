import { beforeEach, describe, expect, it } from "vitest";
import { type Body, createApp, createChannels, type TestApp } from "../support/api.ts";

const content = (text: string) => ({ "in-app-alerts": { text } });

let app: TestApp;
let template: Body;
beforeEach(async () => {
  app = await createApp();
  await createChannels(app);
  const created = await app.api("POST", "/templates", {
    name: "Welcome",
    channelKeys: ["in-app-alerts"],
    content: content("Hello {{name}}"),
    variableSchema: { name: { type: "string", required: true } },
  });
  template = created.body;
});
const update = async (change: object) => (await app.api("PUT", "/templates/welcome", change)).body;
const versions = async () => (await app.api("GET", "/templates/welcome/versions")).body.data;
const version = async (number: number) =>
  (await app.api("GET", `/templates/welcome/versions/${number}`)).body;

describe("a new version", () => {
  it.each([
    ["content", { content: content("Hi {{name}}") }],
    ["the schema", { variableSchema: { name: { type: "string", required: false } } }],
    ["the channels", { channelKeys: ["in-app-alerts", "mobile-push"] }],
  ])("is made by a change of %s", async (_, change) => {
    expect(await update(change)).toMatchObject({ ...change, version: 2 });
    expect((await versions()).map((version: Body) => version.version)).toEqual([2, 1]);
  });

  it("leaves the old one as it was", async () => {
    const before = await version(1);
    await update({ content: content("Hi {{name}}") });
    expect(await version(1)).toEqual(before);
    expect((await version(2)).content).toEqual(content("Hi {{name}}"));
  });

  it.each([
    ["a name and a category", { name: "Renamed", category: "greetings" }],
    ["what is there already", { content: content("Hello {{name}}"), channelKeys: ["in-app-alerts"] }],
    ["what was read", { variableSchema: { name: { type: "string" } }, key: "welcome" }],
    ["a status", { status: "approved" }],
    ["nothing", {}],
  ])("isn't made by %s", async (_, change) => {
    expect((await update(change)).version).toBe(1);
    expect(await versions()).toHaveLength(1);
  });

  it("shows when it was made and when it was approved", async () => {
    await update({ status: "approved" });
    await update({ content: content("Hi {{name}}") });
    const [second, first] = await versions();
    const listed = {
      version: 1,
      channelKeys: ["in-app-alerts"],
      placeholders: "double",
      createdAt: template.createdAt,
      approvedAt: expect.any(String),
    };
    expect(first).toEqual(listed);
    expect(await version(1)).toEqual({
      ...listed,
      content: content("Hello {{name}}"),
      variableSchema: { name: { type: "string", required: true } },
    });
    expect(second).toMatchObject({ version: 2, approvedAt: null });
  });
});

describe("updating", () => {
  it("changes the given fields only", async () => {
    const updated = await update({ name: "Renamed" });
    expect(updated).toEqual({ ...template, name: "Renamed", updatedAt: expect.any(String) });
  });

  it("removes the category with null", async () => {
    await update({ category: "greetings" });
    expect((await update({ category: null })).category).toBeNull();
  });

  it("never changes the key", async () => {
    const { status, body } = await app.api("PUT", "/templates/welcome", {
      key: "other",
      name: "",
      status: "sent",
    });
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, ["key", "name", "status"]]);
    expect((await app.api("PUT", "/templates/welcome", { key: "other" })).status).toBe(400);
  });

  it("is refused whole where a part of it is wrong", async () => {
    const change = { name: "Renamed", channelKeys: ["in-app-alerts", "sms"] };
    expect((await app.api("PUT", "/templates/welcome", change)).status).toBe(400);
    expect((await app.api("GET", "/templates/welcome")).body).toEqual(template);
  });

  it("answers 404 for a template that isn't there", async () => {
    const { status, body } = await app.api("PUT", "/templates/nothing", { name: "x" });
    expect([status, body.error.code]).toEqual([404, "ERR_TEMPLATE_NOT_FOUND"]);
  });
});

it("lists versions page by page, newest first", async () => {
  for (const text of ["b", "c", "d", "e"]) await update({ content: content(text) });
  const seen: number[] = [];
  let cursor: string | null = "";
  for (let page = 0; cursor !== null && page < 5; page++) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = await app.api("GET", `/templates/welcome/versions?limit=2${query}`);
    seen.push(...body.data.map((version: Body) => version.version));
    cursor = body.nextCursor;
  }
  expect(seen).toEqual([5, 4, 3, 2, 1]);
  expect((await app.api("GET", "/templates/nothing/versions")).status).toBe(404);
});
