/**
 * What Durable Objects and their stubs add to their exceptions when the platform, not the code, failed
 * (developers.cloudflare.com/durable-objects/best-practices/error-handling).
 */
interface PlatformError {
  retryable?: boolean;
  overloaded?: boolean;
  durableObjectReset?: boolean;
  message?: unknown;
}

/**
 * How the platform's parts say that they can't now, where nothing else tells it from a bug: an exception that comes
 * out of an object keeps its message, but not the flags that it came into that object with.
 */
const MESSAGES = [
  /network connection lost/i,
  /^internal error\b/i,
  // Durable Objects (developers.cloudflare.com/durable-objects/observability/troubleshooting).
  /Durable Object is overloaded/,
  /object to be reset|Durable Object reset because|exceeded its (CPU time|memory) limit and was reset/,
  /code has been updated, this version can no longer access storage/,
  /Cannot resolve Durable Object due to transient issue/,
  // A Durable Object holds 10 GB: then it can't store, but still be read.
  /SQLITE_FULL|database or disk is full/,
  // R2: internal error, unavailable, disconnected, too many requests (developers.cloudflare.com/r2/api/error-codes).
  /\((10001|10043|10054|10058)\)$|: Unspecified error \(0\)$/,
  /^Queue send(Batch)? failed: /,
  /^KV (GET|PUT|DELETE|LIST) failed: (429|5\d\d)\b/,
];

/** What an object throws that has no room for more. It crosses to its caller as a message. */
export const STORAGE_FULL = "ERR_STORAGE_FULL: this object has no room for what would grow it";

export function isStorageFull(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { message } = error as PlatformError;
  return typeof message === "string" && message.includes("ERR_STORAGE_FULL");
}

/** True where a store or an object couldn't serve a call for now: the same call may succeed later. Pure. */
export function isPlatformFault(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { retryable, overloaded, durableObjectReset, message } = error as PlatformError;
  if (retryable || overloaded || durableObjectReset) return true;
  return typeof message === "string" && MESSAGES.some((pattern) => pattern.test(message));
}
