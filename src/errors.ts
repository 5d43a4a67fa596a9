/** Every error code a client can see, with its one HTTP status (seeds 000 and 001; the design's table). */
export const ERROR_STATUS = {
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
  ERR_METHOD_NOT_ALLOWED: 405,
  ERR_TEMPLATE_NOT_APPROVED: 409,
  ERR_CONFLICT: 409,
  ERR_IDEMPOTENCY_CONFLICT: 409,
  ERR_PAYLOAD_TOO_LARGE: 413,
  ERR_TOO_MANY_REQUESTS: 429,
  ERR_INTERNAL: 500,
  ERR_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

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
    return ERROR_STATUS[this.code];
  }
}

/**
 * All faults of one request as one error. A single kind of fault keeps its own code; several kinds at once
 * are `ERR_BAD_REQUEST` with every field in `details`.
 */
export function faultsToError(
  faults: readonly Fault[],
  fallback: ErrorCode = "ERR_BAD_REQUEST",
): OnecallError {
  const codes = new Set(faults.map((fault) => fault.code ?? fallback));
  const [only] = codes;
  const code = codes.size === 1 && only !== undefined ? only : "ERR_BAD_REQUEST";
  const byField = Map.groupBy(faults, ({ field }) => field);
  const details: Record<string, string> = Object.fromEntries(
    [...byField].map(([field, found]) => [field, found.map(({ message }) => message).join("; ")]),
  );
  const [first] = Object.entries(details);
  const message =
    byField.size === 1 && first !== undefined
      ? `${first[0]}: ${first[1]}`
      : `${byField.size} fields are wrong: ${[...byField.keys()].join(", ")}`;
  return new OnecallError(code, message, { details });
}

/** A store or an object did not answer. Safe to repeat with the same Idempotency-Key. */
export function unavailable(cause: unknown): OnecallError {
  return new OnecallError(
    "ERR_UNAVAILABLE",
    "The service is unavailable for a moment. Repeat the call with the same Idempotency-Key.",
    { headers: { "retry-after": "1" }, cause },
  );
}
