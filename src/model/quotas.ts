import { DEFAULT_TAG_QUOTA, MAX_CHANNELS, MAX_TAG_QUOTA, MAX_WEBHOOKS } from "./limits.ts";
import { type Outcome, refuse } from "./outcome.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What an app may have in its registry: so much that nobody meets it who doesn't run away, and the operator may allow
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

type UsageRow = { count: number; day: number };

/** SQL of the tables that {@link Quotas} keeps: what the operator has set, and counters. */
export const QUOTAS_SCHEMA = [
  "CREATE TABLE quotas (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
  `CREATE TABLE usage (
    name TEXT PRIMARY KEY, count INTEGER NOT NULL, day INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`,
  "INSERT INTO usage (name, count) SELECT 'keys', COUNT(*) FROM api_keys",
  "INSERT INTO usage (name, count) SELECT 'channels', COUNT(*) FROM channels",
  "INSERT INTO usage (name, count) SELECT 'templates', COUNT(*) FROM templates",
  "INSERT INTO usage (name, count) SELECT 'files', COUNT(*) FROM targets_files",
  "INSERT INTO usage (name, count) SELECT 'webhooks', COUNT(*) FROM webhooks",
];

/**
 * Counters beside what they count, changed in the same transaction: nothing is counted by a look at all rows. Only what
 * adds asks; what removes never does.
 */
export class Quotas {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Null where `more` fit; a refusal with the number and the limit where they don't. */
  check(name: QuotaName, more = 1, used = this.#read(name)): Outcome<never> | null {
    const limit = this.#limitOf(name);
    return used + more <= limit ? null : refuseMore(name, { used, limit });
  }

  /** In the transaction of what is added or removed. */
  add(name: QuotaName, more: number): void {
    const day = dayOf(name);
    this.#sql.exec(
      `INSERT INTO usage (name, count, day) VALUES (?1, MAX(?2, 0), ?3)
       ON CONFLICT DO UPDATE SET count = MAX(iif(day = ?3, count, 0) + ?2, 0), day = ?3`,
      name,
      more,
      day,
    );
  }

  limitOf(name: QuotaName): number {
    return this.#limitOf(name);
  }

  /** What is used of a quota that is one number, and how much may be. */
  read(name: QuotaName): Usage {
    return { used: this.#read(name), limit: this.#limitOf(name) };
  }

  /** In a transaction. */
  set(change: QuotaChange): void {
    for (const name of QUOTA_NAMES) {
      const value = change[name];
      if (value === undefined) continue;
      if (value === null) this.#sql.exec("DELETE FROM quotas WHERE name = ?", name);
      else {
        this.#sql.exec(
          "INSERT INTO quotas (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
          name,
          value,
        );
      }
    }
  }

  report(): QuotaReport {
    const entries = QUOTA_NAMES.map((name) => {
      const used = name === "templateVersions" || name === "tags" ? null : this.#read(name);
      return [name, { limit: this.#limitOf(name), used }];
    });
    return Object.fromEntries(entries) as QuotaReport;
  }

  #limitOf(name: QuotaName): number {
    const [row] = this.#sql
      .exec<{ value: number }>("SELECT value FROM quotas WHERE name = ?", name)
      .toArray();
    return row?.value ?? QUOTAS[name].default;
  }

  #read(name: QuotaName): number {
    const [row] = this.#sql.exec<UsageRow>("SELECT count, day FROM usage WHERE name = ?", name).toArray();
    return row !== undefined && row.day === dayOf(name) ? row.count : 0;
  }
}

/** The refusal of what would exceed a quota, with both numbers. */
export function refuseMore(name: QuotaName, { used, limit }: Usage): Outcome<never> {
  const { noun, remedy } = QUOTAS[name];
  const has = used.toLocaleString("en-US");
  const may = limit.toLocaleString("en-US");
  return refuse("ERR_QUOTA_EXCEEDED", `The app has ${has} of ${may} ${noun} (its quota ${name}). ${remedy}`);
}

/** Only what is counted by the day has one. */
function dayOf(name: QuotaName): number {
  return name === "uploadedBytesPerDay" ? Math.floor(Date.now() / DAY_MS) : 0;
}
