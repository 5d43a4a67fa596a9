import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import * as v from "valibot";
import { extendSchemas } from "./client-types/extend.ts";

/**
 * Writes the types of the typed client from the OpenAPI document; with `--check` it only says whether the file is what
 * the document says.
 */

const FILE = new URL("../src/client/api-types.ts", import.meta.url);
/** Vendors' forms of the same calls: their callers have the vendors' own clients. */
const VENDORS = ["Platform", "Campaigns", "CometChat users", "Sendbird users"];
const BANNER = "/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */";

const ContentSchema = v.record(v.string(), v.object({ schema: v.unknown() }));
const OperationSchema = v.object({
  operationId: v.string(),
  summary: v.string(),
  tags: v.array(v.string()),
  parameters: v.optional(
    v.array(v.object({ name: v.string(), in: v.string(), required: v.boolean(), schema: v.unknown() })),
  ),
  requestBody: v.optional(v.object({ required: v.boolean(), content: ContentSchema })),
  responses: v.record(v.string(), v.object({ content: v.optional(ContentSchema) })),
});
const DocumentSchema = v.object({
  paths: v.record(v.string(), v.record(v.string(), OperationSchema)),
  webhooks: v.record(
    v.string(),
    v.object({ post: v.object({ requestBody: v.object({ content: ContentSchema }) }) }),
  ),
  components: v.object({ schemas: v.record(v.string(), v.unknown()) }),
});
type Operation = v.InferOutput<typeof OperationSchema>;

const DocumentModule = v.object({ buildDocument: v.function() });
const RoutesModule = v.object({ FAMILIES: v.array(v.unknown()) });

/** By their paths: the Worker's types aren't those of Node. */
const load = (path: string): Promise<unknown> => import(new URL(`../src/api/${path}`, import.meta.url).href);

function objectOf(properties: Record<string, unknown>, required: readonly string[]): object {
  return { type: "object", additionalProperties: false, properties, required: [...required] };
}

function shapeOf(call: string, { summary, parameters = [], requestBody, responses }: Operation): object {
  const inQuery = parameters.filter((parameter) => parameter.in === "query");
  const query = objectOf(
    Object.fromEntries(inQuery.map(({ name, schema }) => [name, schema])),
    inQuery.filter(({ required }) => required).map(({ name }) => name),
  );
  const answers = Object.entries(responses)
    .filter(([status]) => Number(status) < 300)
    .flatMap(([, { content = {} }]) => Object.values(content).map(({ schema }) => schema));
  const different = new Map(answers.map((answer) => [JSON.stringify(answer), answer]));
  const parts = {
    ...(inQuery.length === 0 ? {} : { query }),
    ...(requestBody === undefined ? {} : { body: Object.values(requestBody.content)[0]?.schema }),
    ...(answers.length === 0
      ? {}
      : { answer: different.size === 1 ? answers[0] : { anyOf: [...different.values()] } }),
  };
  return { description: `${call}\n\n${summary}`, ...objectOf(parts, Object.keys(parts)) };
}

function schemaOf({ paths, webhooks, components }: v.InferOutput<typeof DocumentSchema>): JSONSchema {
  // A further path of the same operation says nothing new.
  const operations = Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        call: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    )
    .filter(({ operation: { tags } }) => !tags.some((tag) => VENDORS.includes(tag)))
    .filter(({ operation: { operationId } }) => !operationId.endsWith("Too"));
  const shapes = operations.map(({ call, operation }): [string, object] => [
    operation.operationId,
    shapeOf(call, operation),
  ]);
  const calls = Object.entries(webhooks).map(([type, { post }]): [string, unknown] => [
    type,
    post.requestBody.content["application/json"]?.schema,
  ]);
  const properties = {
    operations: {
      title: "Operations",
      ...objectOf(
        Object.fromEntries(shapes),
        shapes.map(([id]) => id),
      ),
    },
    error: { $ref: "#/components/schemas/ApiError" },
    webhooks: {
      title: "WebhookBodies",
      ...objectOf(
        Object.fromEntries(calls),
        calls.map(([type]) => type),
      ),
    },
  };
  const schemas = extendSchemas(components.schemas);
  return {
    title: "Api",
    ...objectOf(properties, Object.keys(properties)),
    components: { schemas },
  } as JSONSchema;
}

const { buildDocument } = v.parse(DocumentModule, await load("openapi/document.ts"));
const { FAMILIES } = v.parse(RoutesModule, await load("routes.ts"));
const document = v.parse(DocumentSchema, JSON.parse(JSON.stringify(buildDocument(FAMILIES))));
const written = await compile(schemaOf(document), "Api", {
  bannerComment: BANNER,
  additionalProperties: false,
  ignoreMinAndMaxItems: true,
  format: true,
  style: { printWidth: 110 },
});
if (!process.argv.includes("--check")) writeFileSync(FILE, written);
else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== written) {
  console.error("src/client/api-types.ts isn't what the OpenAPI document says: npm run types");
  process.exit(1);
}
