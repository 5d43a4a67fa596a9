import type { Bindings } from "../env.ts";

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
