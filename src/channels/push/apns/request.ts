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
import { type PushMessage, toObject } from "../message.ts";

/** `topic` null: the channel's. */
export const ApnsAddressSchema = v.object({
  token: v.string(),
  topic: v.nullable(v.string()),
  sandbox: v.boolean(),
});
type ApnsAddress = v.InferOutput<typeof ApnsAddressSchema>;

/** What a call needs: a provider token (JWT) and the app's topic. */
export const ApnsCredentialsSchema = v.object({ providerToken: v.string(), topic: v.string() });
type ApnsCredentials = v.InferOutput<typeof ApnsCredentialsSchema>;

/** Headers that a template may choose; the others are the service's. */
const OWN_HEADERS = ["apns-priority", "apns-push-type"];

/** One notification to one device token (developer.apple.com, Sending notification requests to APNs). */
export function buildApnsRequest(
  message: PushMessage,
  { token, topic, sandbox }: ApnsAddress,
  credentials: ApnsCredentials,
  { apnsUrl, apnsSandboxUrl }: { apnsUrl: string; apnsSandboxUrl: string },
): ProviderRequest {
  const body = new TextEncoder().encode(JSON.stringify(payloadOf(message)));
  if (body.length > MAX_PUSH_PAYLOAD_BYTES) return tooLarge(body.length, MAX_PUSH_PAYLOAD_BYTES);
  return {
    url: `${sandbox ? apnsSandboxUrl : apnsUrl}/3/device/${encodeURIComponent(token)}`,
    headers: {
      "apns-push-type": "alert",
      "apns-priority": message.priority === "low" ? "5" : "10",
      ...chosenHeaders(message),
      authorization: `bearer ${credentials.providerToken}`,
      "apns-topic": topic ?? credentials.topic,
      "apns-expiration": String(message.expiresAtSeconds),
      // A repeated push replaces the first.
      "apns-collapse-id": message.notificationId,
      "content-type": "application/json",
    },
    body,
  };
}

/** developer.apple.com, Handling notification responses from APNs; 520 is Cloudflare's, for what it couldn't read. */
export function readApnsAnswer(answer: HttpAnswer): ProviderAnswer {
  const common = readCommonAnswer(answer);
  if (common !== null) return common;
  const { status, text } = answer;
  const reason = readJsonField(text, "reason");
  const message = describe(status, typeof reason === "string" ? reason : text);
  if (status === 410) return { outcome: "gone", message };
  if (reason === "ExpiredProviderToken") return { outcome: "expired", message };
  return rejected(message);
}

function payloadOf({ title, body, image, action, data, notificationId, apns }: PushMessage): object {
  const own = toObject(apns.payload);
  return {
    ...own,
    aps: {
      alert: { title, body },
      ...(image === null ? {} : { "mutable-content": 1 }),
      ...toObject(own.aps),
    },
    notificationId,
    ...(image === null ? {} : { image }),
    ...(action === null ? {} : { action }),
    data,
  };
}

function chosenHeaders({ apns }: PushMessage): Record<string, string> {
  const given = Object.entries(toObject(apns.headers));
  return Object.fromEntries(
    given.flatMap(([name, value]) =>
      OWN_HEADERS.includes(name.toLowerCase()) && isHeaderValue(value) ? [[name.toLowerCase(), value]] : [],
    ),
  );
}

// What a header can't hold would make the call throw.
function isHeaderValue(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
