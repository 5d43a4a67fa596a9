import type { OnecallErrorCode } from "./errors.ts";

/** A secret, or what gets it: asked before each try, so that it can be renewed. */
export type Credential = string | (() => string | Promise<string>);

/** What `fetch` is to this client. A Worker's service binding has it too: `(...args) => env.ONECALL.fetch(...args)`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface OnecallOptions {
  /** Where Onecall is. May be left out in a page that Onecall itself serves. */
  url?: string | undefined;
  /** An app's key: for a server, never for a page. */
  apiKey?: Credential | undefined;
  /** A user's token: for `feed`. */
  userToken?: Credential | undefined;
  /** The operator's: for `admin`. */
  adminToken?: Credential | undefined;
  /** Further headers of every call. */
  headers?: Readonly<Record<string, string>>;
  /** How long a try may take, its answer read to the end, ms. Default: 30,000. */
  timeoutMs?: number;
  /** Tries after the first. Default: 4. */
  maxRetries?: number;
  /** Told of every try; never of a header, a query or a body. What it throws is ignored. */
  log?: (entry: LogEntry) => void;
  fetch?: Fetch;
}

/** Of one call. */
export interface CallOptions {
  /** Ends the call, pauses included: `AbortSignal.timeout(5000)` is a limit for all of its tries. */
  signal?: AbortSignal;
  timeoutMs?: number;
  maxRetries?: number;
}

/** Of a send. */
export interface SendCallOptions extends CallOptions {
  /**
   * 1 to 255 printable ASCII characters, good for 24 hours. Each call has one of its own, the same in all of its tries;
   * give one where the call itself may be made again: by a job that starts over, say.
   */
  idempotencyKey?: string;
}

/** One try. */
export interface LogEntry {
  method: string;
  /** Without its query. */
  path: string;
  /** 1 is the first. */
  attempt: number;
  /** Null where there was no answer. */
  status: number | null;
  /** Null where it succeeded. */
  code: OnecallErrorCode | null;
  requestId: string | null;
  durationMs: number;
  /** When it is tried again; null where it isn't. */
  retryInMs: number | null;
}
