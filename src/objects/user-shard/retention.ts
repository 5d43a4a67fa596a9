import type { DeliveryRows } from "./delivery-rows.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { HeaderStore } from "./header-store.ts";
import type { Looks } from "./looks.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { SegmentStore } from "./segment-store.ts";
import { USERS_AFTER } from "./user-walk.ts";

/** Users that one turn looks at. */
const USERS_PER_TURN = 500;
/** Rows that one statement removes. */
const ROWS_PER_TURN = 5000;

/** Segments that one statement removes: each may have a megabyte. */
const SEGMENTS_PER_TURN = 200;

/** What leaves with the retention. */
interface RetainedStores {
  notifications: NotificationStore;
  rows: DeliveryRows;
  dispatches: DispatchStore;
  headers: HeaderStore;
  segments: SegmentStore;
  looks: Looks;
}

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
  readonly #stores: RetainedStores;
  #walk: Walk | null = null;

  constructor(sql: SqlStorage, stores: RetainedStores) {
    this.#sql = sql;
    this.#stores = stores;
  }

  /** One slice, in a transaction: of notifications before `beforeId`; true where there is more to do. */
  deleteExpired(beforeId: string): boolean {
    const { notifications, dispatches, headers, segments, looks } = this.#stores;
    // A walk ends with what it began with: notifications go when all of their deliveries have.
    if (this.#walk === null) {
      const oldest = notifications.getOldest();
      // Nothing is sent any more: what is left of headers goes, too.
      if (oldest === null) return !headers.deleteBefore(beforeId, ROWS_PER_TURN);
      if (oldest >= beforeId) return false;
      this.#walk = { beforeId, afterUser: "" };
    }
    const { beforeId: end, afterUser } = this.#walk;
    // First: a look mustn't bring in again what is removed behind.
    if (segments.deleteBefore(end, SEGMENTS_PER_TURN) === SEGMENTS_PER_TURN) return true;
    const users = this.#listUsers(afterUser);
    const last = users.at(-1);
    if (last !== undefined) {
      const isWhole = this.#stores.rows.deleteBefore(users, end, ROWS_PER_TURN) < ROWS_PER_TURN;
      if (isWhole) this.#walk.afterUser = last;
      if (!isWhole || users.length === USERS_PER_TURN) return true;
    }
    if (
      dispatches.deleteBefore(end, ROWS_PER_TURN) === ROWS_PER_TURN ||
      notifications.deleteBefore(end, ROWS_PER_TURN) === ROWS_PER_TURN
    )
      return true;
    this.#walk = null;
    segments.deleteTemplatesBefore(end);
    const areLooksDone = looks.deleteBefore(segments.getOldest());
    return !headers.deleteBefore(end, ROWS_PER_TURN) || !areLooksDone;
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
}
