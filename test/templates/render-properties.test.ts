import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json, VariableSchema } from "../../src/model/template.ts";
import { compileTemplate } from "../../src/templates/compile.ts";
import { listUndeclaredPlaceholders } from "../../src/templates/findings.ts";
import { renderContent } from "../../src/templates/render.ts";

/** Any UTF-16 units: lone surrogates, control characters, quotes. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('"', "\\", '\\"', "\\u0000", "{{", "}}", "\ud83d", "\ude00", "$&", "__proto__"),
);
/** Names that a schema may declare; several are also names that every object has. */
const declaredName = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/).filter((name) => name !== "__proto__"),
  fc.constantFrom("constructor", "toString", "hasOwnProperty", "a.b", "photo.url", "valueOf"),
);
const placeholder = fc
  .tuple(fc.oneof(declaredName, fc.constant("__proto__")), fc.constantFrom("", " ", "\n"))
  .map(([name, space]) => `{{${space}${name}${space}}}`);
const contentText = fc.oneof(
  placeholder,
  fc.array(fc.oneof(anyText, placeholder), { maxLength: 5 }).map((parts) => parts.join("")),
);
const { content: anyContent } = fc.letrec<{ content: Json }>((tie) => ({
  content: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    contentText,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("content"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(anyText, placeholder), tie("content")), { maxLength: 4 })
      .map((entries): Json => Object.fromEntries(entries)),
  ),
}));
const anyValues = fc
  .array(fc.tuple(declaredName, anyText), { maxLength: 8 })
  .map((entries) => new Map(entries));

function schemaOf(values: ReadonlyMap<string, string>): VariableSchema {
  return Object.fromEntries([...values.keys()].map((name) => [name, { type: "string", required: true }]));
}

function render(content: Json, values: ReadonlyMap<string, string>): string {
  const { variables, contents } = compileTemplate({
    content: { feed: content },
    variableSchema: schemaOf(values),
  });
  const compiled = contents.get("feed");
  if (compiled === undefined) throw new Error("the channel was lost");
  const json = renderContent(
    compiled,
    variables.map(({ name }) => values.get(name) ?? null),
  );
  if (json === null) throw new Error("the rendering was over its limit");
  return json;
}

/** What rendering means: the values put into the parsed content, string by string. */
function substitute(node: Json, values: ReadonlyMap<string, string>): Json {
  if (typeof node === "string") {
    return node.replace(/\{\{([^{}]*)\}\}/g, (all, name: string) => values.get(name.trim()) ?? all);
  }
  if (Array.isArray(node)) return node.map((child) => substitute(child, values));
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, substitute(child, values)]));
}

/** The same text for the same JSON; unlike a deep comparison it sees keys such as `__proto__`. */
const textOf = (node: Json) => JSON.stringify(node);

it("renders any content with any values to the JSON of the substituted content", () => {
  fc.assert(
    fc.property(anyContent, anyValues, (content, values) => {
      expect(textOf(JSON.parse(render(content, values)))).toBe(textOf(substitute(content, values)));
    }),
    { numRuns: 1000 },
  );
});

it("renders to the very text that JSON.stringify gives", () => {
  fc.assert(
    fc.property(contentText, anyText, (content, value) => {
      // Surrogates that meet only after substitution are the one exception: they stay escaped.
      const values = new Map([["a.b", value.toWellFormed()]]);
      const wellFormed = content.toWellFormed();
      expect(render(wellFormed, values)).toBe(textOf(substitute(wellFormed, values)));
    }),
    { numRuns: 300 },
  );
});

it("gives a target without variables the content exactly as it was written", () => {
  fc.assert(
    fc.property(anyContent, anyValues, (content, values) => {
      const { contents } = compileTemplate({ content: { feed: content }, variableSchema: schemaOf(values) });
      expect(contents.get("feed")?.unsubstituted).toBe(textOf(content));
    }),
    { numRuns: 300 },
  );
});

it("lists exactly the placeholders that rendering leaves as text", () => {
  const blank = (values: ReadonlyMap<string, string>) => new Map([...values].map(([name]) => [name, ""]));
  fc.assert(
    fc.property(contentText, anyValues, (content, values) => {
      const undeclared = [
        ...listUndeclaredPlaceholders({ content: { feed: content }, variableSchema: schemaOf(values) }),
      ].map(({ name }) => name);
      const all = [...content.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name = ""]) => name.trim());
      expect(undeclared).toEqual(all.filter((name) => !values.has(name)));
      if (undeclared.length === all.length) expect(JSON.parse(render(content, blank(values)))).toBe(content);
    }),
    { numRuns: 500 },
  );
});
