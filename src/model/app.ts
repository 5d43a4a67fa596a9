import * as v from "valibot";
import { USER_HASHES } from "./user-hash.ts";

/** What KV holds for the sends: copies of the registry's rows, parsed when they are read. */

export const SCOPES = ["send", "read", "manage"] as const;
export type Scope = (typeof SCOPES)[number];

/** What an app's API keys are checked by before anybody is asked about them. */
const KeyCheckSchema = v.object({
  /** Null in an app of an earlier version that has made no key since. It lets nobody in, but isn't shown. */
  secret: v.nullable(v.string()),
  /** True where every key of the app has the check: whatever lacks it is nobody's. It stays true. */
  isComplete: v.boolean(),
});
export type KeyCheck = v.InferOutput<typeof KeyCheckSchema>;

const AppFieldsSchema = v.object({
  id: v.string(),
  name: v.string(),
  /** Frozen at creation, with the hash and its key: they decide where every user's data is. */
  shardCount: v.number(),
  hash: v.picklist(USER_HASHES),
  hashKey: v.optional(v.nullable(v.string()), null),
  /** Frozen too; see `UserIdRule`. */
  foldsUserIds: v.optional(v.boolean(), false),
  /** Among how many ledgers a day's new notifications are spread. It only grows. */
  ledgerSlots: v.optional(v.number(), 1),
  createdAt: v.number(),
  keyCheck: v.optional(KeyCheckSchema, { secret: null, isComplete: false }),
  channels: v.array(
    v.object({
      key: v.string(),
      /** One of channels/table.ts. A later version may have made one that this one has not. */
      type: v.string(),
      enabled: v.boolean(),
      /** The providers with which it has an account. */
      providers: v.optional(v.array(v.string()), []),
      /** Hosts of addresses that it sends to beside the known ones. */
      pushHosts: v.optional(v.array(v.string()), []),
    }),
  ),
  /** The enabled webhook endpoints, and what each wants to hear of. */
  webhooks: v.optional(
    v.array(
      v.object({
        id: v.string(),
        events: v.array(v.string()),
        /** Grows with every change of the endpoint. */
        revision: v.optional(v.number(), 0),
      }),
    ),
    [],
  ),
});
/** A copy that lost its hash's key would lead to other shards: it is none. */
export const AppRecordSchema = v.pipe(
  AppFieldsSchema,
  v.check(({ hash, hashKey }) => hash === "fnv1a32-fmix32" || hashKey !== null),
);
export type AppRecord = v.InferOutput<typeof AppRecordSchema>;

export const KeyRecordSchema = v.object({
  appId: v.string(),
  keyId: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  lastFour: v.string(),
  /** Copies of an earlier version lack it until the key is used. */
  name: v.optional(v.string()),
});
export type KeyRecord = v.InferOutput<typeof KeyRecordSchema>;

/** An API key as it is listed: masked. */
export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  /** `****abcd` */
  key: string;
  createdAt: number;
  /** To within KEY_USE_MS; null: never, or not since that is noted. */
  lastUsedAt: number | null;
  /** The same by what was done with it. */
  uses: Record<Scope, number | null>;
}

/** `****abcd`: a key as it may be shown. */
export function maskKey(lastFour: string): string {
  return `****${lastFour}`;
}

/** A key that was just generated: its hash, never itself. */
export interface NewApiKey {
  name: string;
  sha256: string;
  scopes: Scope[];
  lastFour: string;
  /** The secret that its check was made with. */
  checkSecret: string;
}

/** An app as it is created. */
export interface NewApp {
  id: string;
  name: string;
  shardCount: number;
  foldsUserIds: boolean;
}
