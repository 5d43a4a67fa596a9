import type { EndpointConfig } from "../model/webhook.ts";
import { signatureHeaders } from "../model/webhook-secrets.ts";
import type { TimedFetch } from "./timed-fetch.ts";

/** Bytes of an endpoint's answer that are kept. */
const RESPONSE_BYTES = 1024;

/** What came of one call. */
export interface PostOutcome {
  isSuccess: boolean;
  httpStatus: number | null;
  response: string | null;
  /** Why there was no answer. */
  error: string | null;
  retryAfterMs: number | null;
  durationMs: number;
}

/**
 * Sends a message to the endpoint, signed anew: receivers refuse a timestamp of some minutes ago. `timeoutMs`: how long
 * it is waited for, its answer's first KB included. Never throws.
 */
export async function postWebhook(
  timedFetch: TimedFetch,
  { url, secrets }: EndpointConfig,
  message: { id: string; body: string },
  timeoutMs: number,
): Promise<PostOutcome> {
  const startedAt = Date.now();
  const headers = {
    "content-type": "application/json",
    "user-agent": "Onecall-Webhooks/1",
    ...signatureHeaders(secrets, message, startedAt),
  };
  const answer = await timedFetch.call(url, { method: "POST", headers, body: message.body }, timeoutMs, {
    keptBytes: RESPONSE_BYTES,
  });
  // The clock may have been set back meanwhile.
  const durationMs = Math.max(0, Date.now() - startedAt);
  if ("failure" in answer) {
    const { failure: error } = answer;
    return { isSuccess: false, httpStatus: null, response: null, error, retryAfterMs: null, durationMs };
  }
  const { status: httpStatus, text: response, retryAfterMs } = answer;
  const isSuccess = httpStatus >= 200 && httpStatus < 300;
  return { isSuccess, httpStatus, response, error: null, retryAfterMs, durationMs };
}
