import { isStorageFull } from "../../model/platform-fault.ts";

const ATTEMPTS = 3;

/**
 * A commit call whose outcome is unknown when it fails: repeated as it is, which is harmless because it
 * carries the notification's id. Each attempt opens its stub anew: a failed stub stays failed. Throws what the
 * last attempt failed with: where that is the platform's, the caller gets a 503 that is safe to repeat.
 */
export async function commitSafely<T>(call: () => Promise<T>): Promise<T> {
  let lastError: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await call();
    } catch (error) {
      lastError = error;
      if (isStorageFull(error)) break;
      console.warn({ message: "a commit failed", attempt, error });
    }
  }
  throw lastError;
}
