import type * as v from "valibot";
import type { Credential } from "../../http/access.ts";
import type { AnswerForm, Example, OtherAnswer, Route } from "../../http/route.ts";
import { type ErrorCode, statusOf } from "../../model/errors.ts";
import { PLATFORM_CODES } from "../platform/error-codes.ts";
import { type Envelope, ERROR_SCHEMAS, envelopeOf, errorCodesOf, shownCode } from "./errors.ts";
import type { JsonSchema, JsonSchemas } from "./json-schemas.ts";

/** Routes as OpenAPI operations. */

const PARAMETERS: Record<string, string> = {
  app: "The app's id",
  attempt: "The attempt's id",
  channel: "The channel's id or key",
  device: "The device's id",
  fileKey: "The file's key",
  key: "The API key's id",
  notification: "The notification's id",
  tag: "The tag",
  template: "The template's id or key",
  token: "The token",
  type: "gcm or apns",
  uid: "The user's id",
  version: "The version's number",
  webhook: "The endpoint's id",
};

const SECURITY: Record<Credential, object[]> = {
  apikey: [{ apikey: [] }, { session: [] }],
  "api-token": [{ apiToken: [] }],
  user: [{ userToken: [] }],
  looker: [{ userToken: [] }],
  socket: [{ userToken: [] }, { socketTicket: [] }],
  admin: [{ adminToken: [] }, { session: [] }],
  session: [{ session: [] }],
  form: [],
  none: [],
};

const ANSWERS: Record<number, string> = {
  101: "Switching Protocols",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  304: "Not Modified",
  503: "Service Unavailable",
};

/** What operations share: schemas, and answers to errors, each under a name. */
export interface Shared {
  schemas: JsonSchemas;
  responses: Map<string, JsonSchema>;
}

/** Every schema of a route, which must be added before any is used. */
export function addSchemas({ query, body, answers }: Route, schemas: JsonSchemas): void {
  if (query !== null) schemas.add(query);
  if (body !== null) schemas.add(body.schema);
  for (const answer of Object.values(answers)) if (!isOther(answer)) schemas.add(answer);
}

/**
 * The routes of one method and path as an operation: one, or two vendors'. `suffix`: behind the operation's id, where
 * the path is one of a route's further ones.
 */
export function toOperation(
  routes: readonly Route[],
  tags: string[],
  suffix: string,
  shared: Shared,
): JsonSchema {
  const [first] = routes;
  if (first === undefined) throw new Error("An operation without a route");
  const description = routes.map(({ description: text }) => text).filter((text) => text !== null);
  const scopes = [...new Set(routes.flatMap(({ access }) => access.scope ?? []))];
  if (scopes.length > 0) description.push(`The API key needs the scope \`${scopes.join("` or `")}\`.`);
  const bodies = routes.flatMap(({ body }) => body ?? []);
  const parameters = parametersOf(routes, shared.schemas);
  return {
    operationId: routes.map(({ id }) => id).join("Or") + suffix,
    tags,
    summary: [...new Set(routes.map(({ summary }) => summary))].join("; or: "),
    ...(description.length === 0 ? {} : { description: description.join("\n\n") }),
    security: routes.flatMap(({ access }) => SECURITY[access.credential]),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(bodies.length === 0 ? {} : { requestBody: bodyOf(routes, shared.schemas) }),
    responses: { ...answersOf(routes, shared.schemas), ...errorsOf(routes, shared) },
  };
}

