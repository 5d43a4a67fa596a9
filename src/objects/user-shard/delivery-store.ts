import {
  addPastHours,
  addToTotals,
  emptyTotals,
  type HourCounts,
  mayFailAgain,
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
import { decodeTotals, writeTotals } from "../../model/totals-code.ts";
import type { DeliveryEvent, DeliveryEvents } from "./delivery-events.ts";
import { DeliveryInserts, type InsertedRow, skipReasonOf } from "./delivery-inserts.ts";
import type { HeaderStore, StoredHeader } from "./header-store.ts";
import type { Tombstones } from "./tombstones.ts";
import type { Watchers } from "./watchers.ts";

type NotificationRow = StoredHeader & {
  id: string;
  totals: string;
  version: number;
  reported_version: number;
  attempt: number;
  waiting: number;
};

const NOTIFICATION_COLUMNS = "id, header, part, totals, version, reported_version, attempt, waiting";

/** The shard's notifications and deliveries. Every method expects to run inside a transaction. */
export class DeliveryStore {
  readonly #sql: SqlStorage;
  readonly #inserts: DeliveryInserts;
  readonly #events: DeliveryEvents;
  readonly #tombstones: Tombstones;
  readonly #headers: HeaderStore;

  constructor(
    storage: DurableObjectStorage,
    events: DeliveryEvents,
    tombstones: Tombstones,
    headers: HeaderStore,
  ) {
    this.#sql = storage.sql;
    this.#inserts = new DeliveryInserts(storage);
    this.#events = events;
    this.#tombstones = tombstones;
    this.#headers = headers;
  }

  getNotification(id: string): ShardNotification | null {
    const [row] = this.#sql
      .exec<NotificationRow>(`SELECT ${NOTIFICATION_COLUMNS} FROM notifications WHERE id = ?`, id)
      .toArray();
    return row === undefined ? null : this.#toNotification(row);
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
    const added = emptyTotals(header.channels);
    const fresh: DeliveryKey[] = [];
    const gone = new Set<string>();
    const someMayBeGone = this.#tombstones.mayConcern(header.id);
    const canBeWhole = ({ outbox }: DeliverySlice) => !someMayBeGone && (watched.isEmpty || outbox !== null);
    let inserted = 0;
    for (const slice of slices) {
      // Mostly all rows are new and nobody looks on: then the statement needn't name what it wrote.
      if (canBeWhole(slice) && this.#inserts.insertWhole(header.id, slice, now)) {
        const waiting = slice.outbox === null ? 0 : storeDispatches(slice, null);
        for (const [channelKey, status, reason, count] of slice.tallies) {
          if (status !== "pending") addToTotals(added, channelKey, status, reason, count, now);
          else if (slice.outbox !== null) {
            addToTotals(added, channelKey, "pending", null, waiting);
            const reason = skipReasonOf(slice.outbox);
            if (count > waiting) addToTotals(added, channelKey, "skipped", reason, count - waiting);
          }
        }
        if (slice.tallies.some(([, status]) => status === "failed")) {
          this.#events.noteFailedSlice(header, slice.json, now);
        }
        inserted += slice.rows;
        continue;
      }
      const waiting: string[] = [];
      const failed: DeliveryEvent[] = [];
      const rows = someMayBeGone
        ? this.#inserts.insertForTheLiving(header.id, slice, now)
        : this.#inserts.insertNew(header.id, slice, now);
      for (const row of rows) {
        addToTotals(added, row.channel_key, row.status, row.reason, 1, now);
        if (row.status === "pending") waiting.push(row.user_id);
        if (row.status === "failed") failed.push(toEvent(row));
        if (row.reason === "user_deleted") gone.add(row.user_id);
        else if (watched.has(row.user_id)) fresh.push({ userId: row.user_id, channelKey: row.channel_key });
        inserted++;
      }
      if (waiting.length > 0) storeDispatches(slice, waiting);
      this.#events.note("delivery.failed", header, failed, now);
    }
    const result = { fresh, pending: listPending(added), gone: [...gone] };
    // Mostly this is the notification's first or only call here: one statement then does.
    const isTargetGone = request.target !== null && gone.has(request.target);
    if (this.#insertNotification(isTargetGone ? withoutTarget(request) : request, added)) {
      return { header, totals: added, ...result };
    }
    const stored = this.getNotification(header.id);
    if (stored === null) throw new Error("A notification that is there can't be read");
    if (inserted === 0) return { header: stored.header, totals: stored.totals, ...result };
    const totals = sumTotals(stored.header.channels, [stored.totals, added]);
    this.#updateTotals(stored.header, totals);
    return { header: stored.header, totals, ...result };
  }

  /**
   * Writes rows of what is counted already, as a slice's JSON has them; `at` (Unix ms): when it was delivered. Returns
   * those that weren't there.
   */
  insertCounted(notificationId: string, json: string, at: number): DeliveryKey[] {
    return [...this.#inserts.insertNew(notificationId, { json, outbox: null }, at)].map((row) => ({
      userId: row.user_id,
      channelKey: row.channel_key,
    }));
  }

  /** Writes rows of users who were deleted since the notification was accepted, and counts those that are new. */
  insertGone(header: NotificationHeader, userIds: readonly string[], added: Totals, now: number): void {
    const rows = userIds.flatMap((userId) =>
      header.channels.map(({ key, type }) => [userId, key, type, "skipped", "user_deleted", null]),
    );
    const slice = { json: JSON.stringify(rows), outbox: null };
    for (const row of this.#inserts.insertForTheLiving(header.id, slice, now)) {
      addToTotals(added, row.channel_key, row.status, row.reason, 1, now);
    }
  }

  /** Counts what was added of a notification, its first or more. Returns it as it stands here. */
  addCounts(
    request: Pick<DeliverRequest, "header" | "pushData" | "target" | "targetValues">,
    added: Totals,
  ): { header: NotificationHeader; totals: Totals } {
    const { header } = request;
    if (this.#insertNotification(request, added)) return { header, totals: added };
    const stored = this.getNotification(header.id);
    if (stored === null) throw new Error("A notification that is there can't be read");
    const totals = sumTotals(stored.header.channels, [stored.totals, added]);
    this.#updateTotals(stored.header, totals);
    return { header: stored.header, totals };
  }

  /** The request's push data, kept with the notification. */
  getPushData(notificationId: string): Record<string, string> {
    const [row] = this.#sql
      .exec<{ push_data: string | null }>("SELECT push_data FROM notifications WHERE id = ?", notificationId)
      .toArray();
    return row?.push_data ? JSON.parse(row.push_data) : {};
  }

  /**
   * Gives pending deliveries of one channel their outcome, each once: what isn't pending any more, or is of
   * another attempt, stays as it is.
   */
  settle(notificationId: string, channelKey: string, settlements: readonly Settlement[], now: number): void {
    const stored = this.getNotification(notificationId);
    // Past its retention: its deliveries are gone as well.
    if (stored === null) return;
    const settled = this.#sql
      .exec<InsertedRow & { message: string | null }>(
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
    if (settled.length === 0) return;
    for (const { status, reason } of settled) {
      addToTotals(stored.totals, channelKey, "pending", null, -1);
      addToTotals(stored.totals, channelKey, status, reason, 1, now);
    }
    this.#updateTotals(stored.header, stored.totals);
    const failed = settled.filter(({ status }) => status === "failed");
    this.#events.note("delivery.failed", stored.header, failed.map(toEvent), now);
  }

  /** A retry's deliveries that failed again. */
  noteFailed(header: NotificationHeader, failed: readonly DeliveryEvent[], now: number): void {
    this.#events.note("delivery.failed", header, failed, now);
  }

  /** Counts a delivery's first view or click. */
  addEngagement(
    notificationId: string,
    { userId, channelKey }: DeliveryKey,
    kind: "viewed" | "clicked",
    now: number,
  ): void {
    const stored = this.getNotification(notificationId);
    if (stored === null) throw new Error("A delivery has no notification");
    addToTotals(stored.totals, channelKey, kind, null, 1, now);
    this.#updateTotals(stored.header, stored.totals);
    this.#events.note(`delivery.${kind}`, stored.header, [{ userId, channelKey }], now);
  }

  /** Adds hours that were never counted of a notification, by channel. */
  addPast(notificationId: string, channels: ReadonlyMap<string, HourCounts[]>): void {
    const stored = this.getNotification(notificationId);
    if (stored === null) return;
    for (const [channelKey, hours] of channels) addPastHours(stored.totals, channelKey, hours);
    this.#updateTotals(stored.header, stored.totals);
  }

  /** Ids of notifications whose totals their ledger doesn't know yet, newest first. */
  listUnreported(beforeId: string, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM notifications WHERE version > reported_version AND id < ? ORDER BY id DESC LIMIT ?",
        beforeId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  listNotifications(ids: readonly string[]): ShardNotification[] {
    return this.#sql
      .exec<NotificationRow>(
        `SELECT ${NOTIFICATION_COLUMNS} FROM notifications WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      )
      .toArray()
      .map((row) => this.#toNotification(row));
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

  /** False where the shard knows the notification already. */
  #insertNotification(
    {
      header,
      pushData,
      target,
      targetValues = null,
    }: Pick<DeliverRequest, "header" | "pushData" | "target" | "targetValues">,
    totals: Totals,
  ): boolean {
    const packed = this.#headers.pack(header);
    const cursor = this.#sql.exec(
      `INSERT INTO notifications
         (id, header, part, totals, version, reported_version, push_data, target, target_values)
       VALUES (?, ?, ?, ?, 1, 0, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
      header.id,
      packed.header,
      packed.part,
      writeTotals(header, totals),
      pushData === null ? null : JSON.stringify(pushData),
      target,
      targetValues === null ? null : JSON.stringify(targetValues),
    );
    return cursor.toArray().length > 0;
  }

  #updateTotals(header: NotificationHeader, totals: Totals): void {
    this.#sql.exec(
      `UPDATE notifications SET totals = ?1, version = version + 1,
         target_values = iif(?2, target_values, NULL) WHERE id = ?3`,
      writeTotals(header, totals),
      // What can't fail any more is never rendered again.
      mayFailAgain(totals) ? 1 : 0,
      header.id,
    );
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
