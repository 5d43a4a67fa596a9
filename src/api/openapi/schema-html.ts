import { escapeHtml } from "./escape-html.ts";
import type { JsonSchema } from "./json-schemas.ts";

/** A JSON schema as HTML: its type in words, then a list of its fields, field by field. */
export function showSchema(schema: JsonSchema): string {
  return `<span>${typeOf(schema)}</span>${fieldsOf(schema)}`;
}

function typeOf(schema: JsonSchema): string {
  const { $ref, type, anyOf, items, format, description } = schema;
  if (typeof $ref === "string") {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return `<a href="#schema-${name}">${escapeHtml(name)}</a>`;
  }
  if (Array.isArray(anyOf)) return anyOf.map((one: JsonSchema) => typeOf(one)).join(" or ");
  if (type === "array") return `list of ${typeOf((items ?? {}) as JsonSchema)}`;
  const what = constantOf(schema) ?? String(type ?? "anything");
  const more = [format, limitsOf(schema), description].filter(
    (part) => typeof part === "string" && part !== "",
  );
  return escapeHtml([what, ...more].join(", "));
}

function constantOf(schema: JsonSchema): string | null {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (!Array.isArray(schema.enum)) return null;
  return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
}

function limitsOf({ minimum, maximum, minLength, maxLength, default: given }: JsonSchema): string {
  return [
    minimum === undefined ? "" : `from ${minimum}`,
    maximum === undefined ? "" : `to ${maximum}`,
    minLength === undefined ? "" : `at least ${minLength} long`,
    maxLength === undefined ? "" : `at most ${maxLength} long`,
    given === undefined ? "" : `${JSON.stringify(given)} where absent`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function fieldsOf(schema: JsonSchema): string {
  const { properties, required, items, anyOf, additionalProperties } = schema;
  if (Array.isArray(anyOf)) return anyOf.map((one: JsonSchema) => fieldsOf(one)).join("");
  if (items !== undefined) return fieldsOf(items as JsonSchema);
  const rows = Object.entries((properties ?? {}) as Record<string, JsonSchema>).map(([name, field]) => {
    const must = (required as string[] | undefined)?.includes(name) ? "" : " (optional)";
    return `<li><code>${escapeHtml(name)}</code>${must}: ${showSchema(field)}</li>`;
  });
  if (typeof additionalProperties === "object" && additionalProperties !== null) {
    rows.push(`<li>any name: ${showSchema(additionalProperties as JsonSchema)}</li>`);
  }
  return rows.length === 0 ? "" : `<ul>${rows.join("")}</ul>`;
}
