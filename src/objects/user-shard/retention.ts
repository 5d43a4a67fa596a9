import type { DeliveryRows } from "./delivery-rows.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { HeaderStore } from "./header-store.ts";
import type { Looks } from "./looks.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { SegmentStore } from "./segment-store.ts";
import { USERS_AFTER } from "./user-walk.ts";

/** Users that one turn looks at; rows, and segments of up to a megabyte, that one of its statements removes. */
const PER_TURN = { users: 500, rows: 5000, segments: 200 } as const;

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
    // A walk keeps to the notifications it began with: each goes when all of its deliveries have.
    if (this.#walk === null) {
      const oldest = notifications.getOldest();
      // No notification is left: what their headers had in common goes, too.
      if (oldest === null) return !headers.deleteBefore(beforeId, PER_TURN.rows);
      if (oldest >= beforeId) return false;
      this.#walk = { beforeId, afterUser: "" };
    }
    const { beforeId: end, afterUser } = this.#walk;
    // Segments go first: a user's look would make rows again of what is removed after this.
    if (segments.deleteBefore(end, PER_TURN.segments) === PER_TURN.segments) return true;
    const users = this.#listUsers(afterUser);
    const last = users.at(-1);
    if (last !== undefined) {
      const isWhole = this.#stores.rows.deleteBefore(users, end, PER_TURN.rows) < PER_TURN.rows;
      if (isWhole) this.#walk.afterUser = last;
      if (!isWhole || users.length === PER_TURN.users) return true;
    }
    if (
      dispatches.deleteBefore(end, PER_TURN.rows) === PER_TURN.rows ||
      notifications.deleteBefore(end, PER_TURN.rows) === PER_TURN.rows
    )
      return true;
    this.#walk = null;
    segments.deleteTemplatesBefore(end);
    const areLooksDone = looks.deleteBefore(segments.getOldest());
    return !headers.deleteBefore(end, PER_TURN.rows) || !areLooksDone;
  }

  #listUsers(afterUser: string): string[] {
    return this.#sql
      .exec<{ user_id: string }>(
        `${USERS_AFTER} SELECT user_id FROM users_after WHERE user_id IS NOT NULL`,
        afterUser,
        PER_TURN.users,
      )
      .toArray()
      .map(({ user_id }) => user_id);
  }
}
