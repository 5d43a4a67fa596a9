import { MAX_NAMED_FAULTS, MAX_SHOWN_FIELD, MAX_SHOWN_NAME } from "./limits.ts";
import { isStorageFull } from "./platform-fault.ts";

/** Every error code a client can see, with its one HTTP status (seeds 000 and 001; the design's table). */
const ERROR_STATUS = {
  ERR_BAD_REQUEST: 400,
  ERR_INVALID_VARIABLES: 400,
  ERR_TARGET_LIMIT_EXCEEDED: 400,
  ERR_INVALID_MODE: 400,
  ERR_NO_CHANNELS: 400,
  ERR_INVALID_TARGETS_FILE: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_TEMPLATE_NOT_FOUND: 404,
  ERR_UID_NOT_FOUND: 404,
  ERR_METHOD_NOT_ALLOWED: 405,
  ERR_TEMPLATE_NOT_APPROVED: 409,
  ERR_CONFLICT: 409,
  ERR_UID_ALREADY_EXISTS: 409,
  ERR_IDEMPOTENCY_CONFLICT: 409,
  ERR_QUOTA_EXCEEDED: 409,
  ERR_PAYLOAD_TOO_LARGE: 413,
  ERR_UNSUPPORTED_ENCODING: 415,
  ERR_TOO_MANY_REQUESTS: 429,
  ERR_INTERNAL: 500,
  ERR_UNAVAILABLE: 503,
  ERR_STORAGE_FULL: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
export const ERROR_CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

export function statusOf(code: ErrorCode): number {
  return ERROR_STATUS[code];
}

/** One thing that is wrong in a request: where it is (`template.variables.name`) and what would be right. */
export interface Fault {
  field: string;
  message: string;
  code?: ErrorCode;
}

interface OnecallErrorOptions {
  /** Per field: what would be right. */
  details?: Record<string, string>;
  /** For the developer who reads the log; defaults to `message`. */
  devMessage?: string;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** A mistake of the caller, or a state the caller can act on. Anything else that is thrown is a bug. */
export class OnecallError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, string> | undefined;
  readonly devMessage: string;
  readonly headers: Record<string, string>;

  constructor(code: ErrorCode, message: string, options: OnecallErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "OnecallError";
    this.code = code;
    this.details = options.details;
    this.devMessage = options.devMessage ?? message;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return statusOf(this.code);
  }
}

/** What is wrong in one request. The first {@link MAX_NAMED_FAULTS} are kept, all others only counted. */
export class Faults implements Iterable<Fault> {
  readonly #named: Fault[] = [];
  /** How many were found beyond those that are named. */
  #more: number;

  constructor(named: Iterable<Fault> = [], more = 0) {
    this.#more = more;
    for (const fault of named) this.push(fault);
  }

  /** All that were found, named or not. */
  get length(): number {
    return this.#named.length + this.#more;
  }

  get more(): number {
    return this.#more;
  }

  push({ field, message, code }: Fault): void {
    if (this.#named.length === MAX_NAMED_FAULTS) this.#more++;
    else this.#named.push({ field: cutField(field), message, ...(code === undefined ? {} : { code }) });
  }

  /** Adds what another look at the same request has found. */
  add(others: Faults): void {
    for (const fault of others) this.push(fault);
    this.#more += others.more;
  }

  [Symbol.iterator](): Iterator<Fault> {
    return this.#named.values();
  }
}

/**
 * All faults of one request as one error. A single kind of fault keeps its own code; several kinds at once
 * are `ERR_BAD_REQUEST` with the fields that are named in `details`.
 */
export function faultsToError(
  found: Faults | readonly Fault[],
  fallback: ErrorCode = "ERR_BAD_REQUEST",
): OnecallError {
  const faults = found instanceof Faults ? found : new Faults(found);
  const codes = new Set([...faults].map((fault) => fault.code ?? fallback));
  const [only] = codes;
  const code = codes.size === 1 && only !== undefined ? only : "ERR_BAD_REQUEST";
  const byField = Map.groupBy(faults, ({ field }) => field);
  const details: Record<string, string> = Object.fromEntries(
    [...byField].map(([field, same]) => [field, same.map(({ message }) => message).join("; ")]),
  );
  const [first] = Object.entries(details);
  const more = faults.more === 0 ? "" : ` and ${faults.more} more`;
  const message =
    byField.size === 1 && first !== undefined && more === ""
      ? `${first[0]}: ${first[1]}`
      : `${byField.size + faults.more} fields are wrong: ${[...byField.keys()].join(", ")}${more}`;
  return new OnecallError(code, message, { details });
}

/** A name that the caller gave, as an error shows it: cut, and without what would break a line or a terminal. */
export function showName(name: string): string {
  const cut = name.length > MAX_SHOWN_NAME ? `${name.slice(0, MAX_SHOWN_NAME - 1)}…` : name;
  return replaceControls(cut.toWellFormed());
}

// A path may hold two names, of a user and of a variable.
function cutField(field: string): string {
  const cut = field.length > MAX_SHOWN_FIELD ? `${field.slice(0, MAX_SHOWN_FIELD - 1)}…` : field;
  return replaceControls(cut.toWellFormed());
}

// Each control character would have six bytes in JSON.
function replaceControls(text: string): string {
  return /\p{Cc}/u.test(text) ? text.replace(/\p{Cc}/gu, "\ufffd") : text;
}

/** An object has no room for what would grow it. */
export function storageFull(cause: unknown): OnecallError {
  return new OnecallError(
    "ERR_STORAGE_FULL",
    "The part of the app's storage that this belongs to is nearly full: nothing that adds to it is taken. What is " +
      "there can be read, changed and deleted. GET /admin/status names it.",
    { cause },
  );
}

/** A store or an object of the platform did not answer. Safe to repeat with the same Idempotency-Key. */
export function unavailable(cause: unknown): OnecallError {
  if (isStorageFull(cause)) return storageFull(cause);
  return new OnecallError(
    "ERR_UNAVAILABLE",
    "The service is unavailable for a moment. Repeat the call with the same Idempotency-Key.",
    { headers: { "retry-after": "1" }, cause },
  );
}
