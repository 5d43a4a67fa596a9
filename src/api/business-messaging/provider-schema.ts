import * as v from "valibot";
import { findKeyFault, showProvider } from "../../channels/push/provider-config.ts";
import { isLoopback } from "../../channels/push/push-services.ts";
import { base64Schema, textSchema } from "../../http/validation.ts";
import type { Fault } from "../../model/errors.ts";
import { MAX_PUSH_HOSTS } from "../../model/limits.ts";
import type { ChannelType } from "../../model/notification.ts";
import { PROVIDERS } from "../../model/push.ts";
import type { PreparedChange, ProviderChanges } from "../../model/push-provider.ts";

/** Characters of a private key's text; an RSA key of 4,096 bits in PEM has 3,300. */
const MAX_KEY_LENGTH = 8192;

const ID_MESSAGE = "must have 10 letters and digits, as Apple shows it";
const AppleIdSchema = v.pipe(v.string(ID_MESSAGE), v.regex(/^[A-Z0-9]{10}$/, ID_MESSAGE));

const TOPIC_MESSAGE = "must be the app's topic: letters, digits, - and . as in com.example.shop";
export const TopicSchema = v.pipe(v.string(TOPIC_MESSAGE), v.regex(/^[A-Za-z0-9.-]{1,155}$/, TOPIC_MESSAGE));

const POINT_MESSAGE = "must be a P-256 public key in base64url: 87 characters that begin with B";
const VapidPublicKeySchema = base64Schema(/^B[A-Za-z0-9_-]{86}$/, POINT_MESSAGE);
const SCALAR_MESSAGE = "must be a P-256 private key in base64url: 43 characters";
const VapidPrivateKeySchema = base64Schema(/^[A-Za-z0-9_-]{43}$/, SCALAR_MESSAGE);

const SUBJECT_MESSAGE =
  "must be a mailto: or https: address that a push service can write to, not on localhost";
const SubjectSchema = v.pipe(
  v.string(SUBJECT_MESSAGE),
  v.maxLength(256, SUBJECT_MESSAGE),
  v.regex(/^(mailto:[^@\s<>]+@[^@\s<>]+|https:\/\/\S+)$/, SUBJECT_MESSAGE),
  v.check(isReachableSubject, SUBJECT_MESSAGE),
);

/** Apple refuses every push of a key whose subject is on localhost: that is said here, not by each push. */
function isReachableSubject(subject: string): boolean {
  const url = subject.startsWith("mailto:")
    ? `https://${subject.slice(subject.lastIndexOf("@") + 1)}`
    : subject;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname.includes(".") && !isLoopback(hostname);
}

const HOSTS_MESSAGE = `must be at most ${MAX_PUSH_HOSTS} hosts of push services, as in push.example.com`;
const HostSchema = v.pipe(
  v.string(HOSTS_MESSAGE),
  v.toLowerCase(),
  v.regex(/^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*$/, HOSTS_MESSAGE),
);
const AllowedHostsSchema = v.pipe(
  v.array(HostSchema, HOSTS_MESSAGE),
  v.maxLength(MAX_PUSH_HOSTS, HOSTS_MESSAGE),
);

/** A key's text; line ends as environment variables have them, a backslash and an n, are line ends. */
const PemSchema = v.pipe(
  textSchema(MAX_KEY_LENGTH),
  v.transform((text) => text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n")),
);

const PROJECT_MESSAGE = "must be a Google project's id";

/** A Google service account's file as it is: all but three of its fields are ignored. */
const FcmSchema = v.pipe(
  v.object(
    {
      project_id: v.pipe(v.string(PROJECT_MESSAGE), v.regex(/^[A-Za-z0-9:.-]{1,128}$/, PROJECT_MESSAGE)),
      client_email: textSchema(256),
      private_key: PemSchema,
    },
    "must be a service account's JSON, or null",
  ),
  v.transform(({ project_id, client_email, private_key }) => ({
    projectId: project_id,
    clientEmail: client_email,
    privateKey: private_key,
  })),
);

const ApnsSchema = v.object(
  { keyId: AppleIdSchema, teamId: AppleIdSchema, privateKey: PemSchema, topic: TopicSchema },
  "must be an object {keyId, teamId, privateKey, topic}, or null",
);

const WebPushSchema = v.object(
  {
    publicKey: VapidPublicKeySchema,
    privateKey: VapidPrivateKeySchema,
    subject: SubjectSchema,
    allowedHosts: v.optional(AllowedHostsSchema),
  },
  "must be an object {publicKey, privateKey, subject}, or null",
);

/** `{fcm?, apns?, webpush?}`: null removes a provider, an absent one stays as it is. */
export const ProvidersSchema = v.strictObject(
  { fcm: v.nullish(FcmSchema), apns: v.nullish(ApnsSchema), webpush: v.nullish(WebPushSchema) },
  "must be an object with fcm, apns and webpush, each optional",
);

/** The names that private keys have in a body. */
const KEY_FIELDS = { fcm: "private_key", apns: "privateKey", webpush: "privateKey" } as const;

/** The changes as a registry takes them, or what is wrong with them: keys are tried out here. */
export async function prepareProviders(
  type: ChannelType,
  changes: ProviderChanges,
): Promise<{ changes: PreparedChange[]; faults: Fault[] }> {
  const prepared: PreparedChange[] = [];
  const faults: Fault[] = [];
  for (const provider of PROVIDERS) {
    const config = changes[provider];
    if (config === undefined) continue;
    if (type !== "push") {
      faults.push({ field: "providers", message: "only a push channel has providers" });
      break;
    }
    const fault = config === null ? null : await findKeyFault(provider, config);
    if (fault !== null) {
      faults.push({ field: `providers.${provider}.${KEY_FIELDS[provider]}`, message: fault });
    }
    prepared.push([provider, config, config === null ? null : await showProvider(config)]);
  }
  return { changes: prepared, faults };
}
