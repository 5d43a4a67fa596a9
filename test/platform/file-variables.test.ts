import { beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  type Body,
  createApp,
  createChannels,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { writeCsv } from "../support/csv.ts";
import { callPlatform, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
let files = 0;

beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
});

/** A template that shows its variables as they are. */
async function templateWith(key: string, variableSchema: Record<string, object>): Promise<void> {
  const names = Object.keys(variableSchema);
  const content = Object.fromEntries(names.map((name) => [name.replace(".", "_"), `{{${name}}}`]));
  await createTemplate(app, { key, content: { "in-app-alerts": content }, variableSchema });
}

/** Uploads a table and sends a template to it. */
async function sendTable(key: string, table: string[][], variables?: object): Promise<Answer> {
  const file = `table-${++files}.csv`;
  await uploadCsv(app, file, writeCsv(table, "\n"));
  const template = { key, ...(variables === undefined ? {} : { variables }) };
  return callPlatform(app, "POST", "/v1/notifications/messages", {
    template,
    mode: "batch",
    targets_filename: file,
  });
}

async function countsOf({ status, body }: Answer): Promise<Body> {
  expect(status, JSON.stringify(body)).toBe(200);
  return (await waitUntilCompleted(app, body.notification_id)).counts["in-app-alerts"];
}

async function contentOf(uid: string): Promise<Body> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data[0]?.content;
}

describe("a column", () => {
  it("fills the variable of its exact name, whatever the order and the others are", async () => {
    await templateWith("exact", { name: { type: "string" }, "attr.email": { type: "string" } });
    const table = [
      ["other", "attr.email", "user_id", "name"],
      ["x", "ann@example.com", "exact-1", 'Ann "A"'],
      ["", "ben@example.com", "exact-2", "{{name}}"],
    ];
    expect(await countsOf(await sendTable("exact", table))).toMatchObject({ total: 2, delivered: 2 });
    expect(await contentOf("exact-1")).toEqual({ name: 'Ann "A"', attr_email: "ann@example.com" });
    expect(await contentOf("exact-2")).toEqual({ name: "{{name}}", attr_email: "ben@example.com" });
  });

  it("fills a field of an image or an action; width and height are numbers", async () => {
    await templateWith("fields", { photo: { type: "image" }, cta: { type: "action" } });
    const table = [
      ["user_id", "photo.url", "photo.width", "photo.height", "cta.type", "cta.data"],
      ["field-1", "https://example.com/a.png", "640", "4.5", "web", "https://example.com"],
      ["field-2", "https://example.com/a.png", "wide", "480", "web", "https://example.com"],
      ["field-3", "https://example.com/a.png", "640", "", "web", "https://example.com"],
      ["field-4", "https://example.com/a.png", "640", "480", "phone", "https://example.com"],
      ["field-5", "", "", "", "web", "https://example.com"],
    ];
    expect(await countsOf(await sendTable("fields", table))).toMatchObject({
      total: 5,
      delivered: 1,
      failed: { invalid_variables: 3, missing_variables: 1 },
    });
    expect(await contentOf("field-1")).toEqual({
      photo: { url: "https://example.com/a.png", width: 640, height: 4.5 },
      cta: { type: "web", data: "https://example.com" },
    });
  });

  it("that is empty is absent: default, nothing, or missing_variables", async () => {
    await templateWith("absent", {
      name: { type: "string", default: "friend" },
      note: { type: "string", required: false },
      order: { type: "string" },
    });
    const table = [
      ["user_id", "name", "note", "order"],
      ["absent-1", "", "", "1"],
      ["absent-2", "Bo", "hi", ""],
      ["absent-3", " ", "", "0"],
    ];
    expect(await countsOf(await sendTable("absent", table))).toMatchObject({
      delivered: 2,
      failed: { missing_variables: 1 },
    });
    expect(await contentOf("absent-1")).toMatchObject({ name: "friend", order: "1" });
    expect((await contentOf("absent-1")).note ?? "").toBe("");
    expect(await contentOf("absent-3")).toMatchObject({ name: " ", order: "0" });
    expect(await contentOf("absent-2")).toBeUndefined();
  });
});

