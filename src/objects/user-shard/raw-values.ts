import type { NotificationStore } from "./notification-store.ts";

/** Up to which notification the raw values were dropped that no retry needs. Expects to run in a transaction. */
export class RawValues {
  readonly #sql: SqlStorage;
  readonly #notifications: NotificationStore;

  constructor(sql: SqlStorage, notifications: NotificationStore) {
    this.#sql = sql;
    this.#notifications = notifications;
  }

  /**
   * Drops what realtime sends are rendered from again, of up to `limit` notifications before `beforeId`, going on
   * where the last call ended. False when none are left.
   */
  drop(beforeId: string, limit: number): boolean {
    const statement = "SELECT until_id AS id FROM values_dropped";
    const from = this.#sql.exec<{ id: string }>(statement).toArray()[0]?.id;
    const ids = this.#notifications.listBetween(from ?? "", beforeId, limit);
    const last = ids.at(-1);
    if (last === undefined) return false;
    this.#notifications.dropValues(from ?? "", last);
    if (from === undefined) this.#sql.exec("INSERT INTO values_dropped (until_id) VALUES (?)", last);
    else this.#sql.exec("UPDATE values_dropped SET until_id = ?", last);
    return ids.length === limit;
  }
}
