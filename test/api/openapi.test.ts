import * as v from "valibot";
import { beforeAll, describe, expect, it } from "vitest";
import { SERVICE } from "../../src/api/openapi/document.ts";
import { FAMILIES } from "../../src/api/routes.ts";
import { parseInput } from "../../src/http/validation.ts";
import { call, fetchWorker } from "../support/api.ts";
import { ROUTE_CASES } from "../support/routes.ts";

const PACKAGE = import.meta.glob<{ version: string; name: string }>("../../package.json", {
  import: "default",
  eager: true,
});

/** Far more than it has: a generator or an agent reads it whole. */
const MAX_DOCUMENT_BYTES = 400_000;

interface Operation {
  operationId: string;
  summary: string;
  responses: Record<string, unknown>;
}
interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, unknown>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
}

let text: string;
let document: OpenApi;
let response: Response;

beforeAll(async () => {
  response = await fetchWorker("https://onecall.test/openapi.json");
  text = await response.text();
  document = JSON.parse(text);
});

const pathOf = (pattern: string): string => pattern.replaceAll(/:(\w+)/g, "{$1}");

/** Every `$ref` in a part of the document. */
function refsOf(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([name, inner]) => (name === "$ref" ? [String(inner)] : refsOf(inner)));
}

describe("GET /openapi.json", () => {
  it("is OpenAPI 3.1 that anybody may read, from any page, and keep for five minutes", () => {
    expect([response.status, document.openapi]).toEqual([200, "3.1.0"]);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(text.length).toBeLessThan(MAX_DOCUMENT_BYTES);
  });

  it("is a 304 for who has it", async () => {
    const etag = response.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await call("GET", "/openapi.json", { headers: { "if-none-match": known } });
      expect([again.status, again.body, again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const other = await call("GET", "/openapi.json", { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  it("has every path of every route, and no other", () => {
    const declared = ROUTE_CASES.map(({ method, pattern }) => `${method} ${pathOf(pattern)}`);
    const shown = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(shown.sort()).toEqual([...new Set(declared)].sort());
  });

  it("names each operation once, and resolves every reference", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const { schemas, responses } = document.components;
    const known = [
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ];
    expect([...new Set(refsOf(document))].filter((ref) => !known.includes(ref))).toEqual([]);
  });

  it("has a call's body for each event that an endpoint can get", () => {
    expect(Object.keys(document.webhooks)).toEqual([
      "notification.accepted",
      "notification.completed",
      "notification.failed",
      "delivery.failed",
      "delivery.viewed",
      "delivery.clicked",
      "notification",
      "webhook.test",
      "webhook.batch",
    ]);
  });
});

describe("an example", () => {
  const examples = ROUTE_CASES.flatMap(({ route }) => route.examples.map((example) => ({ route, example })));

  it.each(FAMILIES.filter(({ name }) => name !== "Service"))("is there in the family $name", ({ routes }) => {
    expect(routes.some((route) => route.examples.length > 0)).toBe(true);
  });

  it.each(examples)("is what its route takes and answers: $route.id, $example.name", ({ route, example }) => {
    const { request, answer } = example;
    if (request !== undefined) parseInput(route.body?.schema ?? v.never(), request);
    if (answer === undefined) return;
    const [schema] = Object.entries(route.answers).flatMap(([status, form]) =>
      Number(status) < 300 && "kind" in form ? [form] : [],
    );
    v.parse(schema ?? v.never(), answer);
  });
});

describe("GET /", () => {
  it("says where everything is", async () => {
    const { status, body } = await call("GET", "/");
    expect([status, body]).toEqual([
      200,
      {
        name: "onecall",
        version: SERVICE.version,
        docs: "https://onecall.test/docs",
        openapi: "https://onecall.test/openapi.json",
        health: "https://onecall.test/health",
      },
    ]);
    for (const link of [body.docs, body.openapi, body.health]) {
      expect((await call("GET", new URL(link).pathname)).status).toBe(200);
    }
  });

  it("has the package's name and version", () => {
    const { name, version } = PACKAGE["../../package.json"] ?? {};
    expect(SERVICE).toEqual({ name, version });
  });
});

describe("GET /docs", () => {
  let page: string;
  let headers: Headers;
  beforeAll(async () => {
    const answer = await call("GET", "/docs");
    [page, headers] = [answer.body, answer.headers];
  });

  it("is a page that loads nothing: no script, no address elsewhere, its style by its hash", async () => {
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = headers.get("content-security-policy") ?? "";
    const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|style="|\son\w+="|(src|href)="(https?:)?\/\//);
    expect(page.length).toBeLessThan(MAX_DOCUMENT_BYTES);
  });

  it("shows every call, and all its links lead somewhere", () => {
    for (const { pattern } of ROUTE_CASES) expect(page).toContain(`<code>${pathOf(pattern)}</code>`);
    const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  it("is a 304 for who has it", async () => {
    const again = await call("GET", "/docs", { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
  });
});
