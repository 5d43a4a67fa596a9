import { beforeEach, describe, expect, it } from "vitest";
import { type Body, createApp, createChannels, type TestApp } from "../support/api.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const PHOTO = { url: "https://example.com/bob.jpg", width: 100, height: 50 };
const SCHEMA = {
  name: { type: "string" },
  "order-number": { type: "string" },
  photo: { type: "image", required: false },
};

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
  await createChannels(app);
});
const create = (content: object, options: object = {}) =>
  app.api("POST", "/templates", {
    name: "Welcome",
    channelKeys: ["in-app-alerts"],
    content: { "in-app-alerts": content },
    variableSchema: SCHEMA,
    ...options,
  });
const approve = (change: object = {}) =>
  app.api("PUT", "/templates/welcome", { ...change, status: "approved" });

/** What jane's feed shows of a send with these variables. */
async function sendAndRead(variables: object, mode: "realtime" | "batch" = "realtime"): Promise<Body> {
  const { status, body } = await app.send({
    template: { key: "welcome", variables: mode === "batch" ? { jane: variables } : variables },
    targets: ["jane"],
    mode,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  if (mode === "batch") await waitUntilCompleted(app, body.notificationId);
  const feed = await (await app.asUser("jane"))("GET", "/feed");
  return feed.body.data[0].content;
}

describe("a template with placeholders in single braces", () => {
  const content = {
    text: "Hello {name}, number {order-number}",
    imageUrl: "{photo.url}",
    metaData: { pixelWidth: "{photo.width}" },
    whole: "{photo}",
    backgroundColor: "{SBCOLOR_bg}",
    json: '{"a": {"b": "c d"}} {} { }',
  };

  it.each(["realtime", "batch"] as const)("is filled in by a %s send", async (mode) => {
    const created = await create(content, { placeholders: "single" });
    expect(created.body.placeholders).toBe("single");
    expect((await approve()).status).toBe(200);
    expect(await sendAndRead({ name: "Bob", "order-number": 32893, photo: PHOTO }, mode)).toEqual({
      text: "Hello Bob, number 32893",
      imageUrl: PHOTO.url,
      metaData: { pixelWidth: 100 },
      whole: PHOTO,
      backgroundColor: "{SBCOLOR_bg}",
      json: content.json,
    });
  });

  it("leaves a value that looks like a placeholder as it is", async () => {
    await create({ text: "{name} {order-number}" }, { placeholders: "single" });
    await approve();
    const shown = await sendAndRead({ name: "{order-number}", "order-number": "{name}" });
    expect(shown.text).toBe("{order-number} {name}");
  });

  it("is previewed as it is sent", async () => {
    await create({ text: "Hi {name}" }, { placeholders: "single" });
    const { body } = await app.api("POST", "/templates/welcome/preview", {
      variables: { name: "Bob", "order-number": "1" },
    });
    expect(body.content).toEqual({ "in-app-alerts": { text: "Hi Bob" } });
  });

  it("isn't approved with a placeholder that the schema doesn't declare", async () => {
    await create({ text: "{name} {oops}" }, { placeholders: "single" });
    const { status, body } = await approve();
    expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(body.error.details["content.in-app-alerts.text"]).toContain("{oops}");
  });

  it("isn't approved with a declared name in double braces", async () => {
    await create({ text: "{{name}}" }, { placeholders: "single" });
    const { status, body } = await approve();
    expect(status).toBe(400);
    expect(body.error.details["content.in-app-alerts.text"]).toContain("write {name}");
  });
});

describe("a template with placeholders in double braces", () => {
  it("says so where nothing else was said", async () => {
    expect((await create({ text: "{{name}}" })).body.placeholders).toBe("double");
  });

  it.each(["Hello {name}", "{photo.url}", "{ order-number }", "{{name}} {name}"])(
    "isn't approved with a declared name in single braces: %s",
    async (text) => {
      await create({ text });
      const { status, body } = await approve();
      expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
      expect(body.error.details["content.in-app-alerts.text"]).toContain('set placeholders to "single"');
    },
  );

  it("may have other text in single braces", async () => {
    await create({ text: '{{name}} {other} {"name": 1} {{{name}}} {SBCOLOR_x}' });
    expect((await approve()).status).toBe(200);
    expect((await sendAndRead({ name: "Bob", "order-number": 1 })).text).toBe(
      'Bob {other} {"name": 1} {Bob} {SBCOLOR_x}',
    );
  });

  it("becomes one in single braces by a change, which is a new version", async () => {
    await create({ text: "Hello {name}" });
    const { status, body } = await approve({ placeholders: "single" });
    expect([status, body.version, body.approvedVersion]).toEqual([200, 2, 2]);
    expect((await sendAndRead({ name: "Bob", "order-number": 1 })).text).toBe("Hello Bob");
    const versions = await app.api("GET", "/templates/welcome/versions");
    expect(versions.body.data.map((version: Body) => version.placeholders)).toEqual(["single", "double"]);
  });
});

it("refuses a style that there isn't", async () => {
  const { status, body } = await create({}, { placeholders: "triple" });
  expect([status, Object.keys(body.error.details)]).toEqual([400, ["placeholders"]]);
});

describe("approval", () => {
  it("warns of declared variables that stand in no content", async () => {
    await create({ text: "{{name}}" });
    const { status, body } = await approve();
    expect(status).toBe(200);
    expect(body.warnings).toEqual(
      ["order-number", "photo"].map((name) => ({
        field: `variableSchema.${name}`,
        message: expect.stringContaining("stands in no channel's content"),
      })),
    );
  });

  it("has no warning where all variables are used, by a field too", async () => {
    await create({ text: "{{name}} {{order-number}}", image: "{{photo.url}}" });
    expect((await approve()).body.warnings).toEqual([]);
  });
});
