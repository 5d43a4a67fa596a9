import * as v from "valibot";
import { ANYBODY } from "../../http/access.ts";
import { json } from "../../http/responses.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { ANY_QUERY } from "../../http/route-input.ts";
import { sha256Hex } from "../../model/credentials.ts";
import { HEALTH_PATH } from "../paths.ts";
import { AnyObjectSchema } from "../schemas.ts";
import { buildDocument, type Family, SERVICE } from "./document.ts";
import { renderPage } from "./page.ts";

export const DOCUMENT_PATH = "/openapi.json";
const PAGE_PATH = "/docs";

/** How long whoever reads them keeps the document and its page, s; then they ask whether it is another. */
const MAX_AGE_SECONDS = 300;

/** A text that is made once in an isolate, with what it is told apart by. */
interface Made {
  text: string;
  etag: string;
  headers: Record<string, string>;
}

/** What the service says of itself: where it begins, its OpenAPI document, and a page of that document. */
export function documentRoutes(families: () => readonly Family[]): Route[] {
  const document = makeOnce(async () => ({
    text: JSON.stringify(buildDocument(families())),
    headers: { "content-type": "application/json; charset=utf-8" },
  }));
  const page = makeOnce(async () => {
    const { html, policy } = await renderPage(buildDocument(families()));
    const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
    return { text: html, headers };
  });
  return [ROOT, documentRoute(document), pageRoute(page)];
}

const ROOT = defineRoute({
  id: "getService",
  method: "GET",
  path: "/",
  access: ANYBODY,
  summary: "Where everything is",
  query: ANY_QUERY,
  answers: {
    200: v.strictObject({
      name: v.string(),
      version: v.string(),
      docs: v.string(),
      openapi: v.string(),
      health: v.string(),
    }),
  },
  handle: ({ url: { origin } }) =>
    json({
      ...SERVICE,
      docs: origin + PAGE_PATH,
      openapi: origin + DOCUMENT_PATH,
      health: origin + HEALTH_PATH,
    }),
});

const UNCHANGED = { mediaType: null, description: "It is as it was" } as const;

function documentRoute(document: () => Promise<Made>): Route {
  return defineRoute({
    id: "getOpenApi",
    method: "GET",
    path: DOCUMENT_PATH,
    access: ANYBODY,
    summary: "This document: OpenAPI 3.1",
    query: ANY_QUERY,
    answers: { 200: AnyObjectSchema, 304: UNCHANGED },
    handle: async ({ request }) => answer(request, await document()),
  });
}

function pageRoute(page: () => Promise<Made>): Route {
  return defineRoute({
    id: "getDocs",
    method: "GET",
    path: PAGE_PATH,
    access: ANYBODY,
    summary: "This document as a page",
    query: ANY_QUERY,
    answers: { 200: { mediaType: "text/html", description: "The page" }, 304: UNCHANGED },
    handle: async ({ request }) => answer(request, await page()),
  });
}

function answer(request: Request, { text, etag, headers }: Made): Response {
  const caching = { etag, "cache-control": `public, max-age=${MAX_AGE_SECONDS}` };
  if (isKnown(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: caching });
  }
  return new Response(text, { headers: { ...headers, ...caching } });
}

/** RFC 9110, 13.1.2: compared weakly. */
function isKnown(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}

/** The first call makes it; one that fails is made anew by the next. */
function makeOnce(make: () => Promise<Omit<Made, "etag">>): () => Promise<Made> {
  let made: Made | null = null;
  return async () => {
    if (made !== null) return made;
    const fresh = await make();
    made = { ...fresh, etag: `"${(await sha256Hex(fresh.text)).slice(0, 32)}"` };
    return made;
  };
}
