import type { Outcome } from "../../model/outcome.ts";
import {
  QUOTA_NAMES,
  QUOTAS,
  type QuotaChange,
  type QuotaName,
  type QuotaReport,
  refuseMore,
  type Usage,
} from "../../model/quotas.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

type UsageRow = { count: number; day: number };

/** SQL of the tables that {@link QuotaStore} keeps: what the operator has set, and counters. */
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
export class QuotaStore {
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

/** The day of a quota's counter: 0 for quotas that aren't counted by the day. */
function dayOf(name: QuotaName): number {
  return name === "uploadedBytesPerDay" ? Math.floor(Date.now() / DAY_MS) : 0;
}
