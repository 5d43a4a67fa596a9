import type { ApiError } from "./api-types.ts";

/** What the service refuses with, and what keeps a call from an answer. */
export type OnecallErrorCode =
  | ApiError["error"]["code"]
  /** No answer came, or it ended early. */
  | "ERR_NETWORK"
  /** No whole answer came in time. */
  | "ERR_TIMEOUT"
  /** An answer that isn't the service's: a proxy's page, say. */
  | "ERR_UNREADABLE";

interface OnecallErrorFields {
  message: string;
  /** The HTTP status, null where there was no answer. */
  status: number | null;
  details?: Readonly<Record<string, string>>;
  requestId?: string | null;
  retryable: boolean;
  cause?: unknown;
}

/** Why a call failed, after all of its tries. */
export class OnecallError extends Error {
  /** What a console calls it; that of the class is shortened where this is built. */
  static override readonly name = "OnecallError";
  readonly code: OnecallErrorCode;
  readonly status: number | null;
  /** Per field: what would be right. */
  readonly details: Readonly<Record<string, string>>;
  /** What the operator finds the call by in the logs. */
  readonly requestId: string | null;
  /** True where the same call may be made again later, and may succeed then. */
  readonly retryable: boolean;

  constructor(
    code: OnecallErrorCode,
    { message, status, details, requestId, retryable, cause }: OnecallErrorFields,
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "OnecallError";
    this.code = code;
    this.status = status;
    this.details = details ?? {};
    this.requestId = requestId ?? null;
    this.retryable = retryable;
  }
}
