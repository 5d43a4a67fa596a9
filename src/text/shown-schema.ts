import type * as v from "valibot";

/** What a document says of a schema whose check is code. */
const SHOWN = new WeakMap<object, object>();

/** A schema that a document shows as this JSON schema. */
export function shownAs<S extends v.GenericSchema>(schema: S, jsonSchema: object): S {
  SHOWN.set(schema, jsonSchema);
  return schema;
}

export function shownSchema(schema: object): object | undefined {
  return SHOWN.get(schema);
}
