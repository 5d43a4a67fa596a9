import { addToTotals, emptyTotals, sumTotals, type Totals } from "../notifications/counts.ts";
import type { DeliveryStatus, NotificationHeader } from "../notifications/model.ts";

/** Rows of one notification for one shard. */
export interface DeliverRequest {
  header: NotificationHeader;
  /** Targets of this notification that this shard will get in all. */
  expected: number;
  /** One statement each. */
  slices: DeliverySlice[];
}

/** Rows for one statement, and what they will count if all of them are new. */
export interface DeliverySlice {
  /** A JSON array of `[userId, channelKey, channelType, status, reason, content]`, under MAX_STATEMENT_BYTES. */
  json: string;
  rows: number;
  tallies: DeliveryTally[];
}

/** A number of deliveries of one channel, status and reason. */
export type DeliveryTally = [
  channelKey: string,
  status: DeliveryStatus,
  reason: string | null,
  count: number,
];

export interface ShardNotification {
  header: NotificationHeader;
  totals: Totals;
  version: number;
  reportedVersion: number;
}

/** Deliveries of one channel, status and reason. */
export type DeliveryCount = {
  channelKey: string;
  status: DeliveryStatus;
  reason: string | null;
  count: number;
  viewed: number;
  clicked: number;
};

/** One delivery of a notification. */
export interface DeliveryKey {
  userId: string;
  channelKey: string;
}

type InsertedRow = { user_id: string; channel_key: string; status: DeliveryStatus; reason: string | null };
type NotificationRow = { header: string; totals: string; version: number; reported_version: number };

