import { acceptedOf, isComplete, sumTotals, type Totals } from "../../model/counts.ts";
import type { LedgerPlan, NotificationHeader } from "../../model/notification.ts";
import type { ShardReport } from "../../model/report.ts";
import type { NotificationFilter, NotificationPage, NotificationRecord } from "./contract.ts";
import type { LedgerLists } from "./lists.ts";
import type { NotificationEvents } from "./notification-events.ts";
import type { LedgerRetries } from "./retries.ts";
import type { SeriesChanges } from "./series-store.ts";
import type { SingleStore } from "./single-store.ts";

/** What a shard's report did: `progressed` has new targets, `current` only news of old ones; `unknown` is a notification that this ledger never had. */
export type ReportOutcome = "progressed" | "current" | "stale" | "completed" | "unknown";

type RecordRow = { id: string; header: string; completed_at: number | null; attempt: number };

// Taken out by SQLite: of an old batch the hours are many times what else its totals say.
const TOTALS_WITHOUT_HOURS =
  "(SELECT json_group_array(json_remove(value, '$.hours')) FROM json_each(shard_reports.totals))";
const RECORD_COLUMNS = "id, header, completed_at, attempt";

interface LedgerStoreParts {
  sql: SqlStorage;
  events: NotificationEvents;
  retries: LedgerRetries;
  singles: SingleStore;
  lists: LedgerLists;
}

/** A day's notifications and the shards' reports on them. Writing methods expect to run in a transaction. */
export class LedgerStore {
  readonly #sql: SqlStorage;
  readonly #events: NotificationEvents;
  readonly #retries: LedgerRetries;
  readonly #singles: SingleStore;
  readonly #lists: LedgerLists;

  constructor({ sql, events, retries, singles, lists }: LedgerStoreParts) {
    this.#retries = retries;
    this.#sql = sql;
    this.#events = events;
    this.#singles = singles;
    this.#lists = lists;
  }

  has(id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM notifications WHERE id = ?", id).toArray().length > 0;
  }

