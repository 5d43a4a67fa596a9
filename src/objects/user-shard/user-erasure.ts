import type { DispatchGroup } from "../../model/dispatch.ts";
import { ERASE_SLICE_ROWS, ERASE_SLICE_SEGMENTS } from "../../model/limits.ts";
import { hashUserId } from "../../model/segment.ts";
import type { DueTable } from "../kit/due.ts";
import type { AddressStore } from "./address-store.ts";
import type { DispatchOutbox } from "./dispatch-outbox.ts";
import type { ErasureCalls } from "./erasure-calls.ts";
import type { Looks } from "./looks.ts";
import type { SegmentStore } from "./segment-store.ts";
import type { Tombstones } from "./tombstones.ts";
import type { UserStore } from "./user-store.ts";
import type { UserTokens } from "./user-tokens.ts";

/** The duty's kind in the shard's due table: what is stored of deleted users is erased slice by slice. */
export const ERASE_DUTY = "erase";

interface ErasureParts {
  sql: SqlStorage;
  due: DueTable;
  users: UserStore;
  tokens: UserTokens;
  addresses: AddressStore;
  outbox: DispatchOutbox;
  tombstones: Tombstones;
  calls: ErasureCalls;
  segments: SegmentStore;
  looks: Looks;
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
    const { users, addresses, tombstones } = this.#parts;
    const hadDeliveries = this.#hasDeliveries(uid) || this.#isInSegment(uid);
    const hadAddresses = addresses.removeAll(uid) > 0;
    const hadRecord = users.remove(uid);
    this.#parts.tokens.forget(uid);
    this.#parts.looks.remove(uid);
    tombstones.add(uid, now);
    if (!this.#eraseSliceOf(uid, now)) this.#parts.due.bringForward(ERASE_DUTY, "", now);
    return hadRecord || hadAddresses || hadDeliveries;
  }

  /** The alarm's turn: a slice of one deleted user's deliveries. */
  serve(now: number): void {
    const { sql, due } = this.#parts;
    const [user] = sql
      .exec<{ uid: string }>(
        "SELECT uid FROM deleted_users WHERE erase_from IS NOT NULL ORDER BY uid LIMIT 1",
      )
      .toArray();
    if (user === undefined) due.remove(ERASE_DUTY, "");
    else {
      this.#eraseSliceOf(user.uid, now);
      due.set(ERASE_DUTY, "", now);
    }
  }

  /** False where there is more to erase. */
  #eraseSliceOf(uid: string, now: number): boolean {
    const { sql } = this.#parts;
    const { from, before, segment } = sql
      .exec<{ from: string | null; before: string; segment: number | null }>(
        `SELECT erase_from AS "from", before_id AS before, erase_from_segment AS segment
         FROM deleted_users WHERE uid = ?`,
        uid,
      )
      .one();
    if (segment !== null) {
      const next = this.#parts.segments.blank(uid, before, segment, ERASE_SLICE_SEGMENTS);
      sql.exec("UPDATE deleted_users SET erase_from_segment = ? WHERE uid = ?", next, uid);
      if (next !== null) return false;
    }
    const next = from === null ? null : this.#erase(uid, from, before, now);
    sql.exec("UPDATE deleted_users SET erase_from = ? WHERE uid = ?", next, uid);
    return next === null;
  }

  /** Returns the notification from which the next slice goes on; null where there is none. */
  #erase(uid: string, from: string, before: string, now: number): string | null {
    const { sql, calls } = this.#parts;
    const rows = sql
      .exec<ErasedRow>(
        `SELECT notification_id, channel_key, status FROM deliveries
         WHERE user_id = ?1 AND notification_id >= ?2 AND notification_id < ?3
         ORDER BY notification_id, channel_key LIMIT ?4`,
        uid,
        from,
        before,
        ERASE_SLICE_ROWS,
      )
      .toArray();
    const last = rows.at(-1)?.notification_id;
    if (last === undefined) return null;
    sql.exec(
      `UPDATE deliveries SET content = NULL, message = NULL
       WHERE user_id = ?1 AND notification_id >= ?2 AND notification_id <= ?3
         AND (content IS NOT NULL OR message IS NOT NULL)`,
      uid,
      from,
      last,
    );
    this.#skipDispatches(uid, rows, now);
    const ids = [...new Set(rows.map(({ notification_id }) => notification_id))];
    this.#blankSingles(uid, ids);
    calls.addForgotten(uid, this.#listRealtime(ids), now);
    // A notification's rows may go on beyond the slice: the next begins with it again.
    return rows.length < ERASE_SLICE_ROWS ? null : last;
  }

  #skipDispatches(uid: string, rows: readonly ErasedRow[], now: number): void {
    const groups = rows
      .filter(({ status }) => status === "pending")
      .map((row): DispatchGroup => ({ channelKey: row.channel_key, notificationId: row.notification_id }));
    this.#parts.outbox.skipUser(uid, groups, now);
  }

  /** What was sent to this user alone (a header with a part always is) is kept without its title and tag, and without what it was rendered from. */
  #blankSingles(uid: string, ids: readonly string[]): void {
    this.#parts.sql.exec(
      `UPDATE notifications SET target_values = NULL, push_data = NULL,
         header = json_set(header, '$.title', NULL, '$.tag', NULL)
       WHERE id IN (SELECT value FROM json_each(?2)) AND IFNULL(target, ?1) = ?1
         AND (part IS NOT NULL OR (header ->> 'mode' = 'realtime' AND header ->> 'total' = 1))`,
      uid,
      JSON.stringify(ids),
    );
  }

  /** Of these, the ones whose ledger may hold something of their users. */
  #listRealtime(ids: readonly string[]): string[] {
    return this.#parts.sql
      .exec<{ id: string }>(
        `SELECT id FROM notifications
         WHERE id IN (SELECT value FROM json_each(?)) AND (part IS NOT NULL OR header ->> 'mode' = 'realtime')`,
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ id }) => id);
  }

  #isInSegment(uid: string): boolean {
    const { segments, tombstones } = this.#parts;
    const firstId = tombstones.getBeforeId(uid);
    return segments
      .listHits(0, hashUserId(uid))
      .some(
        ({ notificationId }) =>
          notificationId >= firstId && segments.findTargets(notificationId, [uid]).size > 0,
      );
  }

  #hasDeliveries(uid: string): boolean {
    const { sql, tombstones } = this.#parts;
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