const INSERT_DELIVERIES = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 1, value ->> 5,
    CASE value ->> 3 WHEN 'delivered' THEN ?2 END
  FROM json_each(?3) WHERE true
  ON CONFLICT DO NOTHING`;

/** Thrown to undo a slice of which some rows were there already. */
const NOT_WHOLE = new Error("Some rows were there already");

/** The shard's notifications and deliveries. Every method expects to run inside a transaction. */
export class DeliveryStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  getNotification(id: string): ShardNotification | null {
    const [row] = this.#sql
      .exec<NotificationRow>(
        "SELECT header, totals, version, reported_version FROM notifications WHERE id = ?",
        id,
      )
      .toArray();
    if (row === undefined) return null;
    return {
      header: JSON.parse(row.header),
      totals: JSON.parse(row.totals),
      version: row.version,
      reportedVersion: row.reported_version,
    };
  }

  /**
   * Writes the rows that aren't there yet and counts exactly those: the same chunk again changes nothing.
   * Returns the shard's absolute totals of the notification, and which of the `watched` users' rows are new.
   */
  insertDeliveries(
    { header, slices }: DeliverRequest,
    watched: ReadonlySet<string>,
    now: number,
  ): { header: NotificationHeader; totals: Totals; fresh: DeliveryKey[] } {
    const added = emptyTotals(header.channels);
    const fresh: DeliveryKey[] = [];
    let inserted = 0;
    for (const slice of slices) {
      // Mostly all rows are new and nobody looks on: then the statement needn't name what it wrote.
      if (watched.size === 0 && this.#insertWhole(header.id, slice, now)) {
        for (const [channelKey, status, reason, count] of slice.tallies) {
          addToTotals(added, channelKey, status, reason, count);
        }
        inserted += slice.rows;
        continue;
      }
      for (const row of this.#insertNew(header.id, slice, now)) {
        addToTotals(added, row.channel_key, row.status, row.reason, 1);
        if (watched.has(row.user_id)) fresh.push({ userId: row.user_id, channelKey: row.channel_key });
        inserted++;
      }
    }
    // Mostly this is the notification's first or only call here: one statement then does.
    if (this.#insertNotification(header, added)) return { header, totals: added, fresh };
    const stored = this.getNotification(header.id);
    if (stored === null) throw new Error("A notification that is there can't be read");
    if (inserted === 0) return { header: stored.header, totals: stored.totals, fresh };
    const totals = sumTotals(stored.header.channels, [stored.totals, added]);
    this.#updateTotals(header.id, totals);
    return { header: stored.header, totals, fresh };
  }

  /** Counts views or clicks that happened in this shard. */
  addEngagement(notificationId: string, channelKey: string, kind: "viewed" | "clicked"): void {
    const stored = this.getNotification(notificationId);
    if (stored === null) throw new Error("A delivery has no notification");
    addToTotals(stored.totals, channelKey, kind, null, 1);
    this.#updateTotals(notificationId, stored.totals);
  }

  /** Notifications whose totals the ledger doesn't know yet, oldest first. */
  listUnreported(limit: number): ShardNotification[] {
    return this.#sql
      .exec<NotificationRow>(
        `SELECT header, totals, version, reported_version FROM notifications
         WHERE version > reported_version ORDER BY id LIMIT ?`,
        limit,
      )
      .toArray()
      .map((row) => ({
        header: JSON.parse(row.header),
        totals: JSON.parse(row.totals),
        version: row.version,
        reportedVersion: row.reported_version,
      }));
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

  /** The deliveries themselves, counted: what the ledger's numbers are checked against. */
  countDeliveries(notificationId: string): DeliveryCount[] {
    return this.#sql
      .exec<DeliveryCount>(
        `SELECT channel_key AS channelKey, status, reason, COUNT(*) AS count,
           COUNT(viewed_at) AS viewed, COUNT(clicked_at) AS clicked
         FROM deliveries WHERE notification_id = ? GROUP BY channel_key, status, reason`,
        notificationId,
      )
      .toArray();
  }

  /** Removes up to `limit` deliveries of notifications before `beforeId`; false when none are left. */
  deleteExpired(beforeId: string, limit: number): boolean {
    const [oldest] = this.#sql
      .exec<{ id: string }>("SELECT id FROM notifications WHERE id < ? ORDER BY id LIMIT 1", beforeId)
      .toArray();
    if (oldest === undefined) return false;
    const deleted = this.#sql
      .exec(
        `DELETE FROM deliveries WHERE (user_id, notification_id, channel_key) IN
           (SELECT user_id, notification_id, channel_key FROM deliveries WHERE notification_id < ? LIMIT ?)
         RETURNING 1`,
        beforeId,
        limit,
      )
      .toArray().length;
    if (deleted < limit) this.#sql.exec("DELETE FROM notifications WHERE id < ?", beforeId);
    return deleted === limit;
  }

  /** Inserts the slice if all of its rows are new; otherwise writes nothing and returns false. */
  #insertWhole(notificationId: string, { json, rows }: DeliverySlice, now: number): boolean {
    try {
      return this.#storage.transactionSync(() => {
        this.#sql.exec(INSERT_DELIVERIES, notificationId, now, json);
        const { changes } = this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one();
        if (changes !== rows) throw NOT_WHOLE;
        return true;
      });
    } catch (error) {
      if (error === NOT_WHOLE) return false;
      throw error;
    }
  }

  /** Inserts the rows that aren't there yet, and says which they were. */
  #insertNew(notificationId: string, { json }: DeliverySlice, now: number): SqlStorageCursor<InsertedRow> {
    return this.#sql.exec<InsertedRow>(
      `${INSERT_DELIVERIES} RETURNING user_id, channel_key, status, reason`,
      notificationId,
      now,
      json,
    );
  }

  /** False where the shard knows the notification already. */
  #insertNotification(header: NotificationHeader, totals: Totals): boolean {
    const cursor = this.#sql.exec(
      `INSERT INTO notifications (id, header, totals, version, reported_version) VALUES (?, ?, ?, 1, 0)
       ON CONFLICT DO NOTHING RETURNING 1`,
      header.id,
      JSON.stringify(header),
      JSON.stringify(totals),
    );
    return cursor.toArray().length > 0;
  }

  #updateTotals(id: string, totals: Totals): void {
    this.#sql.exec(
      "UPDATE notifications SET totals = ?, version = version + 1 WHERE id = ?",
      JSON.stringify(totals),
      id,
    );
  }
}
