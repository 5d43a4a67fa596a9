import * as v from "valibot";

/**
 * The shapes of the control API. Both sides parse with them: the server what tests send, the client what
 * the server answers. No `node:` import here: tests inside workerd load this file too.
 */

export const providerSchema = v.picklist(["fcm", "apns", "webpush"]);
export type Provider = v.InferOutput<typeof providerSchema>;

/** What a fault can befall, and who refuses: the push providers and Google's token endpoint. */
const serviceSchema = v.picklist(["fcm", "oauth", "apns", "webpush"]);
export type Service = v.InferOutput<typeof serviceSchema>;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const newProjectSchema = v.strictObject({
  /** How many received pushes are kept whole; those after them are only counted. Default 100,000. */
  keepReceived: v.optional(count, 100_000),
});
export type NewProject = v.InferInput<typeof newProjectSchema>;

export const projectSchema = v.object({
  id: v.string(),
  credentials: v.object({
    /** A service account file as Google hands it out. */
    fcm: v.object({
      type: v.literal("service_account"),
      project_id: v.string(),
      private_key_id: v.string(),
      private_key: v.string(),
      client_email: v.string(),
      client_id: v.string(),
      token_uri: v.string(),
    }),
    apns: v.object({ keyId: v.string(), teamId: v.string(), privateKey: v.string(), topic: v.string() }),
    /** A VAPID pair, both keys raw in base64url. */
    webpush: v.object({ publicKey: v.string(), privateKey: v.string(), subject: v.string() }),
  }),
});
export type Credentials = v.InferOutput<typeof projectSchema>["credentials"];

export const newDevicesSchema = v.strictObject({
  provider: providerSchema,
  count: v.optional(v.pipe(count, v.maxValue(100_000)), 1),
  /** APNs only. Default: the topic of the project's credentials. */
  topic: v.optional(v.string()),
  /** APNs only: the device belongs to the sandbox. Default false. */
  sandbox: v.optional(v.boolean(), false),
});
export type DeviceOptions = Pick<v.InferInput<typeof newDevicesSchema>, "topic" | "sandbox">;

const fcmDeviceSchema = v.object({ provider: v.literal("fcm"), token: v.string() });
const apnsDeviceSchema = v.object({
  provider: v.literal("apns"),
  token: v.string(),
  topic: v.string(),
  sandbox: v.boolean(),
});
const webPushDeviceSchema = v.object({
  provider: v.literal("webpush"),
  endpoint: v.string(),
  keys: v.object({ p256dh: v.string(), auth: v.string() }),
});
export const deviceSchemas = { fcm: fcmDeviceSchema, apns: apnsDeviceSchema, webpush: webPushDeviceSchema };

/** A device as Onecall's device route takes it. */
export type Device<P extends Provider = Provider> = v.InferOutput<(typeof deviceSchemas)[P]>;

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const delayMs = v.pipe(v.number(), v.minValue(0), v.maxValue(600_000));
const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));

const faultRuleSchema = v.pipe(
  v.strictObject({
    provider: v.optional(serviceSchema),
    /** A token or an endpoint. */
    device: v.optional(v.string()),
    /** The proportion of matching requests that it befalls, spread evenly by a counter. */
    share: v.optional(share),
    /** The rule ends after it was applied so often. */
    times: v.optional(count),
    /** Answer this instead, with `body` or what the real provider sends with it. */
    status: v.optional(status),
    /** Sent as JSON, a string as it is. Without `status`: in place of the normal body, for OAuth merged into it. */
    body: v.optional(v.unknown()),
    headers: v.optional(v.record(v.string(), v.string())),
    /** The Retry-After header: seconds or an HTTP date. */
    retryAfter: v.optional(v.string()),
    delayMs: v.optional(delayMs),
    /** Destroy the socket without an answer. */
    drop: v.optional(v.boolean()),
    /** Beside `status` or `drop`: the push counts as received all the same, only its answer is lost. */
    accept: v.optional(v.boolean()),
  }),
  v.check(
    (rule) =>
      rule.status !== undefined ||
      rule.body !== undefined ||
      rule.headers !== undefined ||
      rule.retryAfter !== undefined ||
      rule.delayMs !== undefined ||
      rule.drop === true,
    "does nothing: give status, body, headers, retryAfter, delayMs or drop",
  ),
);
export const faultsSchema = v.strictObject({ rules: v.array(faultRuleSchema) });
export type FaultRule = v.InferOutput<typeof faultRuleSchema>;

export const goneSchema = v.strictObject({ device: v.string() });

const receivedSchema = v.object({
  provider: providerSchema,
  /** The token or the endpoint. */
  device: v.string(),
  /** Unix ms. */
  at: v.number(),
  headers: v.record(v.string(), v.string()),
  /** FCM: the `message`; APNs: the body; Web Push: the decrypted body. */
  payload: v.unknown(),
  /** What makes a repeat show once: collapse id, Topic, `message.android.notification.tag`. */
  key: v.nullable(v.string()),
});
export type Received = v.InferOutput<typeof receivedSchema>;

const rejectedSchema = v.object({
  provider: serviceSchema,
  device: v.nullable(v.string()),
  status: v.number(),
  reason: v.string(),
});
export type Rejected = v.InferOutput<typeof rejectedSchema>;

export const journalSchema = v.object({
  received: v.array(receivedSchema),
  rejected: v.array(rejectedSchema),
});
export type JournalEntries = v.InferOutput<typeof journalSchema>;

const countsSchema = v.object({
  requests: v.number(),
  accepted: v.number(),
  /** Answered by a fault rule or as a gone device. An accepted push whose answer was lost counts in both. */
  faulted: v.number(),
  /** Failed a strict check. */
  rejected: v.number(),
  /** Distinct devices that accepted a push. */
  devices: v.number(),
  /** Accepted beyond the first for the same device and key. */
  repeated: v.number(),
  /** Open at once. The fake answers at once: use a `delayMs` fault where this is to say something. */
  maxConcurrent: v.number(),
});
export type Counts = v.InferOutput<typeof countsSchema>;

export const summarySchema = v.object({
  fcm: countsSchema,
  apns: countsSchema,
  webpush: countsSchema,
  oauth: v.object({ requests: v.number(), issued: v.number() }),
  /** Distinct APNs provider JWTs that were presented. */
  apnsTokens: v.number(),
  /** Distinct VAPID JWTs that were presented. */
  vapidTokens: v.number(),
});
export type Summary = v.InferOutput<typeof summarySchema>;
