import { OnecallError, unavailable } from "../errors.ts";
import { json } from "./responses.ts";

/** What Durable Objects and their stubs add to their exceptions when the platform, not the code, failed. */
interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
  durableObjectReset?: boolean;
}

/** Any error as the one that the client sees; what isn't ours is logged whole and shown without detail. */
export function toOnecallError(error: unknown, requestId: string): OnecallError {
  if (error instanceof OnecallError && error.code !== "ERR_INTERNAL") {
    if (error.code === "ERR_UNAVAILABLE")
      console.error({ message: "unavailable", requestId, error: error.cause });
    return error;
  }
  console.error({ message: "unexpected error", requestId, error });
  const { retryable, overloaded, durableObjectReset } = (error ?? {}) as PlatformError;
  if (retryable || overloaded || durableObjectReset) return unavailable(error);
  return new OnecallError(
    "ERR_INTERNAL",
    "Something went wrong on our side. Quote the x-request-id to the operator.",
  );
}

/** The business messaging family's envelope (reference of the vendor's API A). */
export function presentError(error: OnecallError): Response {
  const { code, message, devMessage, details } = error;
  const body = { error: { code, message, devMessage, ...(details === undefined ? {} : { details }) } };
  return json(body, error.status, error.headers);
}
