import type { DeliveryKey } from "../../model/delivery.ts";
import type { ClientEngagement, Engagement } from "../../model/engagement.ts";
import type { FeedPosition } from "../../model/feed.ts";
import { NO_DELIVERY } from "../../model/missing.ts";
import type { DeliveryStatus } from "../../model/notification.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type { DeliveryRows } from "./delivery-rows.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import { FIRST_ID } from "./tombstones.ts";

type EventRow = { channel_key: string; status: DeliveryStatus; reason: string | null; attempt: number };

/** What an event changes. */
type EngagedStores = { rows: DeliveryRows; deliveries: DeliveryStore; dispatches: DispatchStore };

/**
 * What users do with deliveries, each counted once, whoever tells of it and how often. Every method expects to run
 * inside a transaction.
 */
export class EngagementStore {
  readonly #sql: SqlStorage;
  readonly #stores: EngagedStores;

  constructor(sql: SqlStorage, stores: EngagedStores) {
    this.#sql = sql;
    this.#stores = stores;
  }

  /** Marks a delivery viewed or clicked; a click is also a view. The first time stands. */
  mark({ userId, channelKey }: DeliveryKey, notificationId: string, kind: Engagement, now: number): void {
    this.#markOnce({ userId, channelKey }, notificationId, "viewed", now);
    if (kind === "clicked") this.#markOnce({ userId, channelKey }, notificationId, "clicked", now);
  }

  /** Marks many of a user's deliveries viewed that weren't. */
  markViewed(userId: string, unread: readonly FeedPosition[], now: number): void {
    const { rows, deliveries } = this.#stores;
    const viewed = rows.markViewed(userId, unread, now);
    for (const [id, items] of Map.groupBy(viewed, ({ notificationId }) => notificationId)) {
      const keys = items.map(({ channelKey }): DeliveryKey => ({ userId, channelKey }));
      deliveries.addEngagement(id, keys, "viewed", now);
    }
  }

  /**
   * Takes an event from outside. What is still on its way to a provider has arrived, if somebody has it: that is
   * a delivery.
   */
  record(
    { userId, notificationId, kind, channelKey, channelType }: ClientEngagement,
    now: number,
  ): Outcome<null> {
    const rows = this.#sql
      .exec<EventRow>(
        `SELECT channel_key, status, reason, attempt FROM deliveries
         WHERE user_id = ?1 AND notification_id = ?2 AND channel_type = ?3 AND (?4 IS NULL OR channel_key = ?4)
           AND notification_id >= ${FIRST_ID}`,
        userId,
        notificationId,
        channelType,
        channelKey,
      )
      .toArray();
    const [first] = rows;
    if (first === undefined) return NO_DELIVERY;
    let isRecorded = false;
    for (const { channel_key, status, attempt } of rows) {
      const key = { userId, channelKey: channel_key };
      const isDelivered =
        status === "delivered" ||
        (status === "pending" && this.#settleDelivered(key, notificationId, attempt, now));
      if (!isDelivered) continue;
      isRecorded = true;
      if (kind !== "delivered") this.mark(key, notificationId, kind, now);
    }
    if (isRecorded) return succeed(null);
    const because = first.reason === null ? "" : ` (${first.reason})`;
    return refuse("ERR_CONFLICT", `The delivery is ${first.status}${because}: nobody can have ${kind} it.`);
  }

  /** False where it isn't on its way: it hasn't been sent to anybody. */
  #settleDelivered({ userId, channelKey }: DeliveryKey, id: string, attempt: number, now: number): boolean {
    // The delivery's other addresses are still called; their answers don't count it a second time.
    const tries = this.#stores.dispatches.markAccepted({ channelKey, notificationId: id }, userId);
    if (tries === null) return false;
    const settled = { status: "delivered", reason: null, message: null } as const;
    this.#stores.deliveries.settle(id, channelKey, [{ userId, attempt, tries, ...settled }], now);
    return true;
  }

  #markOnce({ userId, channelKey }: DeliveryKey, id: string, kind: Engagement, now: number): void {
    if (this.#stores.rows.mark({ userId, channelKey }, id, kind, now))
      this.#stores.deliveries.addEngagement(id, [{ userId, channelKey }], kind, now);
  }
}