describe("a required variable that is no column", () => {
  beforeAll(async () => {
    await templateWith("required", {
      name: { type: "string" },
      photo: { type: "image" },
      city: { type: "string", default: "here" },
      note: { type: "string", required: false },
    });
  });

  it("is named, each of them, before anything is sent", async () => {
    const table = [
      ["user_id", "photo.url", "photo.width"],
      ["missing-1", "https://example.com", "1"],
    ];
    const { status, body } = await sendTable("required", table);
    expect([status, body.error, body.code]).toEqual([400, true, 400111]);
    expect(body.message).toMatch(/template\.variables\.name: .*column.*template\.variables\.photo: /s);
    expect(body.message).not.toMatch(/city|note/);
    const file = { template: { key: "required" }, targetsFile: `table-${files}.csv`, mode: "batch" };
    const other = await app.send(file);
    expect([other.status, other.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(Object.keys(other.body.error.details)).toEqual([
      "template.variables.name",
      "template.variables.photo",
    ]);
    expect(await contentOf("missing-1")).toBeUndefined();
  });

  it("may be in the body instead", async () => {
    const photo = { url: "https://example.com", width: 1, height: 1 };
    const variables = { "body-1": { name: "Ann", photo } };
    const table = [["user_id"], ["body-1"], ["body-2"]];
    expect(await countsOf(await sendTable("required", table, variables))).toMatchObject({
      delivered: 1,
      failed: { missing_variables: 1 },
    });
    expect(await contentOf("body-1")).toMatchObject({ name: "Ann", photo, city: "here" });
  });
});

describe("variables in the body beside a file", () => {
  it("override that user's row, name by name, and no other's", async () => {
    await templateWith("override", {
      a: { type: "string" },
      b: { type: "string" },
      photo: { type: "image" },
    });
    const fields = ["https://example.com/row", "1", "2"];
    const table = [
      ["user_id", "a", "b", "photo.url", "photo.width", "photo.height"],
      ...["over-1", "over-2", "over-3", "__proto__"].map((uid) => [uid, "row a", "row b", ...fields]),
    ];
    const photo = { url: "https://example.com/body", width: 3, height: 4 };
    const rowPhoto = { url: "https://example.com/row", width: 1, height: 2 };
    const variables = {
      "over-1": { a: "body a", undeclared: "x" },
      "over-2": { photo, b: null },
      nobody: { a: "unused" },
    };
    expect(await countsOf(await sendTable("override", table, variables))).toMatchObject({
      total: 4,
      delivered: 4,
    });
    expect(await contentOf("over-1")).toEqual({ a: "body a", b: "row b", photo: rowPhoto });
    expect(await contentOf("over-2")).toEqual({ a: "row a", b: "row b", photo });
    expect(await contentOf("over-3")).toEqual({ a: "row a", b: "row b", photo: rowPhoto });
    expect(await contentOf("__proto__")).toEqual({ a: "row a", b: "row b", photo: rowPhoto });
  });

  it("of a wrong type fail that user alone", async () => {
    await templateWith("wrong", { a: { type: "string" } });
    const table = [
      ["user_id", "a"],
      ["wrong-1", "x"],
      ["wrong-2", "x"],
    ];
    expect(await countsOf(await sendTable("wrong", table, { "wrong-1": { a: ["y"] } }))).toMatchObject({
      delivered: 1,
      failed: { invalid_variables: 1 },
    });
  });

  it("over 1 MB are refused: they belong into the file", async () => {
    const variables = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`u${index}`, { a: "x".repeat(11_000) }]),
    );
    const { status, body } = await sendTable(
      "wrong",
      [
        ["user_id", "a"],
        ["u0", "x"],
      ],
      variables,
    );
    expect([status, body.code]).toEqual([413, 400110]);
  });
});
