import { type IRequest, Router } from "itty-router";
import { OnecallError } from "../model/errors.ts";
import type { Context, Handler } from "./context.ts";
import { allowAnyOrigin, answerPreflight } from "./cors.ts";
import { toOnecallError } from "./error-response.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import { addressOf } from "./stranger-limit.ts";

/** A route as it stands in a family's table. */
export type Route = [method: "GET" | "POST" | "PUT" | "DELETE", path: string, handler: Handler];

export interface RouterOptions {
  /** Routes under these paths are called by browsers; all others by servers, without CORS. */
  isBrowserPath: (path: string) => boolean;
  /** An error in the envelope of the family that the path belongs to. */
  presentError: (error: OnecallError, path: string, headers: Headers) => Response;
  /** Throws where the deployment can't serve this call. */
  requireReady: (context: Context) => void;
}

/** The whole program behind `fetch`: routes, the one catch, request ids, CORS, 404 and 405. */
export function createRouter(
  routes: readonly Route[],
  { isBrowserPath, presentError, requireReady }: RouterOptions,
) {
  const router = Router<IRequest, [Context]>();
  for (const [method, path, handler] of routes) {
    if (method === "GET") router.get(path, handler);
    else if (method === "POST") router.post(path, handler);
    else if (method === "PUT") router.put(path, handler);
    else router.delete(path, handler);
  }

  /** What a path takes that stands in the table as it is: `…/notifications/send` is no notification's id. */
  const literals = new Map<string, Set<string>>();
  for (const [method, path] of routes) {
    if (!path.includes(":")) literals.set(path, (literals.get(path) ?? new Set()).add(method));
  }
  const findLiteral = (path: string) => literals.get(path.replace(/(?<=.)\/+$/, ""));

  const allowedMethods = (path: string): string[] => {
    const matching = router.routes.filter(([, pattern]) => pattern.test(path)).map(([method]) => method);
    const methods = new Set(findLiteral(path) ?? matching);
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods];
  };

  async function dispatch(request: Request, context: Context): Promise<Response> {
    const path = context.url.pathname;
    requireReady(context);
    if (request.method === "OPTIONS" && isBrowserPath(path)) return answerPreflight(request);
    requirePlainBody(request);
    // A HEAD is a GET whose body isn't sent.
    const isHead = request.method === "HEAD";
    const routed = isHead ? new Request(request, { method: "GET" }) : request;
    const takesOthersOnly = findLiteral(path)?.has(routed.method) === false;
    const response = takesOthersOnly ? undefined : await router.fetch(routed, context);
    if (response !== undefined) return isHead ? new Response(null, response) : response;
    const allowed = allowedMethods(path);
    if (allowed.length === 0) throw new OnecallError("ERR_NOT_FOUND", "There is nothing at this path.");
    throw new OnecallError("ERR_METHOD_NOT_ALLOWED", `This path takes ${allowed.join(", ")}.`, {
      headers: { allow: allowed.join(", ") },
    });
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
