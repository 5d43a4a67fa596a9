import { OnecallError, type OnecallErrorCode } from "./errors.ts";

/** What went wrong in a try, as an error. */

/** Those of the form of an upload, whose errors are numbers; and of whoever stands before the service. */
const CODE_OF_STATUS: Readonly<Record<number, OnecallErrorCode>> = {
  400: "ERR_INVALID_TARGETS_FILE",
  403: "ERR_FORBIDDEN",
  409: "ERR_CONFLICT",
  413: "ERR_PAYLOAD_TOO_LARGE",
  429: "ERR_TOO_MANY_REQUESTS",
  503: "ERR_UNAVAILABLE",
};

interface Refusal {
  code: OnecallErrorCode;
  message: string;
  details?: Record<string, string>;
}

/** An answer that isn't 2xx. */
export function readFailure(response: Response, text: string, isRepeatable: boolean): OnecallError {
  const { status, headers } = response;
  const { code, message, details } = readRefusal(text, status) ?? unreadable(response);
  // Nothing was done for a call that was too much; a call whose key is taken waits for the one that took it.
  const isUndone = status === 429 || (status === 409 && headers.has("retry-after"));
  const isPassing = status === 503 || (code === "ERR_UNREADABLE" && status >= 500);
  return new OnecallError(code, {
    message,
    status,
    details,
    requestId: headers.get("x-request-id"),
    retryable: isUndone || (isPassing && isRepeatable),
  });
}

/** No answer, or one that ended early. `timeoutMs`: null where it wasn't the time. */
export function lostAnswer(cause: unknown, timeoutMs: number | null, isRepeatable: boolean): OnecallError {
  const message = timeoutMs === null ? "No whole answer came" : `No whole answer came in ${timeoutMs} ms`;
  const code = timeoutMs === null ? "ERR_NETWORK" : "ERR_TIMEOUT";
  return new OnecallError(code, { message, status: null, retryable: isRepeatable, cause });
}

/** A 2xx whose body isn't JSON. */
export function unreadableAnswer(response: Response, isRepeatable: boolean): OnecallError {
  return new OnecallError("ERR_UNREADABLE", {
    message: unreadable(response).message,
    status: response.status,
    requestId: response.headers.get("x-request-id"),
    retryable: isRepeatable,
  });
}

function unreadable({ status, headers }: Response): Refusal {
  const location = headers.get("location");
  // A key isn't sent on to wherever an answer points.
  const message =
    location === null ? `An answer that isn't Onecall's: ${status}` : `${status}: moved to ${location}`;
  return { code: "ERR_UNREADABLE", message };
}

/** `{error: {code, message, details}}`, or `{error: true, code, message}`; null for what is neither. */
function readRefusal(text: string, status: number): Refusal | null {
  const answer = readJson(text);
  if (!isObject(answer)) return null;
  const { error } = answer;
  if (isObject(error) && isCode(error.code) && typeof error.message === "string") {
    return { code: error.code, message: error.message, details: readDetails(error.details) };
  }
  if (error !== true || typeof answer.message !== "string") return null;
  return { code: CODE_OF_STATUS[status] ?? "ERR_BAD_REQUEST", message: answer.message };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A newer service may have codes that this client's types don't know. */
function isCode(value: unknown): value is OnecallErrorCode {
  return typeof value === "string" && value.startsWith("ERR_");
}

function readDetails(value: unknown): Record<string, string> {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
    : {};
}
