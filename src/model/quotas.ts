import { DEFAULT_TAG_QUOTA, MAX_CHANNELS, MAX_TAG_QUOTA, MAX_WEBHOOKS } from "./limits.ts";
import { type Outcome, refuse } from "./outcome.ts";

/**
 * What an app may have in its registry: so much that only a client that runs wild meets it, and the operator may allow
 * more or less. `most`: above it the object itself would be too small.
 */
export const QUOTAS = {
  keys: { default: 1000, most: 10_000, noun: "API keys", remedy: "Revoke one first." },
  channels: { default: MAX_CHANNELS, most: MAX_CHANNELS, noun: "channels", remedy: "Use one that is there." },
  templates: { default: 5000, most: 100_000, noun: "templates", remedy: "Change one that is there." },
  /** Versions of one template. */
  templateVersions: {
    default: 500,
    most: 5000,
    noun: "versions of a template",
    remedy: "The oldest are removed when no send can need them any more.",
  },
  files: { default: 10_000, most: 100_000, noun: "targets files", remedy: "Delete one first." },
  uploadedBytesPerDay: {
    default: 100 * 1024 ** 3,
    most: 10 * 1024 ** 4,
    noun: "bytes of targets files in a UTC day",
    remedy: "Upload it tomorrow.",
  },
  /** Deactivated ones too. The shards say how many they have. */
  users: { default: 10_000_000, most: 1_000_000_000, noun: "users", remedy: "Delete one first." },
  /** Of one of a day's ledgers, which asks for it when it begins. Nothing is refused: see CountedTags. */
  tags: {
    default: DEFAULT_TAG_QUOTA,
    most: MAX_TAG_QUOTA,
    noun: "tags in a ledger",
    remedy: "Use one that is there.",
  },
  webhooks: { default: MAX_WEBHOOKS, most: MAX_WEBHOOKS, noun: "webhooks", remedy: "Delete one first." },
} as const;
export type QuotaName = keyof typeof QUOTAS;
export const QUOTA_NAMES = Object.keys(QUOTAS) as QuotaName[];

/** By name; what is absent stays, null: the default again. */
export type QuotaChange = { [name in QuotaName]?: number | null | undefined };

/** An app's quotas, and what of them is used; null where that isn't one number. */
export type QuotaReport = Record<QuotaName, { limit: number; used: number | null }>;

export interface Usage {
  used: number;
  limit: number;
}

/** The refusal of what would exceed a quota, with both numbers. */
export function refuseMore(name: QuotaName, { used, limit }: Usage): Outcome<never> {
  const { noun, remedy } = QUOTAS[name];
  const has = used.toLocaleString("en-US");
  const may = limit.toLocaleString("en-US");
  return refuse("ERR_QUOTA_EXCEEDED", `The app has ${has} of ${may} ${noun} (its quota ${name}). ${remedy}`);
}
