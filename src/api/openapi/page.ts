import { escapeHtml } from "./escape-html.ts";
import type { JsonSchema } from "./json-schemas.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { showSchema } from "./schema-html.ts";

/** The OpenAPI document as a page: HTML and a style, without a script, a font or a picture from anywhere. */

type Entries = Record<string, JsonSchema>;

/** The page, and the Content-Security-Policy under which its style is the only thing that it may have. */
export async function renderPage(document: JsonSchema): Promise<{ html: string; policy: string }> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(PAGE_STYLE));
  const hash = new Uint8Array(digest).toBase64();
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { html: pageOf(document), policy };
}

function pageOf(document: JsonSchema): string {
  const { title, version, summary } = document.info as Record<string, string>;
  const tags = document.tags as { name: string; description: string }[];
  const byTag = operationsByTag(document.paths as Record<string, Entries>);
  const webhooks = document.webhooks as Record<string, Entries>;
  const components = document.components as { schemas: Entries };
  const nav = [...tags.map(({ name }) => name), "Webhook calls", "Schemas"]
    .map((name) => `<li><a href="#${slugOf(name)}">${escapeHtml(name)}</a></li>`)
    .join("");
  const sections = tags.map(({ name, description }) => showTag(name, description, byTag.get(name) ?? []));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} API</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the calls</a>
<header><h1>${escapeHtml(title)} API <small>${escapeHtml(version)}</small></h1><p>${escapeHtml(summary)}</p>
<p>The same for programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p></header>
<nav aria-label="Sections"><ul>${nav}</ul></nav>
<main id="main">
${sections.join("\n")}
${showWebhooks(webhooks)}
${showComponents(components.schemas)}
</main>
</body>
</html>
`;
}

/** A method and path, and what it is. */
interface Operation {
  method: string;
  path: string;
  operation: JsonSchema;
}

function operationsByTag(paths: Record<string, Entries>): Map<string, Operation[]> {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => ({ method, path, operation })),
  );
  const byTag = new Map<string, Operation[]>();
  for (const one of all) {
    for (const tag of one.operation.tags as string[]) byTag.set(tag, [...(byTag.get(tag) ?? []), one]);
  }
  return byTag;
}

function showTag(name: string, description: string, operations: readonly Operation[]): string {
  const shown = operations.map(showOperation).join("\n");
  return `<section aria-labelledby="${slugOf(name)}"><h2 id="${slugOf(name)}">${escapeHtml(name)}</h2>
<p>${escapeHtml(description)}</p>${shown}</section>`;
}

function showOperation({ method, path, operation }: Operation): string {
  const { summary, description = "", parameters = [], requestBody, responses, security } = operation;
  const schemes = (security as object[]).map((one) => Object.keys(one)[0] ?? "").join(" or ") || "none";
  return `<details><summary><code class="${method}">${method.toUpperCase()}</code> <code>${escapeHtml(path)}</code>
<span>${escapeHtml(String(summary))}</span></summary>
<p>${escapeHtml(String(description))
    .replaceAll("\n\n", "</p><p>")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</p>
<p>Credentials: ${escapeHtml(schemes)}</p>
${showParameters(parameters as JsonSchema[])}${showBody(requestBody as JsonSchema | undefined)}
${showResponses(responses as Entries)}</details>`;
}

function showParameters(parameters: readonly JsonSchema[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(({ name, in: place, required, description = "", schema }) => {
    const must = required === true ? "required" : "optional";
    return `<tr><th scope="row"><code>${escapeHtml(String(name))}</code></th><td>${place}, ${must}</td>
<td>${showSchema(schema as JsonSchema)} ${escapeHtml(String(description))}</td></tr>`;
  });
  return `<table><caption>Parameters</caption><tbody>${rows.join("")}</tbody></table>`;
}

function showBody(body: JsonSchema | undefined): string {
  if (body === undefined) return "";
  const parts = Object.entries(body.content as Entries).map(([mediaType, content]) =>
    showContent(mediaType, content),
  );
  return `<h3>Body${body.required === true ? "" : ", optional"}</h3>${parts.join("")}`;
}

function showContent(mediaType: string, { schema, examples = {} }: JsonSchema): string {
  const shown = Object.entries(examples as Entries).map(
    ([name, { value }]) => `<figure><figcaption>Example: ${escapeHtml(name)}</figcaption>
<pre tabindex="0">${escapeHtml(JSON.stringify(value, null, 2))}</pre></figure>`,
  );
  return `<p><code>${escapeHtml(mediaType)}</code></p>${showSchema(schema as JsonSchema)}${shown.join("")}`;
}

function showResponses(responses: Entries): string {
  const rows = Object.entries(responses).map(([status, { description, content, $ref }]) => {
    const errors =
      typeof $ref === "string" ? $ref.slice($ref.lastIndexOf("/") + 1).replaceAll(".", ", ") : "";
    const shown = Object.entries((content ?? {}) as Entries).map(([type, one]) => showContent(type, one));
    return `<tr><th scope="row">${status}</th><td>${escapeHtml(errors || String(description))}${shown.join("")}</td></tr>`;
  });
  return `<table><caption>Answers</caption><tbody>${rows.join("")}</tbody></table>`;
}

function showWebhooks(webhooks: Record<string, Entries>): string {
  const shown = Object.entries(webhooks).map(([type, { post }]) => {
    const body = showBody(post?.requestBody as JsonSchema | undefined);
    return `<details><summary><code>${escapeHtml(type)}</code> <span>${escapeHtml(String(post?.summary))}</span></summary>${body}</details>`;
  });
  return `<section aria-labelledby="webhook-calls"><h2 id="webhook-calls">Webhook calls</h2>
<p>What Onecall posts to an endpoint, signed as Standard Webhooks says.</p>${shown.join("\n")}</section>`;
}

function showComponents(schemas: Entries): string {
  const shown = Object.entries(schemas).map(
    ([name, schema]) => `<h3 id="schema-${name}">${escapeHtml(name)}</h3>${showSchema(schema)}`,
  );
  return `<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${shown.join("\n")}</section>`;
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(" ", "-");
}