  /** Writes down a batch: from here on it will be delivered. */
  insertPlan(plan: LedgerPlan): void {
    const { header, expected } = plan;
    this.#insertHeader(header, null);
    this.#events.noteAccepted(header);
    this.keepPlan(plan);
    this.#sql.exec(
      `INSERT INTO shard_reports (notification_id, shard, expected)
       SELECT ?, value ->> 0, value ->> 1 FROM json_each(?)`,
      header.id,
      JSON.stringify(expected),
    );
  }

  /** A plan as it is needed beyond this call. One that is there already stays. */
  keepPlan(plan: LedgerPlan): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO plans (notification_id, plan) VALUES (?, ?)",
      plan.header.id,
      JSON.stringify(plan),
    );
  }

  /** The plan with its newest retry. */
  getPlan(id: string): LedgerPlan | null {
    const [row] = this.#sql
      .exec<{ plan: string }>("SELECT plan FROM plans WHERE notification_id = ?", id)
      .toArray();
    if (row === undefined) return null;
    const retry = this.#retries.newest(id);
    return { ...readPlan(row.plan), ...(retry === null ? {} : { retry }) };
  }

  /** `withHours`: also when things happened, which most readers don't need and which is long. */
  get(id: string, withHours = false): NotificationRecord | null {
    const single = this.#getSingle(id);
    if (single !== null) return single;
    const rows = this.#sql
      .exec<RecordRow>(`SELECT ${RECORD_COLUMNS} FROM notifications WHERE id = ?`, id)
      .toArray();
    return this.#read(rows, withHours)[0] ?? null;
  }

  /** Before a retry: a realtime send to one gets the rows in which further attempts are counted. */
  expand(id: string): void {
    const single = this.#singles.get(id);
    if (single === null) return;
    const { header, shard, version, totals, completedAt } = single;
    this.#singles.delete(id);
    this.#insertHeader(header, completedAt);
    this.#insertReport(header, shard, version, totals);
  }

  /** A transaction that wrote here was undone. */
  forget(): void {
    this.#singles.forget();
  }

  /** Newest first. */
  list(filter: NotificationFilter): NotificationPage {
    const { ids, endedAt } = this.#lists.list(filter);
    const full = new Map(this.#readFull(ids).map((record) => [record.header.id, record]));
    const records = ids.map((id) => full.get(id) ?? this.#getSingle(id)).filter((record) => record !== null);
    return { records, endedAt };
  }

  /**
   * Takes a shard's absolute totals over its earlier ones; an older report changes nothing. A realtime
   * notification is opened by its first report. `series` gets what has happened since the earlier ones.
   */
  applyReport(shard: number, report: ShardReport, now: number, series: SeriesChanges): ReportOutcome {
    const { notificationId, version, totals, header, attempt, waiting } = report;
    const single = this.#singles.get(notificationId);
    if (single !== null) return this.#singles.update(single, report, now, series);
    const known = this.#sql
      .exec<RecordRow>(`SELECT ${RECORD_COLUMNS} FROM notifications WHERE id = ?`, notificationId)
      .toArray()[0];
    if (known === undefined)
      return header === null ? "unknown" : this.#open(shard, report, header, now, series);
    const [before] = this.#sql
      .exec<{ accepted: number; attempt: number; waiting: number; totals: string }>(
        "SELECT accepted, attempt, waiting, totals FROM shard_reports WHERE notification_id = ? AND shard = ?",
        notificationId,
        shard,
      )
      .toArray();
    const updated = this.#sql
      .exec<{ accepted: number; expected: number }>(
        `UPDATE shard_reports SET accepted = ?, version = ?, totals = ?, attempt = ?, waiting = ?
         WHERE notification_id = ? AND shard = ? AND version < ? RETURNING accepted, expected`,
        acceptedOf(totals),
        version,
        JSON.stringify(totals),
        attempt,
        waiting,
        notificationId,
        shard,
        version,
      )
      .toArray()[0];
    if (updated === undefined) return "stale";
    series.note(JSON.parse(known.header), JSON.parse(before?.totals ?? "[]"), totals);
    if (updated.accepted > updated.expected) {
      console.error({
        message: "a shard accepted more targets than expected",
        notificationId,
        shard,
        ...updated,
      });
    }
    if (known.completed_at !== null) return "current";
    if (this.#completeIfWhole(notificationId, now)) return "completed";
    const hasMoved =
      before === undefined ||
      updated.accepted > before.accepted ||
      attempt > before.attempt ||
      waiting < before.waiting;
    return hasMoved ? "progressed" : "current";
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

  /** Shards that haven't accepted all of their targets, or haven't delivered again what a retry is for. */
  listShortShards(id: string): number[] {
    return this.#sql
      .exec<{ shard: number }>(
        `SELECT shard FROM shard_reports
         WHERE notification_id = ? AND (accepted < expected OR attempt < wanted OR waiting > 0) ORDER BY shard`,
        id,
      )
      .toArray()
      .map(({ shard }) => shard);
  }

  /** Counts one more re-drive; returns how many there are. */
  addRedrive(id: string): number {
    return this.#sql
      .exec<{ redrives: number }>(
        "UPDATE notifications SET redrives = redrives + 1 WHERE id = ? RETURNING redrives",
        id,
      )
      .one().redrives;
  }

  /** How often it was re-driven, as far as that isn't forgotten. */
  countRedrives(id: string): number {
    return (
      this.#sql.exec<{ redrives: number }>("SELECT redrives FROM notifications WHERE id = ?", id).toArray()[0]
        ?.redrives ?? 0
    );
  }

  /** It moves again: forgets half of the re-drives, but not the last. Returns what is left, null where that's all. */
  forgetRedrives(id: string): number | null {
    const [changed] = this.#sql
      .exec<{ redrives: number }>(
        "UPDATE notifications SET redrives = (redrives + 1) / 2 WHERE id = ? AND redrives > 1 RETURNING redrives",
        id,
      )
      .toArray();
    return changed?.redrives ?? null;
  }

  /** Ids of up to `limit` batches, whose audiences end with the ledger. */
  listPlanned(limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT notification_id AS id FROM plans LIMIT ?", limit)
      .toArray()
      .map(({ id }) => id);
  }

  deletePlans(ids: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM plans WHERE notification_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
  }

  #open(
    shard: number,
    report: ShardReport,
    header: NotificationHeader,
    now: number,
    series: SeriesChanges,
  ): ReportOutcome {
    if (this.#singles.fits(header, shard)) return this.#singles.insert(shard, report, header, now, series);
    return this.#openByReport(shard, report, header, now, series);
  }

  /** A realtime send that doesn't fit a short row: its first report mostly is all there will be. */
  #openByReport(
    shard: number,
    { version, totals }: ShardReport,
    header: NotificationHeader,
    now: number,
    series: SeriesChanges,
  ): ReportOutcome {
    const isWhole = isComplete(totals, header.total);
    series.note(header, [], totals);
    this.#insertHeader(header, isWhole ? now : null);
    this.#insertReport(header, shard, version, totals);
    this.#events.noteAccepted(header);
    if (isWhole) this.#events.noteCompleted(header, totals, now);
    return isWhole ? "completed" : "current";
  }

  #insertReport({ id, total }: NotificationHeader, shard: number, version: number, totals: Totals): void {
    this.#sql.exec(
      `INSERT INTO shard_reports (notification_id, shard, expected, accepted, version, totals)
       VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      shard,
      total,
      acceptedOf(totals),
      version,
      JSON.stringify(totals),
    );
  }

  #insertHeader(header: NotificationHeader, completedAt: number | null): void {
    this.#sql.exec(
      "INSERT INTO notifications (id, header, template_key, tag, mode, completed_at) VALUES (?, ?, ?, ?, ?, ?)",
      header.id,
      JSON.stringify(header),
      header.templateKey,
      header.tag,
      header.mode,
      completedAt,
    );
    this.#lists.add(header.id, header.templateKey, header.tag, header.mode);
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

  #completeIfWhole(id: string, now: number): boolean {
    if (this.listShortShards(id).length > 0) return false;
    const record = this.get(id);
    if (record === null || !isComplete(record.totals, record.header.total)) return false;
    this.#sql.exec("UPDATE notifications SET completed_at = ? WHERE id = ?", now, id);
    this.#events.noteCompleted(record.header, record.totals, now);
    return true;
  }

  #read(rows: readonly RecordRow[], withHours = false): NotificationRecord[] {
    const parts = Map.groupBy(
      this.#sql
        .exec<{ id: string; totals: string }>(
          `SELECT notification_id AS id, ${withHours ? "totals" : TOTALS_WITHOUT_HOURS} AS totals
           FROM shard_reports WHERE notification_id IN (SELECT value FROM json_each(?)) AND version > 0`,
          JSON.stringify(rows.map(({ id }) => id)),
        )
        .toArray(),
      ({ id }) => id,
    );
    return rows.map(({ id, header: json, completed_at, attempt }) => {
      const header: NotificationHeader = JSON.parse(json);
      const totals = (parts.get(id) ?? []).map((part): Totals => JSON.parse(part.totals));
      return { header, totals: sumTotals(header.channels, totals), completedAt: completed_at, attempt };
    });
  }
}

/** A plan that was written before its details had a place of their own holds them itself. */
function readPlan(json: string): LedgerPlan {
  const { template, pushData, ...plan } = JSON.parse(json);
  if (template === undefined) return plan;
  return { ...plan, details: { template, pushData, columns: plan.source.columns ?? [] } };
}
