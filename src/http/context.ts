import type { IRequest } from "itty-router";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../model/errors.ts";

/** What every handler gets beside the request. */
export interface Context {
  env: Bindings;
  execution: ExecutionContext;
  /** In the answer's `x-request-id` and in every log line of this request. */
  requestId: string;
  url: URL;
  /** Where the call comes from: see `addressOf`. */
  address: string | null;
}

export type Handler = (request: IRequest, context: Context) => Response | Promise<Response>;

/** A path parameter, URL-decoded (itty-router leaves them as they came). */
export function pathParam(request: IRequest, name: string): string {
  const raw = request.params[name] ?? "";
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new OnecallError("ERR_BAD_REQUEST", `${name}: the path isn't valid percent-encoding`);
  }
}
