import * as v from "valibot";
import { MAX_WEB_PUSH_BYTES } from "../../../model/limits.ts";
import {
  describe,
  type HttpAnswer,
  type ProviderAnswer,
  type ProviderRequest,
  readCommonAnswer,
  rejected,
  tooLarge,
} from "../../../outbound/answers.ts";
import { type PushMessage, toObject, topicOf } from "../message.ts";
import { encryptWebPush } from "./encryption.ts";
import { isAllowedService } from "./push-services.ts";
import { authorize, type VapidAccount } from "./vapid.ts";

/** A browser's PushSubscription; the keys are base64url. */
export const WebPushAddressSchema = v.object({
  endpoint: v.string(),
  keys: v.object({ p256dh: v.string(), auth: v.string() }),
});
type WebPushAddress = v.InferOutput<typeof WebPushAddressSchema>;

/** One encrypted message to one subscription (RFC 8030, 8291, 8292). `origin`: its endpoint's. */
export async function buildWebPushRequest(
  message: PushMessage,
  { endpoint, keys }: WebPushAddress,
  origin: string,
  credentials: VapidAccount,
  allowLoopback: boolean,
): Promise<ProviderRequest> {
  if (!isAllowedService(endpoint, credentials.allowedHosts ?? [], allowLoopback)) {
    const words = "isn't a known push service, nor one of the channel's allowedHosts";
    return { outcome: rejected(`${new URL(endpoint).hostname} ${words}`) };
  }
  const payload = new TextEncoder().encode(JSON.stringify(payloadOf(message)));
  if (payload.length > MAX_WEB_PUSH_BYTES) return tooLarge(payload.length, MAX_WEB_PUSH_BYTES);
  const authorization = await authorize(origin, credentials);
  return {
    url: endpoint,
    headers: {
      authorization,
      "content-encoding": "aes128gcm",
      "content-type": "application/octet-stream",
      ttl: String(message.ttlSeconds),
      urgency: message.priority,
      // A push service replaces what it still holds under the same topic.
      topic: topicOf(message),
    },
    // Unpadded: 4 KB for each of 100,000 pushes is a price that the length of a notification isn't worth.
    body: encryptWebPush(payload, keys),
  };
}

export function readWebPushAnswer(answer: HttpAnswer): ProviderAnswer {
  const common = readCommonAnswer(answer);
  if (common !== null) return common;
  const message = describe(answer.status, answer.text);
  // RFC 8030, section 7.3: an expired subscription answers 404; services also use 410.
  return answer.status === 404 || answer.status === 410 ? { outcome: "gone", message } : rejected(message);
}

function payloadOf({ title, body, image, action, data, notificationId, webpush }: PushMessage): object {
  return {
    notificationId,
    title,
    body,
    ...(image === null ? {} : { image }),
    ...(action === null ? {} : { action }),
    data,
    // For showNotification(): the tag makes a repeated push replace the first.
    notification: { ...toObject(webpush.notification), tag: notificationId },
  };
}
