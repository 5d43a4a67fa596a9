import { acceptedOf, countFailed, type Totals } from "../../model/counts.ts";
import type { FailureReason, LedgerPlan, NotificationHeader } from "../../model/notification.ts";
import type { ShardReport } from "../../model/report.ts";

// SQLite leaves the hours out: in an old batch's totals they are many times longer than all the rest.
const TOTALS_WITHOUT_HOURS =
  "(SELECT json_group_array(json_remove(value, '$.hours')) FROM json_each(shard_reports.totals))";

/** What a report has changed. */
export interface AppliedReport {
  /** The shard's totals before; none where it had said nothing. */
  before: Totals;
  /** New targets, or a retry that goes on. */
  hasMoved: boolean;
}

/** What each shard has said of each notification, absolutely. Writing methods expect to run in a transaction. */
export class ShardReportStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many targets each shard is to accept. */
  expect({ header, expected }: LedgerPlan): void {
    this.#sql.exec(
      `INSERT INTO shard_reports (notification_id, shard, expected)
       SELECT ?, value ->> 0, value ->> 1 FROM json_each(?)`,
      header.id,
      JSON.stringify(expected),
    );
  }

  /** Adds the report of a realtime send, which is whole in one shard. */
  insert({ id, total }: NotificationHeader, shard: number, version: number, totals: Totals): void {
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

  /** Takes absolute totals over the shard's earlier ones; null where they are older than those. */
  apply(
    shard: number,
    { notificationId, version, totals, attempt, waiting }: ShardReport,
  ): AppliedReport | null {
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
    if (updated === undefined) return null;
    if (updated.accepted > updated.expected) {
      console.error({
        message: "a shard accepted more targets than expected",
        notificationId,
        shard,
        ...updated,
      });
    }
    const hasMoved =
      before === undefined ||
      updated.accepted > before.accepted ||
      attempt > before.attempt ||
      waiting < before.waiting;
    return { before: JSON.parse(before?.totals ?? "[]"), hasMoved };
  }

  /** Shards that haven't accepted all of their targets, or haven't delivered again what a retry is for. */
  listShort(id: string): number[] {
    return this.#sql
      .exec<{ shard: number }>(
        `SELECT shard FROM shard_reports
         WHERE notification_id = ? AND (accepted < expected OR attempt < wanted OR waiting > 0) ORDER BY shard`,
        id,
      )
      .toArray()
      .map(({ shard }) => shard);
  }

  /** Shards in which deliveries have failed for these reasons; null: for any. */
  listFailed(id: string, reasons: readonly FailureReason[] | null): number[] {
    return this.#sql
      .exec<{ shard: number; totals: string }>(
        "SELECT shard, totals FROM shard_reports WHERE notification_id = ?",
        id,
      )
      .toArray()
      .filter(({ totals }) => countFailed(JSON.parse(totals), reasons) > 0)
      .map(({ shard }) => shard);
  }

  /** Notes that these shards are to make an attempt. */
  want(id: string, shards: readonly number[], attempt: number): void {
    this.#sql.exec(
      `UPDATE shard_reports SET wanted = ?
       WHERE notification_id = ? AND shard IN (SELECT value FROM json_each(?))`,
      attempt,
      id,
      JSON.stringify(shards),
    );
  }

  /** The totals of a notification that one shard has. */
  readTotals(id: string): Totals {
    const [row] = this.#sql
      .exec<{ totals: string }>("SELECT totals FROM shard_reports WHERE notification_id = ?", id)
      .toArray();
    return row === undefined ? [] : JSON.parse(row.totals);
  }

  /** What the shards have said, by notification. `withHours`: also when things happened. */
  listTotals(ids: readonly string[], withHours: boolean): Map<string, Totals[]> {
    const rows = this.#sql
      .exec<{ id: string; totals: string }>(
        `SELECT notification_id AS id, ${withHours ? "totals" : TOTALS_WITHOUT_HOURS} AS totals
         FROM shard_reports WHERE notification_id IN (SELECT value FROM json_each(?)) AND version > 0`,
        JSON.stringify(ids),
      )
      .toArray();
    const totals = new Map<string, Totals[]>();
    for (const [id, parts] of Map.groupBy(rows, (row) => row.id)) {
      totals.set(
        id,
        parts.map((part): Totals => JSON.parse(part.totals)),
      );
    }
    return totals;
  }
}
