import * as v from "valibot";
import { KEEPS_USER_IDS, type UserIdRule } from "../model/user-ids.ts";
import { readJson, readOptionalJson } from "./body.ts";
import { parseInput, queryOf } from "./validation.ts";

/** What makes a form's schema of an app's rule of user ids. */
type SchemaByRule<S> = (rule: UserIdRule) => S;

/** What a route takes behind the `?`. `Who` is what its reading needs of the caller. */
export interface QueryForm<Query, Who> {
  /** Null: whatever is there is ignored. */
  readonly schema: v.GenericSchema | null;
  read(url: URL, who: Who): Query;
}

/** A query that is parsed before the handler runs; a parameter that the schema hasn't is a fault. */
export function parsedQuery<S extends v.GenericSchema>(
  schema: S,
  { isLenient = false }: Pick<JsonOptions, "isLenient"> = {},
): QueryForm<v.InferOutput<S>, object> {
  return { schema, read: (url) => parseInput(schema, queryOf(url), isLenient ? "ignored" : "refused") };
}

/** A query that is parsed by a schema of the app's rule of user ids. */
export function ruledQuery<S extends v.GenericSchema>(
  make: SchemaByRule<S>,
): QueryForm<v.InferOutput<S>, { app: UserIdRule }> {
  return { schema: make(KEEPS_USER_IDS), read: (url, { app }) => parseInput(make(app), queryOf(url)) };
}

/** A query that the handler reads itself. */
export function ownQuery(schema: v.GenericSchema): QueryForm<undefined, object> {
  return { schema, read: () => undefined };
}

const NoneSchema = v.object({});

/** No parameter at all. */
export const NO_QUERY: QueryForm<undefined, object> = {
  schema: NoneSchema,
  read(url) {
    if (url.search.length > 1) parseInput(NoneSchema, queryOf(url));
  },
};

/** What a vendor's document doesn't speak of, or a load balancer adds: ignored. */
export const ANY_QUERY: QueryForm<undefined, object> = { schema: null, read: () => undefined };

export type MediaType = "application/json" | "multipart/form-data" | "application/x-www-form-urlencoded";

/** What a route takes as its body. */
export interface BodyForm<Body, Who> {
  readonly schema: v.GenericSchema;
  readonly isRequired: boolean;
  readonly mediaTypes: readonly MediaType[];
  read(request: Request, who: Who): Promise<Body>;
}

interface JsonOptions {
  /** A call may come without a body. */
  isOptional?: boolean;
  /** Numbers keep the digits that they were sent with. */
  keepsDigits?: boolean;
  /** What a vendor's document is silent about is ignored, but for what looks like a field of it. */
  isLenient?: boolean;
  /** The answer's schema of what a call changes: its fields may be sent back unchanged. */
  readBack?: v.GenericSchema;
}

const JSON_TYPES: readonly MediaType[] = ["application/json"];

/** A JSON body that is parsed before the handler runs; a field that the schema hasn't is a fault. */
export function parsedJson<S extends v.GenericSchema>(
  schema: S,
  options: JsonOptions = {},
): BodyForm<v.InferOutput<S>, object> {
  return readingJson(schema, () => schema, options);
}

/** A JSON body that is parsed by a schema of the app's rule of user ids. */
export function ruledJson<S extends v.GenericSchema>(
  make: SchemaByRule<S>,
  options: JsonOptions = {},
): BodyForm<v.InferOutput<S>, { app: UserIdRule }> {
  return readingJson(make(KEEPS_USER_IDS), ({ app }) => make(app), options);
}

function readingJson<S extends v.GenericSchema, Who>(
  schema: S,
  schemaFor: (who: Who) => S,
  { isOptional = false, keepsDigits = false, isLenient = false, readBack }: JsonOptions,
): BodyForm<v.InferOutput<S>, Who> {
  return {
    schema,
    isRequired: !isOptional,
    mediaTypes: JSON_TYPES,
    async read(request, who) {
      const body = isOptional ? await readOptionalJson(request) : await readJson(request, keepsDigits);
      const unknownFields = readBack === undefined ? (isLenient ? "ignored" : "refused") : { readBack };
      return parseInput(schemaFor(who), body, unknownFields);
    },
  };
}

/** A body that the handler reads itself: what is checked of it isn't said by a schema alone, or it is large. */
export function ownBody(
  schema: v.GenericSchema,
  {
    isOptional = false,
    mediaTypes = JSON_TYPES,
  }: { isOptional?: boolean; mediaTypes?: readonly MediaType[] } = {},
): BodyForm<undefined, object> {
  return { schema, isRequired: !isOptional, mediaTypes, read: async () => undefined };
}
