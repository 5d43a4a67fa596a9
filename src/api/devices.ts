import { base64url } from "jose";
import * as v from "valibot";
import { isAllowedService } from "../channels/push/push-services.ts";
import { getApp } from "../copies/app.ts";
import { type Bindings, readConfig } from "../env.ts";
import type { Context } from "../http/context.ts";
import { isoTime } from "../http/responses.ts";
import { base64Schema, checkForm, checkInput } from "../http/validation.ts";
import type { AppRecord } from "../model/app.ts";
import type { Device } from "../model/device.ts";
import { Faults, faultsToError } from "../model/errors.ts";
import { type DeviceAddress, PROVIDERS } from "../model/push.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { findUrlFault } from "../outbound/public-url.ts";
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
  // The browser's own; nobody reads it.
  expirationTime: v.optional(v.unknown()),
  keys: v.object(
    {
      p256dh: base64Schema(/^B[A-Za-z0-9_-]{86}$/, P256DH_MESSAGE),
      auth: base64Schema(/^[A-Za-z0-9_-]{22}$/, AUTH_MESSAGE),
    },
    "must be an object {p256dh, auth}",
  ),
});

const ADDRESS_SCHEMAS = { fcm: FcmSchema, apns: ApnsSchema, webpush: WebPushSchema };

/**
 * A device in a body; throws with every fault. Web Push endpoints are called: they must be public, and of a push service
 * that is known or that a channel of the app allows.
 */
export async function parseDevice(
  body: unknown,
  appId: string,
  { env, url }: Context,
): Promise<DeviceAddress> {
  const { value: kind, faults } = checkForm(ProviderSchema, body);
  if (kind === null) throw faultsToError(faults);
  const { value: address, faults: misfits } = checkInput(ADDRESS_SCHEMAS[kind.provider], body);
  const found = new Faults();
  if (kind.provider === "webpush") {
    const { endpoint } = body as { endpoint?: unknown };
    if (typeof endpoint === "string") {
      const { allowLoopback } = readConfig(env).push;
      const fault =
        findUrlFault(endpoint, { ownOrigins: [url.origin], allowLoopback }) ??
        (await findServiceFault(env, appId, endpoint, allowLoopback));
      if (fault !== null) found.push({ field: "endpoint", message: fault });
    }
    if (address?.provider === "webpush" && !(await isPoint(address.keys.p256dh))) {
      found.push({ field: "keys.p256dh", message: "isn't a point of P-256" });
    }
  }
  found.add(misfits);
  if (found.length > 0 || address === null) throw faultsToError(found);
  // As the parser reads it: one endpoint in two spellings is one device.
  return address.provider === "webpush" ? { ...address, endpoint: new URL(address.endpoint).href } : address;
}

const SERVICE_MESSAGE =
  "is no push service of Google, Mozilla, Apple or Microsoft, nor in allowedHosts of a channel's webpush provider";

async function findServiceFault(
  env: Bindings,
  appId: string,
  endpoint: string,
  allowLoopback: boolean,
): Promise<string | null> {
  const isAllowed = (app: AppRecord | null): boolean => {
    const hosts = app?.channels.flatMap(({ pushHosts }) => pushHosts) ?? [];
    return isAllowedService(endpoint, hosts, allowLoopback);
  };
  if (isAllowed(await getApp(env, appId))) return null;
  // A copy may be older than the channel's change.
  return isAllowed(await getRegistryStub(env, appId).getApp()) ? null : SERVICE_MESSAGE;
}

/** A device as every API shows it; a subscription's keys stay inside. */
export function presentDevice({ id, address, createdAt, updatedAt }: Device): object {
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  if (address.provider !== "webpush") return { id, ...address, ...times };
  return { id, provider: address.provider, endpoint: address.endpoint, ...times };
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
