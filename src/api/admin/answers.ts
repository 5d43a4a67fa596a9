import * as v from "valibot";
import { SCOPES } from "../../model/app.ts";
import { STEPS } from "../../model/app-erasure.ts";
import { SECRETS_STATES } from "../../model/object-state.ts";
import { CountSchema, CountsSchema, named, OpenTimeSchema, TimeSchema } from "../schemas.ts";

/** What the operator is answered. */

const AppEntries = {
  id: v.string(),
  name: v.string(),
  shardCount: CountSchema,
  foldsUserIds: v.boolean(),
  createdAt: TimeSchema,
};
export const AppSchema = named("App", v.strictObject(AppEntries));

/** The key with every scope, shown once. */
export const NewAppAnswerSchema = named(
  "NewApp",
  v.strictObject({ id: v.string(), name: v.string(), apiKey: v.string(), createdAt: TimeSchema }),
);

const QuotaSchema = named("Quota", v.strictObject({ limit: CountSchema, used: v.nullable(CountSchema) }));

export const AppWithQuotasSchema = named(
  "AppWithQuotas",
  v.strictObject({
    ...AppEntries,
    quotas: v.strictObject({
      keys: QuotaSchema,
      channels: QuotaSchema,
      templates: QuotaSchema,
      templateVersions: QuotaSchema,
      files: QuotaSchema,
      uploadedBytesPerDay: QuotaSchema,
      users: QuotaSchema,
      tags: QuotaSchema,
      webhooks: QuotaSchema,
    }),
  }),
);

export const DeletedAppSchema = v.strictObject({
  id: v.string(),
  state: v.literal("deleting"),
  step: v.string(),
  startedAt: TimeSchema,
});

export const ErasureSchema = named(
  "Erasure",
  v.strictObject({
    id: v.string(),
    state: v.picklist(["deleting", "erased"]),
    step: v.picklist(STEPS),
    shards: v.nullable(v.strictObject({ erased: CountSchema, total: CountSchema })),
    startedAt: TimeSchema,
  }),
);

const KeyEntries = {
  id: v.string(),
  name: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  key: v.string(),
  createdAt: TimeSchema,
  lastUsedAt: OpenTimeSchema,
  uses: v.strictObject({ send: OpenTimeSchema, read: OpenTimeSchema, manage: OpenTimeSchema }),
};
export const KeySchema = named("ApiKey", v.strictObject(KeyEntries));
export const NewKeyAnswerSchema = named("NewApiKey", v.strictObject({ ...KeyEntries, apiKey: v.string() }));
const FoundSchema = v.strictObject({ count: CountSchema, isMore: v.boolean() });
export const KeyInUseSchema = named(
  "ApiKeyInUse",
  v.strictObject({ ...KeyEntries, signIns: FoundSchema, sending: FoundSchema }),
);
export const RevokedKeySchema = v.strictObject({ ...KeyEntries, revoked: v.literal(true) });

export const RotatedSecretSchema = v.strictObject({
  id: v.string(),
  generation: CountSchema,
  previousUntil: TimeSchema,
});

export const StatusSchema = named(
  "AppStatus",
  v.strictObject({
    app: v.strictObject({ id: v.string(), name: v.string() }),
    uncompleted: CountSchema,
    oldestUncompleted: v.nullable(v.strictObject({ id: v.string(), createdAt: TimeSchema })),
    redrivenChunks: CountSchema,
    deadLetters: CountSchema,
    probedProviders: v.array(
      v.strictObject({ channelKey: v.string(), scope: v.string(), shards: CountSchema }),
    ),
    secrets: v.nullable(v.picklist(SECRETS_STATES)),
    largestObjects: v.array(
      v.strictObject({
        kind: v.picklist(["registry", "ledger", "user_shard"]),
        name: v.string(),
        bytes: CountSchema,
        share: v.number(),
      }),
    ),
  }),
);

export const CountsCheckSchema = named(
  "CountsCheck",
  v.strictObject({
    notificationId: v.string(),
    isEqual: v.boolean(),
    ledger: CountsSchema,
    shards: CountsSchema,
  }),
);
