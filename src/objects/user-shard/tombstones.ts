import { firstIdAt } from "../../model/ids.ts";

/**
 * The first notification id that the user ?1 may still see: older ones were an earlier user's of that uid. It stands in
 * the statement that reads, and a like condition in each that writes: the answer to a question of its own might be
 * older than a deletion.
 */
export const FIRST_ID = "IFNULL((SELECT before_id FROM deleted_users WHERE deleted_users.uid = ?1), '')";

/**
 * Which users of this shard were deleted, and when. A notification's id holds the time at which it was accepted, so
 * one comparison says whether it was sent to the user before the deletion or to who has the uid now.
 */
export class Tombstones {
  readonly #sql: SqlStorage;
  /** At least the newest `before_id`; null: not read yet. */
  #newest: string | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Notes a deletion at `now` (Unix ms); `erase_from` is where the erasure of what is stored begins. */
  add(uid: string, now: number): void {
    const beforeId = firstIdAt(now + 1);
    this.#sql.exec(
      `INSERT INTO deleted_users (uid, deleted_at, before_id, erase_from, erase_from_segment) VALUES (?1, ?2, ?3, '', 0)
       ON CONFLICT DO UPDATE SET deleted_at = MAX(deleted_at, excluded.deleted_at),
         before_id = MAX(before_id, excluded.before_id), erase_from = IFNULL(erase_from, before_id),
         erase_from_segment = 0`,
      uid,
      now,
      beforeId,
    );
    if (this.#newest !== null && beforeId > this.#newest) this.#newest = beforeId;
  }

  /** False where nobody here was deleted since this notification was accepted: then no row need be asked for. */
  mayConcern(notificationId: string): boolean {
    this.#newest ??=
      this.#sql.exec<{ newest: string | null }>("SELECT MAX(before_id) AS newest FROM deleted_users").one()
        .newest ?? "";
    return notificationId < this.#newest;
  }

  /** Who of these users was deleted since the notification (or any UUIDv7 of its time) was made. */
  listGone(userIds: readonly string[], notificationId: string): string[] {
    if (!this.mayConcern(notificationId)) return [];
    return this.#sql
      .exec<{ uid: string }>(
        `SELECT value AS uid FROM json_each(?1) AS users WHERE EXISTS (
           SELECT 1 FROM deleted_users WHERE deleted_users.uid = users.value AND before_id > ?2)`,
        JSON.stringify(userIds),
        notificationId,
      )
      .toArray()
      .map(({ uid }) => uid);
  }

  /** The first notification id that the uid's next user may see; empty where nobody of it was deleted. */
  getBeforeId(uid: string): string {
    const [row] = this.#sql
      .exec<{ before_id: string }>("SELECT before_id FROM deleted_users WHERE uid = ?", uid)
      .toArray();
    return row?.before_id ?? "";
  }

  /** A deleted user of whom something is still to be erased; null where there is none. */
  nextToErase(): string | null {
    const [user] = this.#sql
      .exec<{ uid: string }>(
        "SELECT uid FROM deleted_users WHERE erase_from IS NOT NULL ORDER BY uid LIMIT 1",
      )
      .toArray();
    return user?.uid ?? null;
  }

  /** From which notification and segment on a deleted user's are still to be erased; null: none are. */
  getErasure(uid: string): { from: string | null; before: string; segment: number | null } {
    return this.#sql
      .exec<{ from: string | null; before: string; segment: number | null }>(
        `SELECT erase_from AS "from", before_id AS before, erase_from_segment AS segment
         FROM deleted_users WHERE uid = ?`,
        uid,
      )
      .one();
  }

  noteErased(uid: string, next: string | null): void {
    this.#sql.exec("UPDATE deleted_users SET erase_from = ? WHERE uid = ?", next, uid);
  }

  noteErasedSegments(uid: string, next: number | null): void {
    this.#sql.exec("UPDATE deleted_users SET erase_from_segment = ? WHERE uid = ?", next, uid);
  }

  /** Forgets deletions before this time (Unix ms): nothing from before them is stored or accepted any more. */
  forgetBefore(timeMs: number): void {
    this.#sql.exec(
      "DELETE FROM deleted_users WHERE before_id <= ? AND erase_from IS NULL",
      firstIdAt(timeMs),
    );
  }
}
