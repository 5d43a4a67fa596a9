import { base64url } from "jose";
import * as v from "valibot";
import { getApp } from "../../../copies/app.ts";
import { readConfig } from "../../../env.ts";
import type { AccountFields } from "../../../model/account.ts";
import type { Address } from "../../../model/address.ts";
import type { AppRecord } from "../../../model/app.ts";
import type { Fault } from "../../../model/errors.ts";
import { MAX_PUSH_HOSTS } from "../../../model/limits.ts";
import { getRegistryStub } from "../../../objects/registry/contract.ts";
import { findUrlFault } from "../../../outbound/public-url.ts";
import { base64Schema } from "../../../text/schemas.ts";
import type { AddressPlace } from "../../channel.ts";
import { showAccount } from "../private-key.ts";
import type { PushProvider } from "../provider.ts";
import { isAllowedService, isKnownService, isLoopback } from "./push-services.ts";
import { buildWebPushRequest, readWebPushAnswer, WebPushAddressSchema } from "./request.ts";
import { importVapidKey, VapidAccountSchema } from "./vapid.ts";

/** The provider's name in channels, addresses and the API. */
export const NAME = "webpush";
const POINT_MESSAGE = "must be a P-256 public key in base64url: 87 characters that begin with B";
const SCALAR_MESSAGE = "must be a P-256 private key in base64url: 43 characters";
const PAIR_MESSAGE = "must be the base64url private key that belongs to publicKey";
const SUBJECT_MESSAGE =
  "must be a mailto: or https: address that a push service can write to, not on localhost";
const HOSTS_MESSAGE = `must be at most ${MAX_PUSH_HOSTS} hosts of push services, as in push.example.com`;
const SERVICE_MESSAGE =
  "is no push service of Google, Mozilla, Apple or Microsoft, nor in allowedHosts of a channel's webpush provider";
const P256DH_MESSAGE = "must be the subscription's P-256 key in base64url: 87 characters";
const AUTH_MESSAGE = "must be the subscription's auth secret in base64url: 22 characters";

const HostSchema = v.pipe(
  v.string(HOSTS_MESSAGE),
  v.toLowerCase(),
  v.regex(/^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/, HOSTS_MESSAGE),
);

const GivenAccountSchema = v.object(
  {
    publicKey: base64Schema(/^B[A-Za-z0-9_-]{86}$/, POINT_MESSAGE),
    privateKey: base64Schema(/^[A-Za-z0-9_-]{43}$/, SCALAR_MESSAGE),
    subject: v.pipe(
      v.string(SUBJECT_MESSAGE),
      v.maxLength(256, SUBJECT_MESSAGE),
      v.regex(/^(mailto:[^@\s<>]+@[^@\s<>]+|https:\/\/\S+)$/, SUBJECT_MESSAGE),
      v.check(isReachableSubject, SUBJECT_MESSAGE),
    ),
    allowedHosts: v.exactOptional(
      v.pipe(v.array(HostSchema, HOSTS_MESSAGE), v.maxLength(MAX_PUSH_HOSTS, HOSTS_MESSAGE)),
    ),
  },
  "must be an object {publicKey, privateKey, subject}, or null",
);

/** What `PushSubscription.toJSON()` gives, with the provider beside it. */
const GivenAddressSchema = v.pipe(
  v.object({
    provider: v.literal(NAME),
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
  }),
  // The endpoint is stored as the URL parser writes it, so that two spellings of one are one device.
  v.transform(({ provider, endpoint, keys }) => ({
    provider,
    endpoint: URL.parse(endpoint)?.href ?? endpoint,
    keys,
  })),
);

const addressOf = (address: Address) => v.parse(WebPushAddressSchema, address);
const accountOf = (fields: AccountFields) => v.parse(VapidAccountSchema, fields);

/** The push services of browsers, with an app's VAPID key pair. */
export const WEB_PUSH: PushProvider = {
  name: NAME,
  account: {
    name: NAME,
    schema: GivenAccountSchema,
    keyField: "privateKey",
    findKeyFault: findPairFault,
    show: (config) => showAccount(accountOf(config)),
  },
  address: {
    name: NAME,
    schema: GivenAddressSchema,
    bodyFields: {
      endpoint: v.optional(v.string()),
      keys: v.optional(v.object({ p256dh: v.string(), auth: v.string() })),
    },
    answer: { provider: v.literal(NAME), endpoint: v.string() },
    findFaults: findSubscriptionFaults,
  },
  identityOf: (address) => `${NAME}:${addressOf(address).endpoint}`,
  scopeOf: (address) => new URL(addressOf(address).endpoint).origin,
  isOfUsersChoice: (address) => !isKnownService(addressOf(address).endpoint),
  present: (address) => ({ provider: address.provider, endpoint: addressOf(address).endpoint }),
  openCredentials: (store) => async (channelId) => {
    const stored = store.get(channelId, NAME);
    return stored === null ? { found: "none" } : { found: "yes", credentials: stored.config };
  },
  tokenOf: () => null,
  buildRequest: (message, { address, scope }, credentials, { allowLoopback }) =>
    buildWebPushRequest(message, addressOf(address), scope, accountOf(credentials), allowLoopback),
  readAnswer: readWebPushAnswer,
};

/** Apple refuses every push of a key whose subject is on localhost: that is said here, not by each push. */
function isReachableSubject(subject: string): boolean {
  const url = subject.startsWith("mailto:")
    ? `https://${subject.slice(subject.lastIndexOf("@") + 1)}`
    : subject;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname.includes(".") && !isLoopback(hostname);
}

async function findPairFault(config: AccountFields): Promise<string | null> {
  const { publicKey, privateKey } = accountOf(config);
  const { subtle } = crypto;
  const algorithm = { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" };
  try {
    const signer = await importVapidKey(publicKey, privateKey);
    const point = base64url.decode(publicKey);
    const verifier = await subtle.importKey("raw", point, algorithm, false, ["verify"]);
    const text = new TextEncoder().encode("Onecall");
    const isPair = await subtle.verify(algorithm, verifier, await subtle.sign(algorithm, signer, text), text);
    return isPair ? null : PAIR_MESSAGE;
  } catch {
    // The library's words could quote the key.
    return PAIR_MESSAGE;
  }
}

/**
 * Endpoints are called: they must be public, and of a push service that is known or that a channel of the app allows.
 */
async function findSubscriptionFaults(
  given: unknown,
  address: Address | null,
  place: AddressPlace,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  // The endpoint is that of the body: its fault belongs in the answer also where the schema found others.
  const endpoint = typeof given === "object" && given !== null && "endpoint" in given ? given.endpoint : null;
  if (typeof endpoint === "string") {
    const { allowLoopback } = readConfig(place.env).push;
    const fault =
      findUrlFault(endpoint, { ownOrigins: [place.origin], allowLoopback }) ??
      (await findServiceFault(place, endpoint, allowLoopback));
    if (fault !== null) faults.push({ field: "endpoint", message: fault });
  }
  if (address !== null && !(await isPoint(addressOf(address).keys.p256dh))) {
    faults.push({ field: "keys.p256dh", message: "isn't a point of P-256" });
  }
  return faults;
}

async function findServiceFault(
  { env, appId }: AddressPlace,
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

// Found here, not at every push: 65 bytes in the right form needn't lie on the curve.
async function isPoint(p256dh: string): Promise<boolean> {
  try {
    const algorithm = { name: "ECDH", namedCurve: "P-256" };
    await crypto.subtle.importKey("raw", base64url.decode(p256dh), algorithm, false, []);
    return true;
  } catch {
    return false;
  }
}
