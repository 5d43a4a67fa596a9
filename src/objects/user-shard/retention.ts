import type { HeaderStore } from "./header-store.ts";
import type { Looks } from "./looks.ts";
import type { SegmentStore } from "./segment-store.ts";
import { USERS_AFTER } from "./user-walk.ts";

/** Users that one turn looks at. */
const USERS_PER_TURN = 500;
/** Rows that one statement removes. */
const ROWS_PER_TURN = 5000;

/** Segments that one statement removes: each may have a megabyte. */
const SEGMENTS_PER_TURN = 200;

/** A walk through the shard's users, from one turn of the alarm to the next. Lost with the instance, it begins anew. */
interface Walk {
  beforeId: string;
  afterUser: string;
}

/**
 * Removes what is older than an app keeps. Deliveries lie by user, oldest first, so it goes from user to user and
 * takes the beginning of each: its cost follows users and expired rows, never rows that stay.
 */
export class Retention {
  readonly #sql: SqlStorage;
  readonly #headers: HeaderStore;
  readonly #segments: SegmentStore;
  readonly #looks: Looks;
  #walk: Walk | null = null;

  constructor(sql: SqlStorage, headers: HeaderStore, segments: SegmentStore, looks: Looks) {
    this.#sql = sql;
    this.#headers = headers;
    this.#segments = segments;
    this.#looks = looks;
  }

  /** One slice, in a transaction: of notifications before `beforeId`; true where there is more to do. */
  deleteExpired(beforeId: string): boolean {
    // A walk ends with what it began with: notifications go when all of their deliveries have.
    if (this.#walk === null) {
      const oldest = this.#oldestId();
      // Nothing is sent any more: what is left of headers goes, too.
      if (oldest === null) return !this.#headers.deleteBefore(beforeId, ROWS_PER_TURN);
      if (oldest >= beforeId) return false;
      this.#walk = { beforeId, afterUser: "" };
    }
    const { beforeId: end, afterUser } = this.#walk;
    // First: a look mustn't bring in again what is removed behind.
    if (this.#segments.deleteBefore(end, SEGMENTS_PER_TURN) === SEGMENTS_PER_TURN) return true;
    const users = this.#listUsers(afterUser);
    const last = users.at(-1);
    if (last !== undefined) {
      const isWhole = this.#deleteDeliveries(users, end) < ROWS_PER_TURN;
      if (isWhole) this.#walk.afterUser = last;
      if (!isWhole || users.length === USERS_PER_TURN) return true;
    }
    if (this.#deletePushes(end) === ROWS_PER_TURN || this.#deleteNotifications(end) === ROWS_PER_TURN)
      return true;
    this.#walk = null;
    this.#segments.deleteTemplatesBefore(end);
    const areLooksDone = this.#looks.deleteBefore(this.#segments.getOldest());
    return !this.#headers.deleteBefore(end, ROWS_PER_TURN) || !areLooksDone;
  }

  #oldestId(): string | null {
    const statement = "SELECT id FROM notifications ORDER BY id LIMIT 1";
    return this.#sql.exec<{ id: string }>(statement).toArray()[0]?.id ?? null;
  }

  #listUsers(afterUser: string): string[] {
    return this.#sql
      .exec<{ user_id: string }>(
        `${USERS_AFTER} SELECT user_id FROM users_after WHERE user_id IS NOT NULL`,
        afterUser,
        USERS_PER_TURN,
      )
      .toArray()
      .map(({ user_id }) => user_id);
  }

  #deleteDeliveries(users: readonly string[], beforeId: string): number {
    return this.#sql
      .exec(
        `DELETE FROM deliveries WHERE (user_id, notification_id, channel_key) IN
           (SELECT user_id, notification_id, channel_key FROM json_each(?1)
              CROSS JOIN deliveries ON user_id = value AND notification_id < ?2 LIMIT ${ROWS_PER_TURN})
         RETURNING 1`,
        JSON.stringify(users),
        beforeId,
      )
      .toArray().length;
  }

  /** Mostly none is left: they end when they expire. */
  #deletePushes(beforeId: string): number {
    return this.#sql
      .exec(
        `DELETE FROM pushes WHERE (channel_key, notification_id, user_id) IN (
           WITH RECURSIVE channels (channel_key) AS (
             SELECT (SELECT channel_key FROM pushes ORDER BY channel_key LIMIT 1)
             UNION ALL SELECT (SELECT pushes.channel_key FROM pushes
               WHERE pushes.channel_key > channels.channel_key ORDER BY pushes.channel_key LIMIT 1)
             FROM channels WHERE channels.channel_key IS NOT NULL)
           SELECT pushes.channel_key, notification_id, user_id FROM channels
             CROSS JOIN pushes ON pushes.channel_key = channels.channel_key AND notification_id < ?
           LIMIT ${ROWS_PER_TURN})
         RETURNING 1`,
        beforeId,
      )
      .toArray().length;
  }

  #deleteNotifications(beforeId: string): number {
    return this.#sql
      .exec(
        `DELETE FROM notifications WHERE id IN
           (SELECT id FROM notifications WHERE id < ? ORDER BY id LIMIT ${ROWS_PER_TURN}) RETURNING 1`,
        beforeId,
      )
      .toArray().length;
  }
}
