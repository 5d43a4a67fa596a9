import type { AddressOutcome } from "../model/dispatch.ts";
import { MAX_PROVIDER_MESSAGE } from "../model/limits.ts";

/** What a provider's answer is read from. */
export interface HttpAnswer {
  status: number;
  /** The beginning of the body, for anything but a success. */
  text: string;
  /** How long the answer's Retry-After asks to wait, ms; null where it has none. */
  retryAfterMs: number | null;
}

/** An HTTP call to a provider, or the outcome where there is nothing to call for. */
export type ProviderRequest =
  | { url: string; headers: Record<string, string>; body: string | Uint8Array }
  | { outcome: AddressOutcome };

/** `expired`: the credentials' token has ended; another one may do. */
export type ProviderAnswer = AddressOutcome | { outcome: "expired"; message: string };

/** An answer that means the same for every provider: success, later, too large; null where it is another. */
export function readCommonAnswer({ status, text, retryAfterMs }: HttpAnswer): AddressOutcome | null {
  if (status >= 200 && status < 300) return { outcome: "accepted" };
  const message = describe(status, text);
  if (status === 429 || status >= 500) return { outcome: "retry", message, afterMs: retryAfterMs };
  if (status === 413) return { outcome: "rejected", reason: "payload_too_large", message };
  return null;
}

export function rejected(message: string): AddressOutcome {
  return {
    outcome: "rejected",
    reason: "provider_rejected",
    message: message.slice(0, MAX_PROVIDER_MESSAGE),
  };
}

export function tooLarge(bytes: number, limit: number): { outcome: AddressOutcome } {
  const message = `the payload has ${bytes} bytes, and ${limit} is the most`;
  return { outcome: { outcome: "rejected", reason: "payload_too_large", message } };
}

/** `404: UNREGISTERED …`: the status and the provider's words, on one line. */
export function describe(status: number, text: string): string {
  const words = text.replace(/\s+/g, " ").trim();
  return `${status}${words === "" ? "" : `: ${words}`}`.slice(0, MAX_PROVIDER_MESSAGE);
}

/** A field of an answer's JSON; undefined where it isn't JSON or hasn't that field. */
export function readJsonField(text: string, ...path: string[]): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Proxies between us and the provider answer in HTML.
    return undefined;
  }
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
