import { requireDispatched } from "../../channels/table.ts";
import type { DeliveryKey, DeliverySlice, Settlement } from "../../model/delivery.ts";
import type { Engagement } from "../../model/engagement.ts";
import type { FeedPosition } from "../../model/feed.ts";
import type { DeliveryStatus, Retry, SkipReason } from "../../model/notification.ts";
import {
  INSERT_ARRIVED,
  INSERT_DELIVERIES,
  INSERT_DISPATCHED,
  INSERT_FOR_THE_LIVING,
  WAITS,
} from "./delivery-statements.ts";

export type InsertedRow = {
  user_id: string;
  channel_key: string;
  status: DeliveryStatus;
  reason: string | null;
};

/** A row that somebody's look makes of a segment's line. */
export type ArrivedRow = [
  userId: string,
  notificationId: string,
  channelKey: string,
  channelType: string | null,
  status: DeliveryStatus,
  reason: string | null,
  content: string | null,
  deliveredAt: number | null,
];

/** A delivery that has a row now. */
export type ArrivedKey = DeliveryKey & { notificationId: string };

export type SettledRow = InsertedRow & { message: string | null };

/** Why a delivery of such a slice to a user without an address is skipped. */
export function skipReasonOf({ channelType }: NonNullable<DeliverySlice["outbox"]>): SkipReason {
  return requireDispatched(channelType).address.skipReason;
}

/** Thrown to undo a slice of which some rows were there already. */
const NOT_WHOLE = new Error("Some rows were there already");

