import type { DispatchGroup } from "../../model/dispatch.ts";
import { hashUserId } from "../../model/segment.ts";
import type { DueTable } from "../kit/due.ts";
import type { DispatchOutbox } from "./dispatch-outbox.ts";
import type { ErasureCalls } from "./erasure-calls.ts";
import type { ShardStores } from "./stores.ts";

/** Segments in which one transaction looks for a deleted user. */
const ERASE_SLICE_SEGMENTS = 500;
/** Deliveries of a deleted user that are blanked in one transaction. */
const ERASE_SLICE_ROWS = 1000;

/** The duty's kind in the shard's due table: what is stored of deleted users is erased slice by slice. */
export const ERASE_DUTY = "erase";

interface ErasureParts {
  sql: SqlStorage;
  due: DueTable;
  stores: ShardStores;
  outbox: DispatchOutbox;
  calls: ErasureCalls;
}

type ErasedRow = { notification_id: string; channel_key: string; status: string };

/**
 * Deletes users. The tombstone, the record and the addresses go in one transaction: from then on every read and write
 * leaves out what was before. What is stored is blanked in slices, the first of them at once; keys and statuses of
 * deliveries stay, so no count changes. Methods expect to run inside a transaction.
 */
export class UserErasure {
  readonly #parts: ErasureParts;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /**
   * False where nothing was stored of this user. What was accepted before and is still on its way stores nothing
   * either way.
   */
  delete(uid: string, now: number): boolean {
    const { users, addresses, tombstones, tokens, looks } = this.#parts.stores;
    const hadDeliveries = this.#hasDeliveries(uid) || this.#isInSegment(uid);
    const hadAddresses = addresses.removeAll(uid) > 0;
    const hadRecord = users.remove(uid);
    tokens.forget(uid);
    looks.remove(uid);
    tombstones.add(uid, now);
    if (!this.#eraseSliceOf(uid, now)) this.#parts.due.bringForward(ERASE_DUTY, "", now);
    return hadRecord || hadAddresses || hadDeliveries;
  }

  /** True where something is stored of this user, or was and a deletion is noted. */
  isKnown(uid: string): boolean {
    const { users, addresses, tombstones } = this.#parts.stores;
    return (
      users.has(uid) ||
      addresses.hasAny(uid) ||
      tombstones.getBeforeId(uid) !== "" ||
      this.#hasDeliveries(uid) ||
      this.#isInSegment(uid)
    );
  }

  /** The alarm's turn: a slice of one deleted user's deliveries. */
  serve(now: number): void {
    const { due } = this.#parts;
    const { tombstones } = this.#parts.stores;
    const uid = tombstones.nextToErase();
    if (uid === null) due.remove(ERASE_DUTY, "");
    else {
      this.#eraseSliceOf(uid, now);
      due.set(ERASE_DUTY, "", now);
    }
  }

  /** False where there is more to erase. */
  #eraseSliceOf(uid: string, now: number): boolean {
    const { tombstones, segments } = this.#parts.stores;
    const { from, before, segment } = tombstones.getErasure(uid);
    if (segment !== null) {
      const next = segments.blank(uid, before, segment, ERASE_SLICE_SEGMENTS);
      tombstones.noteErasedSegments(uid, next);
      if (next !== null) return false;
    }
    const next = from === null ? null : this.#erase(uid, from, before, now);
    tombstones.noteErased(uid, next);
    return next === null;
  }

  /** Returns the notification from which the next slice goes on; null where there is none. */
  #erase(uid: string, from: string, before: string, now: number): string | null {
    const { sql, calls } = this.#parts;
    const { notifications, rows: stored } = this.#parts.stores;
    const rows = sql
      .exec<ErasedRow>(
        `SELECT notification_id, channel_key, status FROM deliveries
         WHERE user_id = ?1 AND notification_id >= ?2 AND notification_id < ?3
         ORDER BY notification_id, channel_key LIMIT ?4 + 0`,
        uid,
        from,
        before,
        ERASE_SLICE_ROWS,
      )
      .toArray();
    const last = rows.at(-1)?.notification_id;
    if (last === undefined) return null;
    stored.blank(uid, from, last);
    this.#skipDispatches(uid, rows, now);
    const ids = [...new Set(rows.map(({ notification_id }) => notification_id))];
    notifications.blankSingles(uid, ids);
    calls.addForgotten(uid, notifications.listRealtime(ids), now);
    // The last notification may have more rows than the slice took: the next slice begins with it again.
    return rows.length < ERASE_SLICE_ROWS ? null : last;
  }

  #skipDispatches(uid: string, rows: readonly ErasedRow[], now: number): void {
    const groups = rows
      .filter(({ status }) => status === "pending")
      .map((row): DispatchGroup => ({ channelKey: row.channel_key, notificationId: row.notification_id }));
    this.#parts.outbox.skipUser(uid, groups, now);
  }

  #isInSegment(uid: string): boolean {
    const { segments, tombstones } = this.#parts.stores;
    const firstId = tombstones.getBeforeId(uid);
    return segments
      .listHits(0, hashUserId(uid))
      .some(
        ({ notificationId }) =>
          notificationId >= firstId && segments.findTargets(notificationId, [uid]).size > 0,
      );
  }

  #hasDeliveries(uid: string): boolean {
    const { sql } = this.#parts;
    const { tombstones } = this.#parts.stores;
    return (
      sql
        .exec(
          "SELECT 1 FROM deliveries WHERE user_id = ? AND notification_id >= ? LIMIT 1",
          uid,
          tombstones.getBeforeId(uid),
        )
        .toArray().length > 0
    );
  }
}
