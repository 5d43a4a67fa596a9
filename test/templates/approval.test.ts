import { beforeEach, describe, expect, it } from "vitest";
import { type Body, createApp, createChannels, type TestApp } from "../support/api.ts";

const content = (text: string) => ({ "in-app-alerts": { text } });

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
  await createChannels(app);
  await app.api("POST", "/templates", {
    name: "Welcome",
    channelKeys: ["in-app-alerts"],
    content: content("Hello {{name}}"),
    variableSchema: { name: { type: "string" } },
  });
});
const update = (change: object) => app.api("PUT", "/templates/welcome", change);
const send = () =>
  app.send({
    template: { key: "welcome", variables: { name: "Jane" } },
    targets: ["jane"],
    mode: "realtime",
  });
/** The texts of Jane's feed, newest first. */
async function readTexts(): Promise<string[]> {
  const { body } = await (await app.asUser("jane"))("GET", "/feed");
  return body.data.map((item: Body) => item.content.text);
}

describe("approving", () => {
  it("makes the newest version the one that is sent, at once", async () => {
    const { status, body } = await update({ status: "approved" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "approved", version: 1, approvedVersion: 1 });
    expect((await send()).status).toBe(200);
    expect(await readTexts()).toEqual(["Hello Jane"]);
  });

  it("can be done in the call that changes the template", async () => {
    const { body } = await update({ content: content("Hi {{name}}"), status: "approved" });
    expect(body).toMatchObject({ status: "approved", version: 2, approvedVersion: 2 });
    await send();
    expect(await readTexts()).toEqual(["Hi Jane"]);
  });

  it("is refused with every placeholder that the schema doesn't declare", async () => {
    await update({
      content: { "in-app-alerts": { text: "{{name}} {{first}}", list: [{ url: "{{second.url}}" }] } },
    });
    const { status, body } = await update({ status: "approved" });
    expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(body.error.details).toEqual({
      "content.in-app-alerts.text": expect.stringContaining("{{first}}"),
      "content.in-app-alerts.list[0].url": expect.stringContaining("{{second.url}}"),
    });
  });

  it("names every undeclared placeholder of one string", async () => {
    await update({ content: content("{{first}}, {{second}} and {{third}}") });
    const { body } = await update({ status: "approved" });
    for (const name of ["first", "second", "third"]) {
      expect(JSON.stringify(body.error.details)).toContain(`{{${name}}}`);
    }
  });

  it("is refused where a channel has no content", async () => {
    await update({ channelKeys: ["in-app-alerts", "mobile-push"] });
    const { status, body } = await update({ status: "approved" });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["content.mobile-push"]]);
  });

  it("is refused where no channel is named", async () => {
    const { status, body } = await update({ channelKeys: [], content: {}, status: "approved" });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["channelKeys"]]);
  });

  it("changes nothing where it is refused", async () => {
    const before = (await app.api("GET", "/templates/welcome")).body;
    expect((await update({ content: content("{{unknown}}"), status: "approved" })).status).toBe(400);
    expect((await app.api("GET", "/templates/welcome")).body).toEqual(before);
  });
});

describe("an approved template that is edited", () => {
  beforeEach(async () => {
    await update({ status: "approved" });
  });

  it("goes on sending its approved version until the draft is approved", async () => {
    const { body } = await update({ content: content("Draft for {{name}}") });
    expect(body).toMatchObject({ status: "approved", version: 2, approvedVersion: 1 });
    await send();
    expect((await update({ status: "approved" })).body).toMatchObject({ version: 2, approvedVersion: 2 });
    await send();
    expect(await readTexts()).toEqual(["Draft for Jane", "Hello Jane"]);
  });

  it("may have an unfinished draft", async () => {
    expect((await update({ content: content("{{unknown}}") })).status).toBe(200);
    expect((await send()).status).toBe(200);
  });

  it.each(["archived", "draft"])("isn't sent any more when it is %s", async (status) => {
    expect((await update({ status })).body).toMatchObject({ status, approvedVersion: null });
    const { status: httpStatus, body } = await send();
    expect([httpStatus, body.error.code]).toEqual([409, "ERR_TEMPLATE_NOT_APPROVED"]);
  });

  it("can be approved again after it was archived", async () => {
    await update({ status: "archived" });
    expect((await update({ status: "approved" })).body).toMatchObject({
      status: "approved",
      approvedVersion: 1,
    });
    expect((await send()).status).toBe(200);
  });
});

it("refuses a status that there isn't", async () => {
  const { status, body } = await update({ status: "published" });
  expect([status, Object.keys(body.error.details)]).toEqual([400, ["status"]]);
});

it("refuses to send a draft", async () => {
  const { status, body } = await send();
  expect([status, body.error.code]).toEqual([409, "ERR_TEMPLATE_NOT_APPROVED"]);
});
