import { describe, expect, it } from "vitest";
import type { Json, VariableSchema } from "../../src/model/template.ts";
import { compileTemplate } from "../../src/templates/compile.ts";
import { listUndeclaredPlaceholders } from "../../src/templates/findings.ts";
import { renderContent } from "../../src/templates/render.ts";
import { readRawValue, resolveVariables } from "../../src/templates/variables.ts";
import { exceedsBytes } from "../../src/text/size.ts";

const SCHEMA: VariableSchema = {
  name: { type: "string", required: true },
  note: { type: "string", required: false },
  plan: { type: "string", required: true, default: "free" },
  photo: { type: "image", required: false },
  cta: { type: "action", required: false },
};
const PHOTO = { url: "https://example.com/bob.jpg", width: 100, height: 50 };
const CTA = { type: "web", data: "https://example.com/view" };

/** One channel's content, rendered with values by name. */
function render(content: Json, given: Record<string, unknown>, schema: VariableSchema = SCHEMA): Json {
  const { variables, contents } = compileTemplate({ content: { feed: content }, variableSchema: schema });
  const resolved = resolveVariables(variables, (index) => {
    const variable = variables[index];
    return variable && readRawValue(variable, (name) => given[name]);
  });
  const compiled = contents.get("feed");
  if (!resolved.ok || compiled === undefined) throw new Error(`can't render: ${JSON.stringify(resolved)}`);
  return JSON.parse(renderContent(compiled, resolved.values) ?? "null");
}

describe("a placeholder inside a text", () => {
  it("becomes the value, as often as it stands there", () => {
    expect(render("Hi {{name}}, {{name}}!", { name: "Bob" })).toBe("Hi Bob, Bob!");
  });

  it("may have spaces around its name", () => {
    expect(render("Hi {{ name }}", { name: "Bob" })).toBe("Hi Bob");
  });

  it("is found inside more braces", () => {
    expect(render("{{{name}}}", { name: "Bob" })).toBe("{Bob}");
  });

  it.each([['"'], ["\\"], ["\n\t\b\u0000\u001f"], ["\u2028\u2029"], ["\ud83e\udd8a"], ["$& $1 $$"]])(
    "keeps %j as it is",
    (value) => {
      expect(render("<{{name}}>", { name: value })).toBe(`<${value}>`);
    },
  );

  it("is put in once: a value that looks like a placeholder stays text", () => {
    expect(render("{{name}} {{plan}}", { name: "{{plan}}", plan: "{{name}}" })).toBe("{{plan}} {{name}}");
  });

  it("is empty text where an optional value is absent", () => {
    expect(render("Note: {{note}}.", { name: "Bob" })).toBe("Note: .");
    expect(render("{{photo}} {{cta.data}}", { name: "Bob" })).toBe(" ");
  });

  it("takes the default where the value is absent or null", () => {
    expect(render("{{plan}} plan", { name: "Bob" })).toBe("free plan");
    expect(render("{{plan}} plan", { name: "Bob", plan: null })).toBe("free plan");
  });

  it("shows numbers and booleans as text", () => {
    expect(render("{{name}}: {{note}}", { name: 42, note: false })).toBe("42: false");
  });

  it("shows an image as its url and an action as its data", () => {
    const given = { name: "Bob", photo: PHOTO, cta: CTA };
    expect(render("See {{photo}} or {{cta}}", given)).toBe(`See ${PHOTO.url} or ${CTA.data}`);
    expect(render("{{photo.width}}x{{photo.height}} {{cta.type}}", given)).toBe("100x50 web");
  });
});

describe("a placeholder that is the whole string", () => {
  it("becomes the whole value, whatever its type", () => {
    const given = { name: "Bob", photo: PHOTO, cta: CTA };
    const content = { text: "{{name}}", image: "{{photo}}", buttons: ["{{cta}}"] };
    expect(render(content, given)).toEqual({ text: "Bob", image: PHOTO, buttons: [CTA] });
  });

  it("reaches into a value by a path, numbers staying numbers", () => {
    const content = ["{{photo.url}}", "{{photo.width}}", "{{cta.type}}"];
    expect(render(content, { name: "Bob", photo: PHOTO, cta: CTA })).toEqual([PHOTO.url, 100, "web"]);
  });

  it("is null where an optional value is absent", () => {
    const content = ["{{note}}", "{{photo}}", "{{photo.url}}"];
    expect(render(content, { name: "Bob" })).toEqual([null, null, null]);
  });
});

describe("a name with a dot", () => {
  const schema: VariableSchema = { ...SCHEMA, "photo.url": { type: "string", required: true } };

  it("is looked for as it stands before it is a path", () => {
    const given = { name: "Bob", photo: PHOTO, "photo.url": "exact" };
    expect(render("{{photo.url}} {{photo.width}}", given, schema)).toBe("exact 100");
  });

  it("fills one field of an image where the caller has flat names", () => {
    const given = { name: "Bob", "photo.url": "u", "photo.width": "10", "photo.height": 20 };
    expect(render("{{photo}}", given)).toEqual({ url: "u", width: 10, height: 20 });
  });
});

describe("what isn't a placeholder of the schema", () => {
  it("stays as text: undeclared names, fields a type doesn't have, keys of objects", () => {
    const content = { "{{name}}": "{{nobody}} {{photo.size}} {{name.length}} {{}} {name}" };
    expect(render(content, { name: "Bob" })).toEqual(content);
  });

  it("stays as it is: numbers, booleans, null, empty lists and objects", () => {
    const content = [1, -0.5, true, null, [], {}, ""];
    expect(render(content, { name: "Bob" })).toEqual(content);
  });

  it("isn't mistaken for what every object has", () => {
    expect(render("{{constructor}} {{__proto__}} {{photo.constructor}}", { name: "Bob", photo: PHOTO })).toBe(
      "{{constructor}} {{__proto__}} {{photo.constructor}}",
    );
  });

  it("is listed with its place before approval", () => {
    const content = { feed: { text: "{{a}} {{ b }} {{name}}", list: [{ url: "{{photo.size}}" }] } };
    expect([...listUndeclaredPlaceholders({ content, variableSchema: SCHEMA })]).toEqual([
      { name: "a", path: "content.feed.text" },
      { name: "b", path: "content.feed.text" },
      { name: "photo.size", path: "content.feed.list[0].url" },
    ]);
  });
});

describe("the limit of 64 KB of a rendered content", () => {
  it("counts bytes, not characters", () => {
    expect(exceedsBytes("x".repeat(65_536), 65_536)).toBe(false);
    expect(exceedsBytes("x".repeat(65_537), 65_536)).toBe(true);
    expect(exceedsBytes("ü".repeat(32_768), 65_536)).toBe(false);
    expect(exceedsBytes("ü".repeat(32_769), 65_536)).toBe(true);
  });
});
