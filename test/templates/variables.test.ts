import { describe, expect, it } from "vitest";
import { findContentFaults } from "../../src/channels/table.ts";
import type { VariableSchema } from "../../src/model/template.ts";
import { findApprovalFaults, findDraftFaults } from "../../src/templates/rules.ts";
import {
  listVariables,
  parseVariableValue,
  readRawValue,
  resolveVariables,
  VARIABLE_NAME,
} from "../../src/templates/variables.ts";

const PHOTO = { url: "https://example.com/bob.jpg", width: 100, height: 100 };

describe("a value of a type", () => {
  it.each([
    ["string", "Bob", "Bob"],
    ["string", "", ""],
    ["string", 12.5, "12.5"],
    ["string", true, "true"],
    ["image", PHOTO, PHOTO],
    ["image", { ...PHOTO, alt: "left out" }, PHOTO],
    ["action", { type: "web", data: "https://example.com" }, { type: "web", data: "https://example.com" }],
    ["action", { type: "custom", data: "" }, { type: "custom", data: "" }],
  ] as const)("%s takes %j", (type, raw, value) => {
    expect(parseVariableValue(type, raw)).toEqual(value);
  });

  it.each([
    ["string", { text: "Bob" }],
    ["string", ["Bob"]],
    ["string", Number.NaN],
    ["image", "https://example.com/bob.jpg"],
    ["image", { url: "u", width: "100", height: 100 }],
    ["image", { url: "u", width: 100 }],
    ["image", { url: "", width: 1, height: 1 }],
    ["image", { url: "u", width: Number.POSITIVE_INFINITY, height: 1 }],
    ["image", [PHOTO]],
    ["action", { type: "call", data: "x" }],
    ["action", { type: "web" }],
    ["action", { type: "web", data: { deep: 1 } }],
    ["action", Object.create({ type: "web", data: 1 })],
  ] as const)("%s refuses %j", (type, raw) => {
    expect(parseVariableValue(type, raw)).toBeNull();
  });
});

describe("the values of one target", () => {
  const schema: VariableSchema = {
    name: { type: "string", required: true },
    plan: { type: "string", required: true, default: "free" },
    note: { type: "string", required: false },
    photo: { type: "image", required: true },
  };
  const variables = listVariables(schema);
  const resolve = (given: Record<string, unknown>) =>
    resolveVariables(variables, (index) => given[variables[index]?.name ?? ""]);

  it("come in the schema's order, with defaults, and null for what is optional", () => {
    expect(resolve({ photo: PHOTO, name: "Bob" })).toEqual({
      ok: true,
      values: ["Bob", "free", null, PHOTO],
    });
  });

  it("are refused with every name that is missing and every name that is wrong", () => {
    expect(resolve({ plan: {}, note: [] })).toEqual({
      ok: false,
      missing: ["name", "photo"],
      invalid: ["plan", "note"],
    });
  });

  it("don't take a default for a value of the wrong type", () => {
    expect(resolve({ name: "Bob", photo: PHOTO, plan: {} })).toMatchObject({ ok: false, invalid: ["plan"] });
  });
});

describe("the raw value of a variable", () => {
  const photo = { name: "photo", definition: { type: "image", required: true } } as const;
  const read = (given: Record<string, unknown>) => readRawValue(photo, (name) => given[name]);

  it("is the exact name's before the fields'", () => {
    expect(read({ photo: PHOTO, "photo.url": "other" })).toEqual(PHOTO);
  });

  it("is made of the fields that are there, empty ones being absent", () => {
    expect(read({ "photo.url": "u", "photo.width": "10", "photo.height": "" })).toEqual({
      url: "u",
      width: 10,
    });
  });

  it("is absent where no field has a value", () => {
    expect(read({ "photo.url": "", "photo.width": null })).toBeNull();
  });
});

it("names variables with letters, digits, _, - and .", () => {
  for (const name of ["a", "A-1_b.c", "constructor", "x".repeat(128)])
    expect(VARIABLE_NAME.test(name)).toBe(true);
  for (const name of ["", "a b", "ü", "a{b", "a\n", "x".repeat(129)])
    expect(VARIABLE_NAME.test(name)).toBe(false);
});

describe("the rules", () => {
  const channels = [
    { key: "in-app-alerts", type: "in_app" },
    { key: "mobile-push", type: "push" },
  ] as const;
  const fieldsOf = (faults: Iterable<{ field: string }>) => [...faults].map(({ field }) => field);

  it("let a draft be incomplete, but not name what isn't there", () => {
    const incomplete = { channelKeys: ["in-app-alerts"], content: {}, variableSchema: {} };
    expect(fieldsOf(findDraftFaults(incomplete, channels, findContentFaults))).toEqual([]);
    const parts = { channelKeys: ["sms"], content: { "in-app-alerts": {} }, variableSchema: {} };
    expect(fieldsOf(findDraftFaults(parts, channels, findContentFaults))).toEqual([
      "channelKeys[0]",
      "content.in-app-alerts",
    ]);
  });

  it.each([
    [{}, ["title", "body"]],
    [{ title: "", body: "b" }, ["title"]],
    [{ title: "t", body: 1 }, ["body"]],
    [
      ["title", "body"],
      ["title", "body"],
    ],
    [{ title: "t", body: "b" }, []],
  ])("say of push content %j what it lacks: %j", (content, missing) => {
    const parts = { channelKeys: ["mobile-push"], content: { "mobile-push": content }, variableSchema: {} };
    expect(fieldsOf(findDraftFaults(parts, channels, findContentFaults))).toEqual(
      missing.map((name) => `content.mobile-push.${name}`),
    );
  });

  it("ask for content in every channel before approval, and for at least one channel", () => {
    const parts = { channelKeys: ["constructor"], content: {}, variableSchema: {} };
    expect(fieldsOf(findApprovalFaults(parts))).toEqual(["content.constructor"]);
    expect(fieldsOf(findApprovalFaults({ ...parts, channelKeys: [] }))).toEqual(["channelKeys"]);
  });
});
