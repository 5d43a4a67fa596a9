import { countFailed, sumTotals } from "../../model/counts.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import type { NotificationFilter, NotificationPage, NotificationRecord } from "./contract.ts";
import type { LedgerLists } from "./lists.ts";
import type { ShardReportStore } from "./shard-report-store.ts";
import type { SingleStore } from "./single-store.ts";

/** A notification's row; its totals are the sums of its shards' reports. */
export type RecordRow = { id: string; header: string; completed_at: number | null; attempt: number };

/** Records that a list by state or failures looks at, at least. */
const MIN_LOOKS = 100;

const RECORD_COLUMNS = "id, header, completed_at, attempt";

/** What reading needs. */
export interface NotificationReadsParts {
  sql: SqlStorage;
  reports: ShardReportStore;
  singles: SingleStore;
  lists: LedgerLists;
}

/** A day's notifications, read. Realtime sends to one mostly stand in a table of their own, in short. */
export class NotificationReads {
  readonly #sql: SqlStorage;
  readonly #reports: ShardReportStore;
  readonly #singles: SingleStore;
  readonly #lists: LedgerLists;

  constructor({ sql, reports, singles, lists }: NotificationReadsParts) {
    this.#sql = sql;
    this.#reports = reports;
    this.#singles = singles;
    this.#lists = lists;
  }

  has(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM notifications WHERE id = ?", id).toArray().length > 0;
  }

  /** Those of these ids that are here, in full or in short: one statement for a call's reports. */
  listKnown(ids: readonly string[]): Set<string> {
    if (ids.length === 0) return new Set();
    const rows = this.#sql.exec<{ id: string }>(
      `SELECT value AS id FROM json_each(?)
       WHERE EXISTS (SELECT 1 FROM singles WHERE singles.id = unhex(replace(value, '-', '')))
         OR EXISTS (SELECT 1 FROM notifications WHERE notifications.id = value)`,
      JSON.stringify(ids),
    );
    return new Set(rows.toArray().map(({ id }) => id));
  }

  /** `withHours`: also when things happened, which most readers don't need and which is long. */
  get(id: string, withHours = false): NotificationRecord | null {
    const single = this.#getSingle(id);
    if (single !== null) return single;
    const row = this.getRow(id);
    return row === null ? null : (this.#read([row], withHours)[0] ?? null);
  }

  /** The row of one that is kept in full. */
  protected getRow(id: string): RecordRow | null {
    const statement = `SELECT ${RECORD_COLUMNS} FROM notifications WHERE id = ?`;
    return this.#sql.exec<RecordRow>(statement, id).toArray()[0] ?? null;
  }

  /** Those of these ids that are realtime sends kept in full. */
  listRealtime(ids: readonly string[]): NotificationHeader[] {
    return this.#sql
      .exec<{ header: string }>(
        `SELECT header FROM notifications
         WHERE id IN (SELECT value FROM json_each(?)) AND mode = 'realtime'`,
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ header }) => JSON.parse(header));
  }

  /** Newest first. State and failures stand in the records: as many more of these are looked at. */
  list(filter: NotificationFilter): NotificationPage {
    if (filter.state === null && filter.hasFailures === null) {
      const { ids, endedAt } = this.#lists.list(filter);
      return { records: this.#readAll(ids), endedAt };
    }
    const looks = Math.max(2 * filter.limit, MIN_LOOKS);
    const { ids, endedAt } = this.#lists.list({ ...filter, limit: looks });
    const fitting = this.#readAll(ids).filter((record) => fits(record, filter));
    const records = fitting.slice(0, filter.limit);
    if (records.length === filter.limit) return { records, endedAt: null };
    return { records, endedAt: endedAt ?? (ids.length < looks ? null : (ids.at(-1) ?? null)) };
  }

  #readAll(ids: readonly string[]): NotificationRecord[] {
    const full = new Map(this.#readFull(ids).map((record) => [record.header.id, record]));
    return ids.map((id) => full.get(id) ?? this.#getSingle(id)).filter((record) => record !== null);
  }

  /** The attempt that a notification is at; null where it is completed, or unknown. */
  getRunningAttempt(id: string): number | null {
    const [row] = this.#sql
      .exec<{ attempt: number }>(
        "SELECT attempt FROM notifications WHERE id = ? AND completed_at IS NULL",
        id,
      )
      .toArray();
    return row?.attempt ?? null;
  }

  /** How often it was re-driven, as far as that isn't forgotten. */
  countRedrives(id: string): number {
    return (
      this.#sql.exec<{ redrives: number }>("SELECT redrives FROM notifications WHERE id = ?", id).toArray()[0]
        ?.redrives ?? 0
    );
  }

  #getSingle(id: string): NotificationRecord | null {
    const single = this.#singles.get(id);
    if (single === null) return null;
    const { header, totals, completedAt } = single;
    return { header, totals, completedAt, attempt: 1 };
  }

  #readFull(ids: readonly string[]): NotificationRecord[] {
    return this.#read(
      this.#sql
        .exec<RecordRow>(
          `SELECT ${RECORD_COLUMNS} FROM notifications WHERE id IN (SELECT value FROM json_each(?))`,
          JSON.stringify(ids),
        )
        .toArray(),
    );
  }

  #read(rows: readonly RecordRow[], withHours = false): NotificationRecord[] {
    const parts = this.#reports.listTotals(
      rows.map(({ id }) => id),
      withHours,
    );
    return rows.map(({ id, header: json, completed_at, attempt }) => {
      const header: NotificationHeader = JSON.parse(json);
      const totals = sumTotals(header.channels, parts.get(id) ?? []);
      return { header, totals, completedAt: completed_at, attempt };
    });
  }
}

function fits({ header, totals, completedAt }: NotificationRecord, filter: NotificationFilter): boolean {
  const { tag, templateKey, mode, state, hasFailures } = filter;
  return (
    (tag === null || header.tag === tag) &&
    (templateKey === null || header.templateKey === templateKey) &&
    (mode === null || header.mode === mode) &&
    (state === null || (completedAt === null) === (state === "sending")) &&
    (hasFailures === null || countFailed(totals, null) > 0 === hasFailures)
  );
}
