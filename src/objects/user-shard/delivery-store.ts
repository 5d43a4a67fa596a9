import {
  addPastHours,
  addToTotals,
  emptyTotals,
  type HourCounts,
  sumOf,
  sumTotals,
  type Totals,
} from "../../model/counts.ts";
import type {
  DeliverRequest,
  DeliveryKey,
  DeliverySlice,
  InsertedDeliveries,
  Settlement,
  ShardNotification,
  StoreDispatches,
} from "../../model/delivery.ts";
import { type NotificationHeader, withoutLabels } from "../../model/notification.ts";
import type { DeliveryEvent, DeliveryEvents } from "./delivery-events.ts";
import { type DeliveryRows, type InsertedRow, skipReasonOf } from "./delivery-rows.ts";
import type { NewNotification, NotificationStore } from "./notification-store.ts";
import type { Tombstones } from "./tombstones.ts";
import type { Watchers } from "./watchers.ts";

/** What a call's slices have written so far. */
interface Written {
  added: Totals;
  /** Which of the watched users' rows are new. */
  fresh: DeliveryKey[];
  /** Users who were deleted since the notification was accepted. */
  gone: Set<string>;
}

/**
 * What becomes of deliveries, and what that adds to their notifications. Every method expects to run inside a
 * transaction.
 */
export class DeliveryStore {
  readonly #notifications: NotificationStore;
  readonly #rows: DeliveryRows;
  readonly #events: DeliveryEvents;
  readonly #tombstones: Tombstones;

  constructor(
    notifications: NotificationStore,
    rows: DeliveryRows,
    events: DeliveryEvents,
    tombstones: Tombstones,
  ) {
    this.#notifications = notifications;
    this.#rows = rows;
    this.#events = events;
    this.#tombstones = tombstones;
  }

  getNotification(id: string): ShardNotification | null {
    return this.#notifications.get(id);
  }

  /** The request's push data, kept with the notification. */
  getPushData(notificationId: string): Record<string, string> {
    return this.#notifications.getPushData(notificationId);
  }

  /**
   * Writes the rows that aren't there yet and counts exactly those: the same chunk again changes nothing.
   * Pending rows go into the outbox (`storeDispatches`) where their user has an address; else they are skipped. Of a
   * user who was deleted since the notification was accepted nothing is stored but that it was skipped.
   */
  insertDeliveries(
    request: DeliverRequest,
    watched: Watchers,
    now: number,
    storeDispatches: StoreDispatches,
  ): InsertedDeliveries {
    const { header, slices } = request;
    const written: Written = { added: emptyTotals(header.channels), fresh: [], gone: new Set() };
    const someMayBeGone = this.#tombstones.mayConcern(header.id);
    const canBeWhole = ({ outbox }: DeliverySlice) => !someMayBeGone && (watched.isEmpty || outbox !== null);
    for (const slice of slices) {
      // Mostly all rows are new and nobody looks on: then the statement needn't name what it wrote.
      if (canBeWhole(slice) && this.#rows.insertWhole(header.id, slice, now)) {
        this.#countWhole(header, slice, written.added, now, storeDispatches);
      } else {
        const rows = someMayBeGone
          ? this.#rows.insertForTheLiving(header.id, slice, now)
          : this.#rows.insertNew(header.id, slice, now);
        this.#countRows(header, slice, rows, written, watched, now, storeDispatches);
      }
    }
    const { added, fresh, gone } = written;
    const isTargetGone = request.target !== null && gone.has(request.target);
    const counted = this.addCounts(isTargetGone ? withoutTarget(request) : request, added);
    return { ...counted, fresh, gone: [...gone], pending: listPending(added) };
  }

