import { beforeAll, describe, expect, it } from "vitest";
import { createApp, createChannels, createTemplate, type TestApp } from "../support/api.ts";
import { FileSends } from "../support/file-sends.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Names that every object of JavaScript has, whatever its own are. */
const NAMES = ["constructor", "toString", "hasOwnProperty", "valueOf", "prototype"];

let app: TestApp;
let files: FileSends;

beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
  files = new FileSends(app);
});

describe.each(NAMES)("a variable called %s", (name) => {
  const key = `t-${name.toLowerCase()}`;

  beforeAll(() => files.createTemplate(key, { [name]: { type: "string" } }));

  it("has its value in a realtime send, in a batch and from a CSV", async () => {
    const uid = `u-${name.toLowerCase()}`;
    const send = (body: object) => app.send({ template: { key, variables: { [name]: "now" } }, ...body });
    expect((await send({ targets: [uid], mode: "realtime" })).status).toBe(200);
    expect(await files.contentOf(uid)).toEqual({ [name]: "now" });
    const template = { key, variables: { [uid]: { [name]: "then" } } };
    const batch = await send({ template, targets: [uid], mode: "batch" });
    await waitUntilCompleted(app, batch.body.notificationId);
    expect(await files.contentOf(uid)).toEqual({ [name]: "then" });
    const counts = await files.countsOf(
      await files.send(key, [
        ["user_id", name],
        [uid, "filed"],
      ]),
    );
    expect(counts).toMatchObject({ delivered: 1, pending: 0 });
    expect(await files.contentOf(uid)).toEqual({ [name]: "filed" });
  });

  it("is missing where nobody gives it", async () => {
    const sent = await app.send({ template: { key, variables: {} }, targets: ["nobody"], mode: "realtime" });
    expect([sent.status, sent.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(sent.body.error.message).toContain(name);
    const empty = { key, variables: { nobody: {} } };
    const { body } = await app.send({ template: empty, targets: ["nobody"], mode: "batch" });
    const { counts } = await waitUntilCompleted(app, body.notificationId);
    expect(counts["in-app-alerts"].failed).toEqual({ missing_variables: 1 });
  });
});

describe("__proto__", () => {
  const named = (value: unknown) => Object.fromEntries([["__proto__", value]]);

  it("can't be a variable's name, which is said", async () => {
    const content = { "in-app-alerts": { text: "{{__proto__}}" } };
    const template = { name: "p", channelKeys: ["in-app-alerts"], content };
    const refused = await app.api("POST", "/templates", {
      ...template,
      variableSchema: named({ type: "string" }),
    });
    expect(refused.status).toBe(400);
    const fault =
      'a variable can\'t be called "__proto__", a name that JavaScript keeps for itself; choose another';
    expect(JSON.stringify(refused.body.error.details)).toContain(JSON.stringify(fault).slice(1, -1));
    // Nor is it declared by being there in every object.
    expect((await app.api("POST", "/templates", { ...template, variableSchema: {} })).status).toBe(201);
    const approved = await app.api("PUT", "/templates/p", { status: "approved" });
    expect([approved.status, approved.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
  });

  it("is a column and a variable that nobody declared: it is left out", async () => {
    await createTemplate(app, {
      key: "plain",
      content: { "in-app-alerts": { text: "{{a}}" } },
      variableSchema: { a: { type: "string" } },
    });
    const variables = { ...Object.fromEntries([["a", "one"]]), ...named("x") };
    expect(Object.keys(variables)).toEqual(["a", "__proto__"]);
    const sent = await app.send({
      template: { key: "plain", variables },
      targets: ["ann"],
      mode: "realtime",
    });
    expect(sent.status).toBe(200);
    expect(await files.contentOf("ann")).toEqual({ text: "one" });
    const filed = await files.send("plain", [
      ["user_id", "__proto__", "a"],
      ["ann", "x", "two"],
    ]);
    expect(await files.countsOf(filed)).toMatchObject({ delivered: 1, pending: 0 });
    expect(await files.contentOf("ann")).toEqual({ text: "two" });
  });

  it("can be a user's id, with variables of its own", async () => {
    const template = { key: "plain", variables: { ...named({ a: "mine" }), bob: {} } };
    const batch = await app.send({ template, targets: ["__proto__", "bob"], mode: "batch" });
    const { counts } = await waitUntilCompleted(app, batch.body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1, failed: { missing_variables: 1 } });
    expect(await files.contentOf("__proto__")).toEqual({ text: "mine" });
  });
});
