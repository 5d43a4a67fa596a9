import { addToTotals, mayFailAgain, type Totals } from "../../model/counts.ts";
import type {
  DeliveryKey,
  DeliverySlice,
  RedeliveredDeliveries,
  StoreDispatches,
} from "../../model/delivery.ts";
import type { DeliveryStatus, NotificationHeader, Retry } from "../../model/notification.ts";
import { writeTotals } from "../../model/totals-code.ts";
import type { DeliveryEvent } from "./delivery-events.ts";
import { skipReasonOf } from "./delivery-inserts.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { Watchers } from "./watchers.ts";

type UpdatedRow = { user_id: string; channel_key: string; status: DeliveryStatus; reason: string | null };

// Reopened and not delivered again: pending in this attempt, and not on its way to a provider.
const WAITS = `
  deliveries.status = 'pending' AND deliveries.attempt = ?2 AND NOT EXISTS (
    SELECT 1 FROM pushes WHERE pushes.channel_key = deliveries.channel_key
      AND pushes.notification_id = ?1 AND pushes.user_id = deliveries.user_id)`;

/**
 * Failed deliveries that get another attempt: reopened as pending, then given a new outcome, each once. Every
 * writing method expects to run inside a transaction.
 */
export class RetryStore {
  readonly #sql: SqlStorage;
  readonly #deliveries: DeliveryStore;

  constructor(sql: SqlStorage, deliveries: DeliveryStore) {
    this.#sql = sql;
    this.#deliveries = deliveries;
  }

  /**
   * At the first word of an attempt: what failed for its reasons is pending again, but not for users who were
   * deleted since the send. Later words, and those of an earlier attempt, change nothing. True where it was the
   * first.
   */
  reopen(notificationId: string, { attempt, reasons }: Retry): boolean {
    const stored = this.#deliveries.getNotification(notificationId);
    if (stored === null || stored.attempt >= attempt) return false;
    const failed = `
      notification_id = ?1 AND status = 'failed'
        AND (?2 IS NULL OR reason IN (SELECT value FROM json_each(?2)))
        AND NOT EXISTS (
          SELECT 1 FROM deleted_users WHERE uid = deliveries.user_id AND before_id > ?1)`;
    const values = [notificationId, reasons === null ? null : JSON.stringify(reasons)];
    const { totals } = stored;
    let waiting = 0;
    for (const { channelKey, reason, count } of this.#sql.exec<{
      channelKey: string;
      reason: string;
      count: number;
    }>(
      `SELECT channel_key AS channelKey, reason, COUNT(*) AS count FROM deliveries
       WHERE ${failed} GROUP BY channel_key, reason`,
      ...values,
    )) {
      addToTotals(totals, channelKey, "failed", reason, -count);
      addToTotals(totals, channelKey, "pending", null, count);
      waiting += count;
    }
    this.#sql.exec(
      `UPDATE deliveries SET status = 'pending', reason = NULL, message = NULL, tries = 0, attempt = ?3
       WHERE ${failed}`,
      ...values,
      attempt,
    );
    this.#update(stored.header, totals, attempt, waiting);
    return true;
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

  /**
   * Gives waiting deliveries the outcome of these slices; what doesn't wait stays as it is. Pending rows go into
   * the outbox where their user has an address; else they are skipped. Null where nothing waited.
   */
  redeliver(
    notificationId: string,
    attempt: number,
    slices: readonly DeliverySlice[],
    watched: Watchers,
    now: number,
    storeDispatches: StoreDispatches,
  ): RedeliveredDeliveries | null {
    const stored = this.#deliveries.getNotification(notificationId);
    // Past its retention, or another attempt has begun.
    if (stored === null || stored.attempt !== attempt) return null;
    const { totals } = stored;
    const fresh: DeliveryKey[] = [];
    const pending = new Map<string, number>();
    let served = 0;
    for (const slice of slices) {
      const rows = this.#apply(notificationId, attempt, slice, now);
      served += rows.length;
      const failed: DeliveryEvent[] = [];
      for (const { user_id: userId, channel_key: channelKey, status, reason } of rows) {
        if (status === "pending") {
          pending.set(channelKey, (pending.get(channelKey) ?? 0) + 1);
          continue;
        }
        addToTotals(totals, channelKey, "pending", null, -1);
        addToTotals(totals, channelKey, status, reason, 1, now);
        if (status === "failed") failed.push({ userId, channelKey, reason });
        if (status === "delivered" && watched.has(userId)) fresh.push({ userId, channelKey });
      }
      this.#deliveries.noteFailed(stored.header, failed, now);
      const toSend = rows.filter(({ status }) => status === "pending").map(({ user_id }) => user_id);
      if (toSend.length > 0) storeDispatches(slice, toSend);
    }
    if (served === 0) return null;
    this.#update(stored.header, totals, attempt, stored.waiting - served);
    return { totals, fresh, pending: [...pending] };
  }

  #apply(
    notificationId: string,
    attempt: number,
    { json, outbox }: DeliverySlice,
    now: number,
  ): UpdatedRow[] {
    return this.#sql
      .exec<UpdatedRow>(
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

  #update(header: NotificationHeader, totals: Totals, attempt: number, waiting: number): void {
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
}