function parametersOf(routes: readonly Route[], schemas: JsonSchemas): JsonSchema[] {
  const names = [...(routes[0]?.paths[0] ?? "").matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const inPath = names.map((name) => ({
    name,
    in: "path",
    required: true,
    description: PARAMETERS[name] ?? name,
    schema: { type: "string" },
  }));
  const headers = new Map(routes.flatMap((route) => Object.entries(route.headers)));
  const inHeaders = [...headers].map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
  const queries = routes.flatMap(({ query }) => (query === null ? [] : [schemas.use(query)]));
  const inQuery = new Map(
    queries.flatMap((query) => {
      const required = new Set(query.required as string[] | undefined);
      return Object.entries((query.properties ?? {}) as Record<string, JsonSchema>).map(([name, schema]) => [
        name,
        { name, in: "query", required: required.has(name), schema: withNumberDefault(schema) },
      ]);
    }),
  );
  return [...inPath, ...inHeaders, ...inQuery.values()];
}

/** A query's default is a text, whatever is made of it. */
function withNumberDefault(schema: JsonSchema): JsonSchema {
  const isNumber = schema.type === "integer" && typeof schema.default === "string";
  return isNumber ? { ...schema, default: Number(schema.default) } : schema;
}

function bodyOf(routes: readonly Route[], schemas: JsonSchemas): JsonSchema {
  const content: Record<string, JsonSchema> = {};
  for (const mediaType of new Set(routes.flatMap(({ body }) => body?.mediaTypes ?? []))) {
    const forms = routes.flatMap(({ body }) => (body?.mediaTypes.includes(mediaType) ? [body.schema] : []));
    const examples = examplesOf(routes, ({ request }) => request);
    content[mediaType] = { schema: oneOf(forms, schemas), ...examples };
  }
  return { required: routes.every(({ body }) => body?.isRequired ?? false), content };
}

function answersOf(routes: readonly Route[], schemas: JsonSchemas): Record<string, JsonSchema> {
  const byStatus = Map.groupBy(
    routes.flatMap(({ answers }) => Object.entries(answers)),
    ([status]) => Number(status),
  );
  const entries = [...byStatus].map(([status, answers]): [string, JsonSchema] => {
    const forms = answers.map(([, answer]) => answer);
    const other = forms.find(isOther);
    const description = other?.description ?? ANSWERS[status] ?? "The answer";
    if (other !== undefined) {
      const content = other.mediaType === null ? {} : { content: textContent(other.mediaType) };
      return [String(status), { description, ...content }];
    }
    const schema = oneOf(forms as v.GenericSchema[], schemas);
    const examples = status < 300 ? examplesOf(routes, ({ answer }) => answer) : {};
    return [String(status), { description, content: { "application/json": { schema, ...examples } } }];
  });
  return Object.fromEntries(entries);
}

function textContent(mediaType: string): JsonSchema {
  return { [mediaType]: { schema: { type: "string" } } };
}

function oneOf(forms: readonly v.GenericSchema[], schemas: JsonSchemas): JsonSchema {
  const used = forms.map((form) => schemas.use(form));
  return used.length === 1 ? (used[0] ?? {}) : { anyOf: used };
}

function examplesOf(routes: readonly Route[], pick: (example: Example) => unknown): JsonSchema {
  const examples = routes.flatMap((route) => route.examples).filter((one) => pick(one) !== undefined);
  if (examples.length === 0) return {};
  return { examples: Object.fromEntries(examples.map((one) => [one.name, { value: pick(one) }])) };
}

function isOther(answer: AnswerForm): answer is OtherAnswer {
  return "mediaType" in answer;
}

/** Errors by status, each a reference: of those with the same codes in the same envelope there is one. */
function errorsOf(routes: readonly Route[], { schemas, responses }: Shared): Record<string, JsonSchema> {
  const errors = routes.flatMap((route) =>
    errorCodesOf(route).map((code) => ({ code, envelope: envelopeOf(route) })),
  );
  const byStatus = Map.groupBy(errors, ({ code }) => statusOf(code));
  const entries = [...byStatus].map(([status, same]): [string, JsonSchema] => {
    const shown = [...new Set(same.map(({ code, envelope }) => nameOf(code, envelope)))];
    const envelopes = [...new Set(same.map(({ envelope }) => envelope))];
    const name = [...envelopes.filter((envelope) => envelope !== "shared"), ...shown].join(".");
    const schema = oneOf(
      envelopes.map((envelope) => ERROR_SCHEMAS[envelope]),
      schemas,
    );
    const description = shown.join(", ");
    responses.set(name, { description, content: { "application/json": { schema } } });
    return [String(status), { $ref: `#/components/responses/${name}` }];
  });
  return Object.fromEntries(entries);
}

function nameOf(code: ErrorCode, envelope: Envelope): string {
  return envelope === "platform" ? String(PLATFORM_CODES[code]) : shownCode(code, envelope);
}
