import type { DeliveryStatus } from "../notifications/model.ts";
import type { LoggedDelivery } from "./delivery-model.ts";

type LoggedRow = {
  user_id: string;
  channel_key: string;
  status: DeliveryStatus;
  reason: string | null;
  message: string | null;
  tries: number;
  delivered_at: number | null;
  viewed_at: number | null;
  clicked_at: number | null;
};

/** What the delivery log reads of one shard. */
export class LogStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The user of a realtime send to one. */
  getTarget(notificationId: string): string | null {
    const [row] = this.#sql
      .exec<{ target: string | null }>("SELECT target FROM notifications WHERE id = ?", notificationId)
      .toArray();
    if (row === undefined || row.target !== null) return row?.target ?? null;
    // Stored before the target was.
    const [delivery] = this.#sql
      .exec<{ user_id: string }>(
        "SELECT user_id FROM deliveries WHERE notification_id = ? LIMIT 1",
        notificationId,
      )
      .toArray();
    return delivery?.user_id ?? null;
  }

  /** A notification's deliveries to these users, as far as they are here. */
  listDeliveries(notificationId: string, userIds: readonly string[]): LoggedDelivery[] {
    return this.#sql
      .exec<LoggedRow>(
        `SELECT deliveries.user_id, deliveries.channel_key, status, reason, message,
           MAX(deliveries.tries, IFNULL(pushes.tries, 0)) AS tries, delivered_at, viewed_at, clicked_at
         FROM json_each(?1) AS targets
           JOIN deliveries ON deliveries.user_id = targets.value AND deliveries.notification_id = ?2
           LEFT JOIN pushes ON pushes.channel_key = deliveries.channel_key
             AND pushes.notification_id = ?2 AND pushes.user_id = deliveries.user_id`,
        JSON.stringify(userIds),
        notificationId,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
        channelKey: row.channel_key,
        status: row.status,
        reason: row.reason,
        message: row.message,
        tries: row.tries,
        deliveredAt: row.delivered_at,
        viewedAt: row.viewed_at,
        clickedAt: row.clicked_at,
      }));
  }
}