/** The rows of deliveries: all that is written of them is written here. Expects to run inside a transaction. */
export class DeliveryRows {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage, sql = storage.sql) {
    this.#storage = storage;
    this.#sql = sql;
  }

  /** Inserts the slice if all of its rows are new; otherwise writes nothing and returns false. */
  insertWhole(notificationId: string, slice: DeliverySlice, now: number): boolean {
    // A statement of one row has written it or not: there is no part of it to undo, and it says so itself.
    if (slice.rows === 1) return this.insertNew(notificationId, slice, now).toArray().length === 1;
    try {
      return this.#storage.transactionSync(() => {
        if (this.#countInserted(notificationId, slice, now) !== slice.rows) throw NOT_WHOLE;
        return true;
      });
    } catch (error) {
      if (error === NOT_WHOLE) return false;
      throw error;
    }
  }

  #countInserted(notificationId: string, slice: DeliverySlice, now: number): number {
    this.#insert(notificationId, slice, now, "");
    return this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one().changes;
  }

  /** Inserts the rows that aren't there yet, and says which they were. */
  insertNew(
    notificationId: string,
    slice: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
  ): SqlStorageCursor<InsertedRow> {
    return this.#insert(notificationId, slice, now, "RETURNING user_id, channel_key, status, reason");
  }

  /** The same, where users may have been deleted since the notification was accepted. */
  insertForTheLiving(
    notificationId: string,
    { json, outbox }: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
  ): SqlStorageCursor<InsertedRow> {
    return this.#sql.exec<InsertedRow>(
      `${INSERT_FOR_THE_LIVING} RETURNING user_id, channel_key, status, reason`,
      notificationId,
      now,
      json,
      outbox?.channelType ?? null,
      outbox === null ? null : skipReasonOf(outbox),
    );
  }

  /** Inserts rows of what is counted already, where they aren't there yet; returns those that are new. */
  insertArrived(rows: readonly ArrivedRow[]): ArrivedKey[] {
    return this.#sql.exec<Record<keyof ArrivedKey, string>>(INSERT_ARRIVED, JSON.stringify(rows)).toArray();
  }

  /** Gives pending deliveries of one channel their outcome; returns those that were pending in that attempt. */
  settle(
    notificationId: string,
    channelKey: string,
    settlements: readonly Settlement[],
    now: number,
  ): SettledRow[] {
    return this.#sql
      .exec<SettledRow>(
        `UPDATE deliveries SET status = settled.value ->> 2, reason = settled.value ->> 3,
           message = settled.value ->> 4, tries = settled.value ->> 5,
           delivered_at = CASE settled.value ->> 2 WHEN 'delivered' THEN ?1 END
         FROM json_each(?2) AS settled
         WHERE user_id = settled.value ->> 0 AND notification_id = ?3 AND channel_key = ?4
           AND status = 'pending' AND attempt = settled.value ->> 1
         RETURNING user_id, channel_key, status, reason, message`,
        now,
        JSON.stringify(
          settlements.map(({ userId, attempt, status, reason, message, tries }) => [
            userId,
            attempt,
            status,
            reason,
            message,
            tries,
          ]),
        ),
        notificationId,
        channelKey,
      )
      .toArray();
  }

  /** What failed, as far as a retry is for it, is pending in its attempt; returns how many, by channel and reason. */
  reopen(
    notificationId: string,
    { attempt, reasons, userId }: Retry,
  ): { channelKey: string; reason: string; count: number }[] {
    const failed = `
      notification_id = ?1 AND status = 'failed'
        AND (?2 IS NULL OR reason IN (SELECT value FROM json_each(?2)))
        AND (?3 IS NULL OR user_id = ?3)
        AND NOT EXISTS (
          SELECT 1 FROM deleted_users WHERE uid = deliveries.user_id AND before_id > ?1)`;
    const values = [notificationId, reasons === null ? null : JSON.stringify(reasons), userId];
    const counts = this.#sql
      .exec<{ channelKey: string; reason: string; count: number }>(
        `SELECT channel_key AS channelKey, reason, COUNT(*) AS count FROM deliveries
         WHERE ${failed} GROUP BY channel_key, reason`,
        ...values,
      )
      .toArray();
    this.#sql.exec(
      `UPDATE deliveries SET status = 'pending', reason = NULL, message = NULL, tries = 0, attempt = ?4
       WHERE ${failed}`,
      ...values,
      attempt,
    );
    return counts;
  }

  /** Who of these users has a delivery that waits for its chunk. */
  listWaiting(notificationId: string, attempt: number, userIds: readonly string[]): string[] {
    return this.#sql
      .exec<{ user_id: string }>(
        `SELECT DISTINCT user_id FROM json_each(?3) AS targets
           JOIN deliveries ON user_id = targets.value AND notification_id = ?1
         WHERE ${WAITS}`,
        notificationId,
        attempt,
        JSON.stringify(userIds),
      )
      .toArray()
      .map(({ user_id }) => user_id);
  }

  /** Gives deliveries that wait in this attempt the outcome of a slice; returns those that did. */
  redeliver(
    notificationId: string,
    attempt: number,
    { json, outbox }: DeliverySlice,
    now: number,
  ): InsertedRow[] {
    return this.#sql
      .exec<InsertedRow>(
        `WITH targets AS MATERIALIZED (
           SELECT value ->> 0 AS uid, value ->> 1 AS channel, value ->> 3 AS status, value ->> 4 AS reason,
             iif(?5 IS NULL, value ->> 5, NULL) AS content,
             value ->> 3 = 'pending' AND NOT EXISTS (
               SELECT 1 FROM devices WHERE user_id = rows.value ->> 0 AND channel_type = ?5) AS skips,
             EXISTS (SELECT 1 FROM deleted_users
               WHERE deleted_users.uid = rows.value ->> 0 AND before_id > ?1) AS gone
           FROM json_each(?4) AS rows)
         UPDATE deliveries SET status = iif(skips OR gone, 'skipped', targets.status),
           reason = CASE WHEN gone THEN 'user_deleted' WHEN skips THEN ?6 ELSE targets.reason END,
           content = iif(gone, NULL, targets.content),
           delivered_at = iif(targets.status = 'delivered' AND NOT gone, ?3, NULL)
         FROM targets
         WHERE deliveries.user_id = uid AND deliveries.notification_id = ?1 AND deliveries.channel_key = channel
           AND ${WAITS}
         RETURNING user_id, channel_key, deliveries.status, deliveries.reason`,
        notificationId,
        attempt,
        now,
        json,
        outbox?.channelType ?? null,
        outbox === null ? null : skipReasonOf(outbox),
      )
      .toArray();
  }

  /** False where it was viewed, or clicked, before. */
  mark({ userId, channelKey }: DeliveryKey, id: string, kind: Engagement, now: number): boolean {
    const column = kind === "viewed" ? "viewed_at" : "clicked_at";
    const changed = this.#sql
      .exec(
        `UPDATE deliveries SET ${column} = ?
         WHERE user_id = ? AND notification_id = ? AND channel_key = ? AND ${column} IS NULL RETURNING 1`,
        now,
        userId,
        id,
        channelKey,
      )
      .toArray();
    return changed.length > 0;
  }

  /** Marks those viewed that weren't; returns them. */
  markViewed(userId: string, items: readonly FeedPosition[], now: number): FeedPosition[] {
    return this.#sql
      .exec<Record<keyof FeedPosition, string>>(
        `UPDATE deliveries SET viewed_at = ?1 WHERE viewed_at IS NULL AND
           (user_id, notification_id, channel_key) IN (SELECT ?2, value ->> 0, value ->> 1 FROM json_each(?3))
         RETURNING notification_id AS notificationId, channel_key AS channelKey`,
        now,
        userId,
        JSON.stringify(items.map(({ notificationId, channelKey }) => [notificationId, channelKey])),
      )
      .toArray();
  }

  /** The user was deleted: what was sent goes from these rows, and what became of it stays. */
  blank(userId: string, fromId: string, lastId: string): void {
    this.#sql.exec(
      `UPDATE deliveries SET content = NULL, message = NULL
       WHERE user_id = ?1 AND notification_id >= ?2 AND notification_id <= ?3
         AND (content IS NOT NULL OR message IS NOT NULL)`,
      userId,
      fromId,
      lastId,
    );
  }

  /** Removes rows of these users from before a notification; returns how many. */
  deleteBefore(userIds: readonly string[], beforeId: string, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM deliveries WHERE (user_id, notification_id, channel_key) IN
           (SELECT user_id, notification_id, channel_key FROM json_each(?1)
              CROSS JOIN deliveries ON user_id = value AND notification_id < ?2 LIMIT ?3 + 0)
         RETURNING 1`,
        JSON.stringify(userIds),
        beforeId,
        limit,
      )
      .toArray().length;
  }

  #insert(
    notificationId: string,
    { json, outbox }: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
    returning: string,
  ): SqlStorageCursor<InsertedRow> {
    if (outbox === null) {
      return this.#sql.exec<InsertedRow>(`${INSERT_DELIVERIES} ${returning}`, notificationId, now, json);
    }
    return this.#sql.exec<InsertedRow>(
      `${INSERT_DISPATCHED} ${returning}`,
      notificationId,
      json,
      outbox.channelType,
      skipReasonOf(outbox),
    );
  }
}
