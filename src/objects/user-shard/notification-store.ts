import { mayFailAgain, type Totals } from "../../model/counts.ts";
import type { DeliverRequest, ShardNotification } from "../../model/delivery.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import { decodeTotals, writeTotals } from "../../model/totals-code.ts";
import type { HeaderStore, StoredHeader } from "./header-store.ts";

type NotificationRow = StoredHeader & {
  id: string;
  totals: string;
  version: number;
  reported_version: number;
  attempt: number;
  waiting: number;
};

/** What the first call about a notification tells of it. */
export type NewNotification = Pick<DeliverRequest, "header" | "pushData" | "target" | "targetValues">;

const NOTIFICATION_COLUMNS = "id, header, part, totals, version, reported_version, attempt, waiting";

/** The notifications of a shard's deliveries, with what became of them. Writing methods expect a transaction. */
export class NotificationStore {
  readonly #sql: SqlStorage;
  readonly #headers: HeaderStore;

  constructor(sql: SqlStorage, headers: HeaderStore) {
    this.#sql = sql;
    this.#headers = headers;
  }

  get(id: string): ShardNotification | null {
    const [row] = this.#sql
      .exec<NotificationRow>(`SELECT ${NOTIFICATION_COLUMNS} FROM notifications WHERE id = ?`, id)
      .toArray();
    return row === undefined ? null : this.#toNotification(row);
  }

  list(ids: readonly string[]): ShardNotification[] {
    return this.#sql
      .exec<NotificationRow>(
        `SELECT ${NOTIFICATION_COLUMNS} FROM notifications WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      )
      .toArray()
      .map((row) => this.#toNotification(row));
  }

  /** Headers by notification, of those that are there: without what became of them. */
  listHeaders(ids: readonly string[]): Map<string, NotificationHeader> {
    const rows = this.#sql
      .exec<StoredHeader & { id: string }>(
        "SELECT id, header, part FROM notifications WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      )
      .toArray();
    return new Map(rows.map((row) => [row.id, this.#headers.unpack(row.id, row)]));
  }

  /** False where the shard knows the notification already. `isTold`: its ledger hears of it from somebody else. */
  insert(
    { header, pushData, target, targetValues = null }: NewNotification,
    totals: Totals,
    isTold: boolean,
  ): boolean {
    const packed = this.#headers.pack(header);
    const cursor = this.#sql.exec(
      `INSERT INTO notifications
         (id, header, part, totals, version, reported_version, push_data, target, target_values)
       VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
      header.id,
      packed.header,
      packed.part,
      writeTotals(header, totals),
      isTold ? 1 : 0,
      pushData === null ? null : JSON.stringify(pushData),
      target,
      targetValues === null ? null : JSON.stringify(targetValues),
    );
    return cursor.toArray().length > 0;
  }

  /** `isTold`: the ledger hears of them from somebody else. */
  updateTotals(header: NotificationHeader, totals: Totals, isTold = false): void {
    this.#sql.exec(
      `UPDATE notifications SET totals = ?1, version = version + 1,
         reported_version = iif(?4, version + 1, reported_version),
         target_values = iif(?2, target_values, NULL) WHERE id = ?3`,
      writeTotals(header, totals),
      // The values are kept for a retry: where no delivery can fail any more, there will be none.
      mayFailAgain(totals) ? 1 : 0,
      header.id,
      isTold ? 1 : 0,
    );
  }

  /** An attempt goes on: `waiting` of its deliveries haven't been made again yet. */
  updateAttempt(header: NotificationHeader, totals: Totals, attempt: number, waiting: number): void {
    this.#sql.exec(
      `UPDATE notifications SET totals = ?1, version = version + 1, attempt = ?2, waiting = ?3,
         target_values = iif(?5, target_values, NULL) WHERE id = ?4`,
      writeTotals(header, totals),
      attempt,
      waiting,
      header.id,
      mayFailAgain(totals) ? 1 : 0,
    );
  }

  /** Ids of notifications whose totals their ledger doesn't know yet, newest first. */
  listUnreported(beforeId: string, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM notifications WHERE version > reported_version AND id < ? ORDER BY id DESC LIMIT ? + 0",
        beforeId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** The ledger has taken these reports; what changed meanwhile stays unreported. */
  markReported(reports: readonly { id: string; version: number }[]): void {
    this.#sql.exec(
      `UPDATE notifications SET reported_version = reported.version
       FROM (SELECT value ->> 0 AS id, value ->> 1 AS version FROM json_each(?)) AS reported
       WHERE notifications.id = reported.id AND reported_version < reported.version`,
      JSON.stringify(reports.map(({ id, version }) => [id, version])),
    );
  }

  /** The request's push data, kept with the notification. */
  getPushData(notificationId: string): Record<string, string> {
    const [row] = this.#sql
      .exec<{ push_data: string | null }>("SELECT push_data FROM notifications WHERE id = ?", notificationId)
      .toArray();
    return row?.push_data ? JSON.parse(row.push_data) : {};
  }

  /**
   * What was sent to this user alone (a header with a part always is) is kept without its title and tag, and without
   * what it was rendered from.
   */
  blankSingles(uid: string, ids: readonly string[]): void {
    this.#sql.exec(
      `UPDATE notifications SET target_values = NULL, push_data = NULL,
         header = json_set(header, '$.title', NULL, '$.tag', NULL)
       WHERE id IN (SELECT value FROM json_each(?2)) AND IFNULL(target, ?1) = ?1
         AND (part IS NOT NULL OR (header ->> 'mode' = 'realtime' AND header ->> 'total' = 1))`,
      uid,
      JSON.stringify(ids),
    );
  }

  /** Of these, the ones whose ledger may hold something of their users. */
  listRealtime(ids: readonly string[]): string[] {
    return this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM notifications
         WHERE id IN (SELECT value FROM json_each(?)) AND (part IS NOT NULL OR header ->> 'mode' = 'realtime')`,
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ id }) => id);
  }

  /** Drops what realtime sends between two ids are rendered from again, both but `afterId` included. */
  dropValues(afterId: string, lastId: string): void {
    this.#sql.exec(
      `UPDATE notifications SET target_values = NULL, push_data = NULL
       WHERE id > ? AND id <= ? AND target IS NOT NULL
         AND (target_values IS NOT NULL OR push_data IS NOT NULL)`,
      afterId,
      lastId,
    );
  }

  /** Ids between two, both exclusive, oldest first. */
  listBetween(afterId: string, beforeId: string, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM notifications WHERE id > ? AND id < ? ORDER BY id LIMIT ? + 0",
        afterId,
        beforeId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  getOldest(): string | null {
    const statement = "SELECT id FROM notifications ORDER BY id LIMIT 1";
    return this.#sql.exec<{ id: string }>(statement).toArray()[0]?.id ?? null;
  }

  /** Removes the oldest ones before this id; returns how many. */
  deleteBefore(id: string, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM notifications WHERE id IN
           (SELECT id FROM notifications WHERE id < ? ORDER BY id LIMIT ? + 0) RETURNING 1`,
        id,
        limit,
      )
      .toArray().length;
  }

  #toNotification(row: NotificationRow): ShardNotification {
    const header = this.#headers.unpack(row.id, row);
    return {
      header,
      totals: decodeTotals(header, row.totals),
      version: row.version,
      reportedVersion: row.reported_version,
      attempt: row.attempt,
      waiting: row.waiting,
    };
  }
}
