import { addToTotals } from "../../model/counts.ts";
import type {
  DeliveryKey,
  DeliverySlice,
  RedeliveredDeliveries,
  StoreDispatches,
} from "../../model/delivery.ts";
import type { Retry } from "../../model/notification.ts";
import type { DeliveryEvent } from "./delivery-events.ts";
import type { DeliveryRows } from "./delivery-rows.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { Watchers } from "./watchers.ts";

/**
 * Failed deliveries that get another attempt: reopened as pending, then given a new outcome, each once. Every
 * writing method expects to run inside a transaction.
 */
export class RetryStore {
  readonly #notifications: NotificationStore;
  readonly #rows: DeliveryRows;
  readonly #deliveries: DeliveryStore;

  constructor(notifications: NotificationStore, rows: DeliveryRows, deliveries: DeliveryStore) {
    this.#notifications = notifications;
    this.#rows = rows;
    this.#deliveries = deliveries;
  }

  /**
   * At the first word of an attempt: what failed for its reasons is pending again, but not for users who were
   * deleted since the send. Later words, and those of an earlier attempt, change nothing. True where it was the
   * first.
   */
  reopen(notificationId: string, retry: Retry): boolean {
    const { attempt } = retry;
    const stored = this.#notifications.get(notificationId);
    if (stored === null || stored.attempt >= attempt) return false;
    const { totals } = stored;
    let waiting = 0;
    for (const { channelKey, reason, count } of this.#rows.reopen(notificationId, retry)) {
      addToTotals(totals, channelKey, "failed", reason, -count);
      addToTotals(totals, channelKey, "pending", null, count);
      waiting += count;
    }
    this.#notifications.updateAttempt(stored.header, totals, attempt, waiting);
    return true;
  }

  /** Who of these users has a delivery that waits for its chunk. */
  listWaiting(notificationId: string, attempt: number, userIds: readonly string[]): string[] {
    return this.#rows.listWaiting(notificationId, attempt, userIds);
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
    const stored = this.#notifications.get(notificationId);
    // The notification is past its retention, or this is a late call of an attempt before the newest.
    if (stored === null || stored.attempt !== attempt) return null;
    const { totals } = stored;
    const fresh: DeliveryKey[] = [];
    const pending = new Map<string, number>();
    let served = 0;
    for (const slice of slices) {
      const rows = this.#rows.redeliver(notificationId, attempt, slice, now);
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
    this.#notifications.updateAttempt(stored.header, totals, attempt, stored.waiting - served);
    return { totals, fresh, pending: [...pending] };
  }
}
