import * as v from "valibot";
import { MAX_PUSH_PAYLOAD_BYTES } from "../../../model/limits.ts";
import {
  describe,
  type HttpAnswer,
  type ProviderAnswer,
  type ProviderRequest,
  readCommonAnswer,
  readJsonField,
  rejected,
  tooLarge,
} from "../../../outbound/answers.ts";
import { dataOf, type PushMessage, toObject, topicOf } from "../message.ts";

/** What a call needs: an OAuth access token of the service account's project. */
export const FcmCredentialsSchema = v.object({ projectId: v.string(), accessToken: v.string() });
type FcmCredentials = v.InferOutput<typeof FcmCredentialsSchema>;

/** Without a Retry-After FCM asks for a minute: quotas are by the minute (its page on scaling). */
const QUOTA_WAIT_MS = 60_000;

const RESERVED_NAME = /^(from|message_type|google\..*|gcm.*)$/;

/** One message to one registration token (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages). */
export function buildFcmRequest(
  message: PushMessage,
  token: string,
  { projectId, accessToken }: FcmCredentials,
  fcmUrl: string,
): ProviderRequest {
  const { title, body, image, android, apns, webpush, notificationId } = message;
  const notification = { title, body, ...(image === null ? {} : { image }) };
  const data = withoutReserved(dataOf(message));
  const bytes = new TextEncoder().encode(JSON.stringify({ notification, data })).length;
  if (bytes > MAX_PUSH_PAYLOAD_BYTES) return tooLarge(bytes, MAX_PUSH_PAYLOAD_BYTES);
  return {
    url: `${fcmUrl}/v1/projects/${encodeURIComponent(projectId)}/messages:send`,
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({
      message: {
        token,
        notification,
        data,
        // A repeated push replaces the first: by tag, never by collapse_key, of which a device keeps four.
        android: {
          priority: message.priority === "low" ? "normal" : "high",
          ttl: `${message.ttlSeconds}s`,
          ...android,
          notification: { ...toObject(android.notification), tag: notificationId },
        },
        apns: {
          ...apns,
          headers: {
            "apns-expiration": String(message.expiresAtSeconds),
            ...toObject(apns.headers),
            "apns-collapse-id": notificationId,
          },
        },
        webpush: {
          ...webpush,
          headers: { TTL: String(message.ttlSeconds), ...toObject(webpush.headers), Topic: topicOf(message) },
          notification: { ...toObject(webpush.notification), tag: notificationId },
        },
      },
    }),
  };
}

/** FCM refuses a message with one of its own names in `data` (its reference, Message.data): others get them. */
function withoutReserved(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !RESERVED_NAME.test(name)));
}

/** firebase.google.com/docs/cloud-messaging/error-codes */
export function readFcmAnswer(answer: HttpAnswer): ProviderAnswer {
  const isUntimed = answer.status === 429 && answer.retryAfterMs === null;
  const common = readCommonAnswer(isUntimed ? { ...answer, retryAfterMs: QUOTA_WAIT_MS } : answer);
  if (common !== null) return common;
  const { status, text } = answer;
  const code = errorCodeOf(text);
  const words = [code, readJsonField(text, "error", "message")].filter((part) => typeof part === "string");
  const message = describe(status, words.length === 0 ? text : words.join(" "));
  // Only by its code: a project id that is wrong answers 404 too, and must not cost users their devices.
  if (code === "UNREGISTERED") return { outcome: "gone", message };
  // Not where FCM means the project's own account with Apple or a push service: our token is all right.
  if (status === 401 && code !== "THIRD_PARTY_AUTH_ERROR") return { outcome: "expired", message };
  return rejected(message);
}

function errorCodeOf(text: string): string | undefined {
  const details = readJsonField(text, "error", "details");
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) {
    const code = readJsonField(JSON.stringify(detail), "errorCode");
    if (typeof code === "string") return code;
  }
  return undefined;
}
