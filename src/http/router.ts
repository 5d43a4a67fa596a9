import { OnecallError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { allowAnyOrigin, answerPreflight } from "./cors.ts";
import { toOnecallError } from "./error-response.ts";
import type { RouteTable } from "./route-table.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { addressOf } from "./stranger-limit.ts";

interface RouterOptions {
  /** Routes under these paths are called by browsers; all others by servers, without CORS. */
  isBrowserPath: (path: string) => boolean;
  /** An error in the envelope of the family that the path belongs to. */
  presentError: (error: OnecallError, path: string, headers: Headers) => Response;
  /** Throws where the deployment can't serve this call, or lets only some in before any credentials are looked at. */
  requireReady: (request: Request, context: Context) => Promise<void> | undefined;
  /** A page for a path that is no route's; null where it is none. */
  servePage: (request: Request, context: Context) => Promise<Response | null>;
}

/** The whole program behind `fetch`: routes, the one catch, request ids, CORS, 404 and 405. */
export function createRouter(
  table: RouteTable,
  { isBrowserPath, presentError, requireReady, servePage }: RouterOptions,
) {
  async function dispatch(request: Request, context: Context): Promise<Response> {
    const path = context.url.pathname;
    await requireReady(request, context);
    if (request.method === "OPTIONS" && isBrowserPath(path)) return answerPreflight(request);
    requirePlainBody(request);
    // A HEAD is a GET whose body isn't sent.
    const isHead = request.method === "HEAD";
    const routed = isHead ? new Request(request, { method: "GET" }) : request;
    const response =
      (await table.respond(routed, context)) ??
      (table.methodsOf(path).length === 0 ? await servePage(routed, context) : null);
    if (response === null) throw refuseCall(table, path);
    return isHead ? new Response(null, response) : response;
  }

  return async (request: Request, env: Context["env"], execution: ExecutionContext): Promise<Response> => {
    const requestId = requestIdOf(request);
    const url = new URL(request.url);
    const address = addressOf(request);
    let response: Response;
    try {
      response = await dispatch(request, { env, execution, requestId, url, address });
    } catch (error) {
      response = presentError(toOnecallError(error, requestId), url.pathname, request.headers);
    }
    // A WebSocket's answer can't be changed any more.
    if (response.status === 101) return response;
    response.headers.set("x-request-id", requestId);
    setSecurityHeaders(response.headers, url);
    if (isBrowserPath(url.pathname)) allowAnyOrigin(response.headers);
    return response;
  };
}

/** What there is instead: other methods, or a path that is like this one. */
function refuseCall(table: RouteTable, path: string): OnecallError {
  const allowed = table.methodsOf(path);
  if (allowed.length > 0) {
    return new OnecallError("ERR_METHOD_NOT_ALLOWED", `This path takes ${allowed.join(", ")}.`, {
      headers: { allow: allowed.join(", ") },
    });
  }
  const nearest = table.nearest(path);
  const hint = nearest === null ? "" : ` Did you mean ${nearest}?`;
  return new OnecallError("ERR_NOT_FOUND", `There is nothing at this path.${hint}`);
}

/** A few bytes can unpack to gigabytes, so no route unpacks a body. */
function requirePlainBody(request: Request): void {
  const encoding = request.headers.get("content-encoding")?.trim() ?? "";
  if (encoding === "" || encoding.toLowerCase() === "identity") return;
  throw new OnecallError(
    "ERR_UNSUPPORTED_ENCODING",
    "The body has a Content-Encoding, such as gzip; send it as it is, without that header.",
    // RFC 7694: what would be taken.
    { headers: { "accept-encoding": "identity" } },
  );
}

/** The caller's own id where it is sane, so that logs of both sides can be joined. */
function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
