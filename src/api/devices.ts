import { base64url } from "jose";
import * as v from "valibot";
import { readConfig } from "../env.ts";
import { faultsToError } from "../errors.ts";
import type { Context } from "../http/context.ts";
import { findUrlFault } from "../http/public-url.ts";
import { isoTime } from "../http/responses.ts";
import { checkInput } from "../http/validation.ts";
import { type DeviceAddress, PROVIDERS } from "../push/model.ts";
import type { Device } from "../users/device-store.ts";
import { TopicSchema } from "./business-messaging/provider-schema.ts";

const PROVIDER_MESSAGE = `must be one of: ${PROVIDERS.join(", ")}`;
const TOKEN_MESSAGE = "must be the registration token that FCM gave the app";
const APNS_TOKEN_MESSAGE = "must be the device token in hex";
const SANDBOX_MESSAGE = "must be true or false";
const P256DH_MESSAGE = "must be the subscription's P-256 key in base64url: 87 characters";
const AUTH_MESSAGE = "must be the subscription's auth secret in base64url: 22 characters";
const BODY_MESSAGE = "must be a JSON object";

const ProviderSchema = v.object({ provider: v.picklist(PROVIDERS, PROVIDER_MESSAGE) }, BODY_MESSAGE);

const FcmSchema = v.object({
  provider: v.literal("fcm"),
  token: v.pipe(v.string(TOKEN_MESSAGE), v.regex(/^[\x21-\x7e]{1,4096}$/, TOKEN_MESSAGE)),
});

const ApnsSchema = v.object({
  provider: v.literal("apns"),
  token: v.pipe(
    v.string(APNS_TOKEN_MESSAGE),
    v.regex(/^(?:[0-9a-fA-F]{2}){32,100}$/, APNS_TOKEN_MESSAGE),
    v.toLowerCase(),
  ),
  topic: v.nullish(TopicSchema, null),
  sandbox: v.optional(v.boolean(SANDBOX_MESSAGE), false),
});

/** What `PushSubscription.toJSON()` gives, with the provider beside it. */
const WebPushSchema = v.object({
  provider: v.literal("webpush"),
  endpoint: v.string("must be an https URL"),
  keys: v.object(
    {
      p256dh: base64UrlSchema(/^B[A-Za-z0-9_-]{86}=?$/, P256DH_MESSAGE),
      auth: base64UrlSchema(/^[A-Za-z0-9_-]{22}={0,2}$/, AUTH_MESSAGE),
    },
    "must be an object {p256dh, auth}",
  ),
});

const ADDRESS_SCHEMAS = { fcm: FcmSchema, apns: ApnsSchema, webpush: WebPushSchema };

/** A device in a body; throws with every fault. Web Push endpoints must be public: they are called. */
export async function parseDevice(body: unknown, { env, url }: Context): Promise<DeviceAddress> {
  const { value: kind, faults } = checkInput(ProviderSchema, body);
  if (kind === null) throw faultsToError(faults);
  const { value: address, faults: found } = checkInput(ADDRESS_SCHEMAS[kind.provider], body);
  if (kind.provider === "webpush") {
    const { endpoint, keys } = body as { endpoint?: unknown; keys?: { p256dh?: unknown } };
    if (typeof endpoint === "string") {
      const { allowLoopback } = readConfig(env).push;
      const fault = findUrlFault(endpoint, { ownOrigins: [url.origin], allowLoopback });
      if (fault !== null) found.push({ field: "endpoint", message: fault });
    }
    if (address !== null && !(await isPoint(String(keys?.p256dh)))) {
      found.push({ field: "keys.p256dh", message: "isn't a point of P-256" });
    }
  }
  if (found.length > 0 || address === null) throw faultsToError(found);
  // As the parser reads it: one endpoint in two spellings is one device.
  return address.provider === "webpush" ? { ...address, endpoint: new URL(address.endpoint).href } : address;
}

/** A device as every API shows it; a subscription's keys stay inside. */
export function presentDevice({ id, address, createdAt, updatedAt }: Device): object {
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  if (address.provider !== "webpush") return { id, ...address, ...times };
  return { id, provider: address.provider, endpoint: address.endpoint, ...times };
}

function base64UrlSchema(pattern: RegExp, message: string) {
  return v.pipe(
    v.string(message),
    v.regex(pattern, message),
    v.transform((text) => text.replaceAll("=", "")),
  );
}

// Found here, not at every push: 65 bytes in the right form needn't lie on the curve.
async function isPoint(p256dh: string): Promise<boolean> {
  try {
    await crypto.subtle.importKey(
      "raw",
      base64url.decode(p256dh),
      { name: "ECDH", namedCurve: "P-256" },
      false,
      [],
    );
    return true;
  } catch {
    return false;
  }
}
