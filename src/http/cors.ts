/** What lets a page of any origin call the routes that browsers call. Pure. */

const ALLOW_ANY_ORIGIN = { "access-control-allow-origin": "*" };
/** What a page may read of an answer; uploaders wait for `ETag` or `Location`. */
const EXPOSE = { "access-control-expose-headers": "x-request-id, retry-after, etag, location" };
const DEFAULT_HEADERS = "authorization, content-type, x-request-id";
/** Names of headers, separated by commas. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;
const MAX_HEADER_NAMES_LENGTH = 2048;

/**
 * The answer to a preflight. Every header that is asked for is allowed: tracing adds its own to each call, and
 * what counts is the token or the signed form, which no other page has.
 */
export function answerPreflight(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers")?.trim() ?? "";
  const isList = asked.length <= MAX_HEADER_NAMES_LENGTH && HEADER_NAMES.test(asked);
  return new Response(null, {
    status: 204,
    headers: {
      ...ALLOW_ANY_ORIGIN,
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": isList ? asked : DEFAULT_HEADERS,
      "access-control-max-age": "86400",
      vary: "access-control-request-headers",
    },
  });
}

/** Lets a page of any origin read an answer, errors included. */
export function allowAnyOrigin(headers: Headers): void {
  for (const [name, value] of Object.entries({ ...ALLOW_ANY_ORIGIN, ...EXPOSE })) headers.set(name, value);
}
