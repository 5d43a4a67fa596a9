import { toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { shownSchema } from "../../text/shown-schema.ts";

/** valibot's schemas as JSON Schema 2020-12, which is OpenAPI 3.1's dialect. */

export type JsonSchema = { [keyword: string]: unknown };

const REF_PREFIX = "#/components/schemas/";
const refOf = (name: string): string => REF_PREFIX + name;
/** A name that no document shows: such schemas stand where they are used. */
const INLINE_PREFIX = "inline.";
const isInline = (name: string): boolean => name.startsWith(INLINE_PREFIX);

/** Schemas by a name of their own: those that are titled become components, all others stand where they are used. */
export class JsonSchemas {
  /** Each once, by its title or by where it was seen first. */
  readonly #definitions = new Map<v.GenericSchema, string>();
  #converted: Record<string, JsonSchema> | null = null;

  add(schema: v.GenericSchema): void {
    if (this.#definitions.has(schema)) return;
    for (const inner of titledIn(schema)) this.#definitions.set(inner, titleOf(inner) ?? "");
    if (!this.#definitions.has(schema))
      this.#definitions.set(schema, `${INLINE_PREFIX}${this.#definitions.size}`);
  }

  /** What stands where the schema is used: a reference, or the schema. Of schemas that were added. */
  use(schema: v.GenericSchema): JsonSchema {
    const name = this.#definitions.get(schema);
    if (name === undefined) throw new Error("A schema that wasn't added");
    return isInline(name) ? (this.#convert()[name] ?? {}) : { $ref: refOf(name) };
  }

  /** The named ones, by name. */
  components(): Record<string, JsonSchema> {
    const named = Object.entries(this.#convert()).filter(([name]) => !isInline(name));
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #convert(): Record<string, JsonSchema> {
    if (this.#converted !== null) return this.#converted;
    const named = Object.fromEntries([...this.#definitions].map(([schema, name]) => [name, schema]));
    const converted = toJsonSchemaDefs(named, {
      target: "draft-2020-12",
      typeMode: "input",
      // Checks that are code stay unsaid, or are said by `shownAs`.
      errorMode: "ignore",
      overrideSchema: ({ valibotSchema }) => shownSchema(valibotSchema),
      overrideRef: ({ referenceId }) => refOf(referenceId),
    });
    const entries = Object.keys(converted).map((name): [string, JsonSchema] => [
      name,
      withInlined(converted, converted[name]) as JsonSchema,
    ]);
    this.#converted = Object.fromEntries(entries);
    return this.#converted;
  }
}

/** The same where a schema without a name stands in another: there it stands whole. */
function withInlined(converted: Record<string, object>, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((inner: unknown) => withInlined(converted, inner));
  if (typeof part !== "object" || part === null) return part;
  const name = "$ref" in part && typeof part.$ref === "string" ? part.$ref.slice(REF_PREFIX.length) : null;
  if (name !== null && isInline(name)) return withInlined(converted, converted[name]);
  return Object.fromEntries(
    Object.entries(part).map(([keyword, inner]) => [keyword, withInlined(converted, inner)]),
  );
}

/** What valibot's schemas have inside, whatever their kind. */
interface Parts {
  entries?: Record<string, unknown>;
  wrapped?: unknown;
  item?: unknown;
  value?: unknown;
  options?: readonly unknown[];
  pipe?: readonly unknown[];
}

function titleOf(schema: object): string | null {
  for (const part of (schema as Parts).pipe ?? []) {
    const { type, title } = part as { type?: unknown; title?: unknown };
    if (type === "title" && typeof title === "string") return title;
  }
  return null;
}

/** The titled schemas in a schema, itself included. */
function* titledIn(schema: unknown): Generator<v.GenericSchema> {
  if (!isSchema(schema)) return;
  if (titleOf(schema) !== null) yield schema;
  const { entries, wrapped, item, value, options } = schema as Parts;
  for (const inner of [...Object.values(entries ?? {}), wrapped, item, value, ...(options ?? [])]) {
    yield* titledIn(inner);
  }
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "schema";
}