  /** Counts a slice of which all rows were new, by the sums that came with it. */
  #countWhole(
    header: NotificationHeader,
    slice: DeliverySlice,
    added: Totals,
    now: number,
    storeDispatches: StoreDispatches,
  ): void {
    const waiting = slice.outbox === null ? 0 : storeDispatches(slice, null);
    for (const [channelKey, status, reason, count] of slice.tallies) {
      if (status !== "pending") addToTotals(added, channelKey, status, reason, count, now);
      else if (slice.outbox !== null) {
        addToTotals(added, channelKey, "pending", null, waiting);
        const skipReason = skipReasonOf(slice.outbox);
        if (count > waiting) addToTotals(added, channelKey, "skipped", skipReason, count - waiting);
      }
    }
    if (slice.tallies.some(([, status]) => status === "failed")) {
      this.#events.noteFailedSlice(header, slice.json, now);
    }
  }

  /** Counts the rows of a slice that were new, one by one. */
  #countRows(
    header: NotificationHeader,
    slice: DeliverySlice,
    rows: Iterable<InsertedRow>,
    { added, fresh, gone }: Written,
    watched: Watchers,
    now: number,
    storeDispatches: StoreDispatches,
  ): void {
    const waiting: string[] = [];
    const failed: DeliveryEvent[] = [];
    for (const row of rows) {
      addToTotals(added, row.channel_key, row.status, row.reason, 1, now);
      if (row.status === "pending") waiting.push(row.user_id);
      if (row.status === "failed") failed.push(toEvent(row));
      if (row.reason === "user_deleted") gone.add(row.user_id);
      else if (watched.has(row.user_id)) fresh.push({ userId: row.user_id, channelKey: row.channel_key });
    }
    if (waiting.length > 0) storeDispatches(slice, waiting);
    this.#events.note("delivery.failed", header, failed, now);
  }

  /** Writes rows of users who were deleted since the notification was accepted, and counts those that are new. */
  insertGone(header: NotificationHeader, userIds: readonly string[], added: Totals, now: number): void {
    const rows = userIds.flatMap((userId) =>
      header.channels.map(({ key, type }) => [userId, key, type, "skipped", "user_deleted", null]),
    );
    const slice = { json: JSON.stringify(rows), outbox: null };
    for (const row of this.#rows.insertForTheLiving(header.id, slice, now)) {
      addToTotals(added, row.channel_key, row.status, row.reason, 1, now);
    }
  }

  /**
   * Counts what was added of a notification, its first or more; where nothing was, its version stays as it is. Returns
   * it as it stands here. `isTold`: its ledger hears of it from somebody else.
   */
  addCounts(
    request: NewNotification,
    added: Totals,
    isTold = false,
  ): { header: NotificationHeader; totals: Totals } {
    const { header } = request;
    // Mostly this is the first call for the notification in this shard: then its insert carries the totals.
    if (this.#notifications.insert(request, added, isTold)) return { header, totals: added };
    const stored = this.#notifications.get(header.id);
    if (stored === null) throw new Error("A notification that is there can't be read");
    if (added.every((channel) => sumOf(channel) === 0))
      return { header: stored.header, totals: stored.totals };
    const totals = sumTotals(stored.header.channels, [stored.totals, added]);
    this.#notifications.updateTotals(stored.header, totals, isTold);
    return { header: stored.header, totals };
  }

  /**
   * Gives pending deliveries of one channel their outcome, each once: what isn't pending any more, or is of
   * another attempt, stays as it is.
   */
  settle(notificationId: string, channelKey: string, settlements: readonly Settlement[], now: number): void {
    const stored = this.#notifications.get(notificationId);
    // The notification is past its retention, and its deliveries are gone with it.
    if (stored === null) return;
    const settled = this.#rows.settle(notificationId, channelKey, settlements, now);
    if (settled.length === 0) return;
    for (const { status, reason } of settled) {
      addToTotals(stored.totals, channelKey, "pending", null, -1);
      addToTotals(stored.totals, channelKey, status, reason, 1, now);
    }
    this.#notifications.updateTotals(stored.header, stored.totals);
    const failed = settled.filter(({ status }) => status === "failed");
    this.#events.note("delivery.failed", stored.header, failed.map(toEvent), now);
  }

  /** A retry's deliveries that failed again. */
  noteFailed(header: NotificationHeader, failed: readonly DeliveryEvent[], now: number): void {
    this.#events.note("delivery.failed", header, failed, now);
  }

  /** Counts the first view or click of each of these. */
  addEngagement(
    notificationId: string,
    engaged: readonly DeliveryKey[],
    kind: "viewed" | "clicked",
    now: number,
  ): void {
    const stored = this.#notifications.get(notificationId);
    if (stored === null) throw new Error("A delivery has no notification");
    for (const { channelKey } of engaged) addToTotals(stored.totals, channelKey, kind, null, 1, now);
    this.#notifications.updateTotals(stored.header, stored.totals);
    this.#events.note(`delivery.${kind}`, stored.header, engaged, now);
  }

  /** Adds hours that were never counted of a notification, by channel. */
  addPast(notificationId: string, channels: ReadonlyMap<string, HourCounts[]>): void {
    const stored = this.#notifications.get(notificationId);
    if (stored === null) return;
    for (const [channelKey, hours] of channels) addPastHours(stored.totals, channelKey, hours);
    this.#notifications.updateTotals(stored.header, stored.totals);
  }
}

/** What is kept of a send to a deleted user alone: whom and when, not what. */
function withoutTarget(request: DeliverRequest): DeliverRequest {
  return { ...request, header: withoutLabels(request.header), pushData: null, targetValues: null };
}

function toEvent(row: InsertedRow & { message?: string | null }): DeliveryEvent {
  return { userId: row.user_id, channelKey: row.channel_key, reason: row.reason, message: row.message };
}

function listPending(totals: Totals): [channelKey: string, count: number][] {
  return totals.filter(({ pending }) => pending > 0).map(({ channelKey, pending }) => [channelKey, pending]);
}
