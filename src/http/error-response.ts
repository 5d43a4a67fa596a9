import { OnecallError, storageFull, unavailable } from "../model/errors.ts";
import { isPlatformFault, isStorageFull } from "../model/platform-fault.ts";

/** Any error as the one that the client sees; what isn't ours is logged whole and shown without detail. */
export function toOnecallError(error: unknown, requestId: string): OnecallError {
  if (error instanceof OnecallError && error.code !== "ERR_INTERNAL") {
    if (error.code === "ERR_UNAVAILABLE")
      console.error({ message: "unavailable", requestId, error: error.cause });
    return error;
  }
  if (isStorageFull(error)) {
    console.error({ message: "an object is full", requestId, error });
    return storageFull(error);
  }
  if (isPlatformFault(error)) {
    console.error({ message: "unavailable", requestId, error });
    return unavailable(error);
  }
  console.error({ message: "unexpected error", requestId, error });
  return new OnecallError(
    "ERR_INTERNAL",
    "Something went wrong on our side. Quote the x-request-id to the operator.",
  );
}
