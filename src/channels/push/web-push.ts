import { base64url, importJWK, SignJWT } from "jose";
import { TtlCache } from "../../copies/cache.ts";
import { MAX_WEB_PUSH_BYTES } from "../../model/limits.ts";
import type { DeviceAddress } from "../../model/push.ts";
import type { WebPushCredentials } from "../../model/push-provider.ts";
import {
  describe,
  type HttpAnswer,
  type ProviderAnswer,
  type ProviderRequest,
  readCommonAnswer,
  rejected,
  tooLarge,
} from "../../outbound/answers.ts";
import { type PushMessage, toObject, topicOf } from "./message.ts";
import { isAllowedService } from "./push-services.ts";
import { encryptWebPush } from "./web-push-encryption.ts";

type WebPushAddress = Extract<DeviceAddress, { provider: "webpush" }>;

/** RFC 8292 allows 24 hours; a clock that is ahead by hours is still believed. */
const VAPID_TTL_SECONDS = 12 * 60 * 60;

/** Authorization headers by key and push service: one signature serves for hours, not for one push. */
const authorizations = new TtlCache<string>({ ttlMs: (VAPID_TTL_SECONDS / 2) * 1000, maxEntries: 1000 });

/** One encrypted message to one subscription (RFC 8030, 8291, 8292). `origin`: its endpoint's. */
export async function buildWebPushRequest(
  message: PushMessage,
  { endpoint, keys }: WebPushAddress,
  origin: string,
  credentials: WebPushCredentials,
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

/** The header that says who sends (RFC 8292, section 2), for one push service. */
async function authorize(
  origin: string,
  { publicKey, privateKey, subject }: WebPushCredentials,
): Promise<string> {
  // With the private key: who only knows another app's public one gets no signature of its.
  const cacheKey = `${origin} ${publicKey} ${privateKey} ${subject}`;
  const cached = authorizations.get(cacheKey);
  if (cached !== undefined) return cached;
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "ES256", typ: "JWT" })
    .setAudience(origin)
    .setSubject(subject)
    .setExpirationTime(Math.floor(Date.now() / 1000) + VAPID_TTL_SECONDS)
    .sign(await importVapidKey(publicKey, privateKey));
  const authorization = `vapid t=${token}, k=${publicKey}`;
  authorizations.set(cacheKey, authorization);
  return authorization;
}

/** The pair as a signing key. Throws where it isn't a P-256 pair in base64url. */
export async function importVapidKey(publicKey: string, privateKey: string): Promise<CryptoKey> {
  const point = base64url.decode(publicKey);
  // Uncompressed, as browsers want it: 0x04, x, y.
  if (point.length !== 65 || point[0] !== 4)
    throw new Error("The public key isn't an uncompressed P-256 point");
  const x = base64url.encode(point.subarray(1, 33));
  const y = base64url.encode(point.subarray(33));
  return importJWK({ kty: "EC", crv: "P-256", x, y, d: privateKey }, "ES256") as Promise<CryptoKey>;
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
