import type { HttpAnswer } from "./answers.ts";
import { readRetryAfter } from "./backoff.ts";

/** No answer: the connection broke, or it took too long. */
export interface NoAnswer {
  failure: string;
}

/** Of an error's body, enough for any provider's JSON; an access token's answer is read whole. */
const ERROR_TEXT_BYTES = 4096;
const WHOLE_TEXT_BYTES = 64 * 1024;

/**
 * A call that is given up after `timeoutMs`, body included. Redirects aren't followed: a URL that was checked
 * must not lead to one that wasn't. A success's body is dropped unless `keepsBody`.
 */
export async function fetchInTime(
  url: string,
  init: RequestInit,
  timeoutMs: number,
  { keepsBody = false }: { keepsBody?: boolean } = {},
): Promise<HttpAnswer | NoAnswer> {
  const controller = new AbortController();
  // Not AbortSignal.timeout(): a timer that isn't cleared keeps a Durable Object awake.
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const response = await fetch(url, { ...init, redirect: "manual", signal: controller.signal });
    const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), Date.now());
    if (response.ok && !keepsBody) {
      // Unread bodies hold a connection.
      await response.body?.cancel();
      return { status: response.status, text: "", retryAfterMs };
    }
    const text = await readStart(response, keepsBody ? WHOLE_TEXT_BYTES : ERROR_TEXT_BYTES);
    return { status: response.status, text, retryAfterMs };
  } catch {
    const seconds = timeoutMs / 1000;
    return { failure: controller.signal.aborted ? `no answer within ${seconds} s` : "the connection failed" };
  } finally {
    clearTimeout(timer);
  }
}

async function readStart(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk.subarray(0, maxBytes - bytes), { stream: true });
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return text;
}
