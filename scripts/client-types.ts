import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import * as v from "valibot";
import { splitByFamily, writeImport } from "./client-types/by-family.ts";
import { extendSchemas } from "./client-types/extend.ts";

/**
 * Writes the types of the typed client from the OpenAPI document, a file for each family of calls; with `--check` it
 * only says whether the files are what the document says.
 */

const CLIENT = new URL("../src/client/", import.meta.url);
const INDEX = "api-types.ts";
const FOLDER = "api-types";
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
type Document = v.InferOutput<typeof DocumentSchema>;

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

interface Family {
  /** Its file's name, without its ending. */
  file: string;
  /** The interface that has its calls. */
  title: string;
  schema: object;
}

/** The calls of the client, by the document's tags. */
function listFamilies({ paths }: Document): Family[] {
  const byTag = new Map<string, [id: string, shape: object][]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { operationId, tags } = operation;
      const [tag = ""] = tags;
      // A further path of the same operation says nothing new.
      if (VENDORS.includes(tag) || operationId.endsWith("Too")) continue;
      const shape = shapeOf(`${method.toUpperCase()} ${path}`, operation);
      byTag.set(tag, [...(byTag.get(tag) ?? []), [operationId, shape]]);
    }
  }
  return [...byTag].map(([tag, shapes]) => {
    const words = tag.split(" ").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
    const title = `${words.join("")}Operations`;
    const ids = shapes.map(([id]) => id);
    return {
      file: words.join("-").toLowerCase(),
      title,
      schema: { title, ...objectOf(Object.fromEntries(shapes), ids) },
    };
  });
}

function bodiesOf({ webhooks }: Document): Family {
  const calls = Object.entries(webhooks).map(([type, { post }]): [string, unknown] => [
    type,
    post.requestBody.content["application/json"]?.schema,
  ]);
  const types = calls.map(([type]) => type);
  const title = "WebhookBodies";
  return {
    file: "webhook-bodies",
    title,
    schema: { title, ...objectOf(Object.fromEntries(calls), types) },
  };
}

/** All as one schema: what several of them name is then one type. */
function schemaOf({ components }: Document, parts: readonly Family[]): JSONSchema {
  const properties = Object.fromEntries(parts.map(({ file, schema }) => [file, schema]));
  const schemas = extendSchemas(components.schemas);
  return {
    title: "Api",
    ...objectOf(properties, Object.keys(properties)),
    components: { schemas },
  } as JSONSchema;
}

/** What is imported from elsewhere: all types, and the calls of all families in one. */
function writeIndex(families: readonly Family[], files: readonly string[]): string {
  return [
    `${BANNER}\n`,
    ...families.map(({ file, title }) => writeImport([title], `./${FOLDER}/${file}.ts`).trimEnd()),
    "",
    ...files.map((file) => `export type * from "./${FOLDER}/${file}.ts";`),
    "",
    "/** By an operation's id. */",
    `export interface Operations\n  extends ${families.map(({ title }) => title).join(",\n    ")} {}`,
    "",
  ].join("\n");
}

/** The files' texts by their places in src/client. */
async function writeTypes(document: Document): Promise<Map<string, string>> {
  const families = listFamilies(document);
  const error = { file: "errors", title: "ApiError", schema: { $ref: "#/components/schemas/ApiError" } };
  const parts = [...families, bodiesOf(document), error];
  const written = await compile(schemaOf(document, parts), "Api", {
    bannerComment: "",
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { printWidth: 110 },
  });
  const files = splitByFamily(written, new Map(parts.map(({ file, title }) => [file, title])));
  return new Map([
    [INDEX, writeIndex(families, files.map(({ name }) => name).sort())],
    ...files.map(({ name, text }): [string, string] => [`${FOLDER}/${name}.ts`, `${BANNER}\n\n${text}`]),
  ]);
}

const { buildDocument } = v.parse(DocumentModule, await load("openapi/document.ts"));
const { FAMILIES } = v.parse(RoutesModule, await load("routes.ts"));
const document = v.parse(DocumentSchema, JSON.parse(JSON.stringify(buildDocument(FAMILIES))));
const files = await writeTypes(document);
const stale = globSync(`${FOLDER}/*.ts`, { cwd: CLIENT }).filter((file) => !files.has(file));
if (!process.argv.includes("--check")) {
  mkdirSync(new URL(FOLDER, CLIENT), { recursive: true });
  for (const file of stale) rmSync(new URL(file, CLIENT));
  for (const [file, text] of files) writeFileSync(new URL(file, CLIENT), text);
} else {
  const isWritten = ([file, text]: [string, string]): boolean =>
    existsSync(new URL(file, CLIENT)) && readFileSync(new URL(file, CLIENT), "utf8") === text;
  const wrong = [...stale, ...[...files].filter((file) => !isWritten(file)).map(([file]) => file)];
  for (const file of wrong)
    console.error(`src/client/${file} isn't what the OpenAPI document says: npm run types`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
