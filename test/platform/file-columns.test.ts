import { beforeAll, describe, expect, it } from "vitest";
import { createApp, createChannels, type TestApp } from "../support/api.ts";
import { FileSends } from "../support/file-sends.ts";

let app: TestApp;
let sends: FileSends;

beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
  sends = new FileSends(app);
});

describe("a column", () => {
  it("fills the variable of its exact name, whatever the order and the others are", async () => {
    await sends.createTemplate("exact", { name: { type: "string" }, "attr.email": { type: "string" } });
    const table = [
      ["other", "attr.email", "user_id", "name"],
      ["x", "ann@example.com", "exact-1", 'Ann "A"'],
      ["", "ben@example.com", "exact-2", "{{name}}"],
    ];
    expect(await sends.countsOf(await sends.send("exact", table))).toMatchObject({ total: 2, delivered: 2 });
    expect(await sends.contentOf("exact-1")).toEqual({ name: 'Ann "A"', attr_email: "ann@example.com" });
    expect(await sends.contentOf("exact-2")).toEqual({ name: "{{name}}", attr_email: "ben@example.com" });
  });

  it("fills a field of an image or an action; width and height are numbers", async () => {
    await sends.createTemplate("fields", { photo: { type: "image" }, cta: { type: "action" } });
    const table = [
      ["user_id", "photo.url", "photo.width", "photo.height", "cta.type", "cta.data"],
      ["field-1", "https://example.com/a.png", "640", "4.5", "web", "https://example.com"],
      ["field-2", "https://example.com/a.png", "wide", "480", "web", "https://example.com"],
      ["field-3", "https://example.com/a.png", "640", "", "web", "https://example.com"],
      ["field-4", "https://example.com/a.png", "640", "480", "phone", "https://example.com"],
      ["field-5", "", "", "", "web", "https://example.com"],
    ];
    expect(await sends.countsOf(await sends.send("fields", table))).toMatchObject({
      total: 5,
      delivered: 1,
      failed: { invalid_variables: 3, missing_variables: 1 },
    });
    expect(await sends.contentOf("field-1")).toEqual({
      photo: { url: "https://example.com/a.png", width: 640, height: 4.5 },
      cta: { type: "web", data: "https://example.com" },
    });
  });

  it("that is empty is absent: default, nothing, or missing_variables", async () => {
    await sends.createTemplate("absent", {
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
    expect(await sends.countsOf(await sends.send("absent", table))).toMatchObject({
      delivered: 2,
      failed: { missing_variables: 1 },
    });
    expect(await sends.contentOf("absent-1")).toMatchObject({ name: "friend", order: "1" });
    expect((await sends.contentOf("absent-1")).note ?? "").toBe("");
    expect(await sends.contentOf("absent-3")).toMatchObject({ name: " ", order: "0" });
    expect(await sends.contentOf("absent-2")).toBeUndefined();
  });
});

describe("a required variable that is no column", () => {
  beforeAll(async () => {
    await sends.createTemplate("required", {
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
    const { status, body } = await sends.send("required", table);
    expect([status, body.error, body.code]).toEqual([400, true, 400111]);
    expect(body.message).toMatch(/template\.variables\.name: .*column.*template\.variables\.photo: /s);
    expect(body.message).not.toMatch(/city|note/);
    const file = { template: { key: "required" }, targetsFile: sends.lastFile, mode: "batch" };
    const other = await app.send(file);
    expect([other.status, other.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(Object.keys(other.body.error.details)).toEqual([
      "template.variables.name",
      "template.variables.photo",
    ]);
    expect(await sends.contentOf("missing-1")).toBeUndefined();
  });

  it("may be in the body instead", async () => {
    const photo = { url: "https://example.com", width: 1, height: 1 };
    const variables = { "body-1": { name: "Ann", photo } };
    const table = [["user_id"], ["body-1"], ["body-2"]];
    expect(await sends.countsOf(await sends.send("required", table, variables))).toMatchObject({
      delivered: 1,
      failed: { missing_variables: 1 },
    });
    expect(await sends.contentOf("body-1")).toMatchObject({ name: "Ann", photo, city: "here" });
  });
});
