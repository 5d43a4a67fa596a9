import type { Route } from "../../http/route.ts";
import { ERROR_SCHEMAS } from "./errors.ts";
import { type JsonSchema, JsonSchemas } from "./json-schemas.ts";
import { addSchemas, type Shared, toOperation } from "./operations.ts";
import { WEBHOOKS } from "./webhooks.ts";

/** Routes that belong together, as a document shows them. */
export interface Family {
  name: string;
  description: string;
  routes: readonly Route[];
}

/** What the service calls itself. */
export const SERVICE = { name: "onecall", version: "0.1.0" } as const;

const SECURITY_SCHEMES = {
  apikey: {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description: "An app's API key, which names its app. A header appid beside it must be the same app.",
  },
  apiToken: {
    type: "apiKey",
    in: "header",
    name: "Api-Token",
    description: "An app's API key, where Sendbird's callers have it.",
  },
  userToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A user's token, which your server makes for that user's client.",
  },
  socketTicket: {
    type: "apiKey",
    in: "query",
    name: "ticket",
    description: "What opens one socket, once.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-onecall",
    description: "The dashboard's session, in calls of its own pages.",
  },
  adminToken: { type: "http", scheme: "bearer", description: "The deployment's ADMIN_TOKEN." },
};

/** One method of one path, with the tag of its family. */
interface Place {
  path: string;
  method: string;
  tag: string;
  isFirst: boolean;
  route: Route;
}

/** The whole API as an OpenAPI 3.1 document. */
export function buildDocument(families: readonly Family[]): JsonSchema {
  const shared: Shared = { schemas: new JsonSchemas(), responses: new Map() };
  for (const { routes } of families) for (const route of routes) addSchemas(route, shared.schemas);
  for (const schema of Object.values(ERROR_SCHEMAS)) shared.schemas.add(schema);
  for (const { schema } of WEBHOOKS) shared.schemas.add(schema);
  const paths = pathsOf(families, shared);
  return {
    openapi: "3.1.0",
    info: {
      title: "Onecall",
      version: SERVICE.version,
      summary: "One HTTP call sends a template to one user, or to 100,000, with exact counts.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "Where this document is served" }],
    tags: families.map(({ name, description }) => ({ name, description })),
    paths,
    webhooks: Object.fromEntries(WEBHOOKS.map((webhook) => [webhook.type, toWebhook(webhook, shared)])),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: shared.schemas.components(),
      responses: Object.fromEntries([...shared.responses].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function pathsOf(families: readonly Family[], shared: Shared): Record<string, JsonSchema> {
  const places = families.flatMap(({ name, routes }) =>
    routes.flatMap((route) =>
      route.paths.map(
        (path, index): Place => ({
          path: path.replaceAll(/:(\w+)/g, "{$1}"),
          method: route.method.toLowerCase(),
          tag: name,
          isFirst: index === 0,
          route,
        }),
      ),
    ),
  );
  const byPath = Map.groupBy(places, ({ path }) => path);
  const entries = [...byPath].map(([path, ofPath]): [string, JsonSchema] => {
    const byMethod = Map.groupBy(ofPath, ({ method }) => method);
    const operations = [...byMethod].map(([method, same]): [string, JsonSchema] => {
      const tags = [...new Set(same.map(({ tag }) => tag))];
      const suffix = same.every(({ isFirst }) => isFirst) ? "" : "Too";
      return [
        method,
        toOperation(
          same.map(({ route }) => route),
          tags,
          suffix,
          shared,
        ),
      ];
    });
    return [path, Object.fromEntries(operations)];
  });
  return Object.fromEntries(entries);
}

function toWebhook({ type, summary, schema }: (typeof WEBHOOKS)[number], { schemas }: Shared): JsonSchema {
  const headers = {
    "webhook-id": "Its id",
    "webhook-timestamp": "Unix seconds",
    "webhook-signature": "Its signatures",
  };
  return {
    post: {
      operationId: `on_${type.replace(".", "_")}`,
      summary,
      description: "Signed as Standard Webhooks says.",
      security: [],
      parameters: Object.entries(headers).map(([name, description]) => ({
        name,
        in: "header",
        required: true,
        description,
        schema: { type: "string" },
      })),
      requestBody: { required: true, content: { "application/json": { schema: schemas.use(schema) } } },
      responses: {
        "2XX": { description: "Taken; any other answer is a failure, and the call is repeated." },
      },
    },
  };
}
