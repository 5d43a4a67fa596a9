import { OnecallError, unavailable } from "../errors.ts";

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
