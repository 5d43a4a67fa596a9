import type { AddressProgress } from "../../channels/dispatch/judge.ts";
import type { DispatchGroup, DispatchLane } from "../../model/dispatch.ts";

/** A delivery that a provider is called for, until it is done with. Times in Unix ms. */
export interface DispatchRow {
  userId: string;
  channelType: string;
  attempt: number;
  content: string;
  /** The addresses that are left, null: all that the user has, untried. */
  remaining: AddressProgress[] | null;
  /** An address has taken it: the delivery is counted, others are still tried. */
  accepted: boolean;
  /** For good, once a sender has said so: it goes by the slow queue. */
  isSlow: boolean;
  tries: number;
  leaseId: string | null;
  expiresAt: number;
}

/** What stays of a dispatch after a report. */
export interface DispatchUpdate {
  userId: string;
  remaining: readonly AddressProgress[];
  accepted: boolean;
  isSlow: boolean;
  tries: number;
  dueAt: number;
}

type StoredProgress = [key: string, tries: number, dueAt: number];
type Row = {
  user_id: string;
  channel_type: string;
  attempt: number;
  content: string;
  remaining: string | null;
  accepted: number;
  is_slow: number;
  tries: number;
  claim_id: string | null;
  expires_at: number;
};

const COLUMNS =
  "user_id, channel_type, attempt, content, remaining, accepted, is_slow, tries, claim_id, expires_at";

// An address of the row's user that is still to be tried: at all, and at ?3. `remaining` is an array of
// [address key, tries, due at].
export const ADDRESS_LEFT = `
  SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id AND devices.channel_type = pushes.channel_type
    AND (remaining IS NULL OR address_key IN (SELECT value ->> 0 FROM json_each(remaining)))`;
export const ADDRESS_DUE = `
  SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id AND devices.channel_type = pushes.channel_type
    AND (remaining IS NULL
      OR address_key IN (SELECT value ->> 0 FROM json_each(remaining) WHERE value ->> 2 <= ?3))`;

/** Of a channel ?1 and a notification ?2, what may be leased at ?3. */
const DUE = "channel_key = ?1 AND notification_id = ?2 AND due_at <= ?3 AND expires_at > ?3";

/**
 * The shard's outbox: dispatches with their content, until they are done with. `due_at` is when one may be
 * leased; `wake_at` when the alarm looks at it, should nobody have leased it by then (dispatch-wakes.ts). Every
 * writing method expects to run inside a transaction.
 */
export class DispatchStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Writes the pending rows of a slice, whose deliveries were written just now; returns how many.
   * `userIds` null: of every user with an address, else of these.
   */
  insert(
    { channelKey, notificationId }: DispatchGroup,
    json: string,
    userIds: readonly string[] | null,
    { attempt, ...times }: { attempt: number; dueAt: number; wakeAt: number; expiresAt: number },
  ): number {
    this.#sql.exec(
      `INSERT INTO pushes
         (channel_key, notification_id, user_id, channel_type, attempt, content, due_at, wake_at, expires_at)
       SELECT ?1, ?2, value ->> 0, value ->> 2, ?7, value ->> 5, ?3, ?4, ?5 FROM json_each(?6)
       WHERE value ->> 3 = 'pending' AND value ->> 1 = ?1
         AND ${
           userIds === null
             ? `EXISTS (SELECT 1 FROM deliveries WHERE user_id = value ->> 0 AND notification_id = ?2
                  AND channel_key = ?1 AND status = 'pending')`
             : "value ->> 0 IN (SELECT value FROM json_each(?8))"
         }
       ON CONFLICT DO NOTHING`,
      channelKey,
      notificationId,
      times.dueAt,
      times.wakeAt,
      times.expiresAt,
      json,
      attempt,
      ...(userIds === null ? [] : [JSON.stringify(userIds)]),
    );
    return this.#changes();
  }

  /**
   * Dispatches that may be leased now, and those that have no address left: first what was never tried, then by the time
   * since which it is due, so that who doesn't answer is behind whoever wasn't asked yet. With `blocked`: only where an
   * address is in no blocked scope. `busy`: users who get none now.
   */
  listDue(
    lane: DispatchLane,
    { blocked, busy }: { blocked: readonly string[]; busy: readonly string[] },
    now: number,
    limit: number,
  ): DispatchRow[] {
    const values: (string | number)[] = [lane.channelKey, lane.notificationId, now];
    let condition = `${DUE} AND is_slow = ${lane.isSlow ? 1 : 0}`;
    if (blocked.length > 0) {
      const place = values.push(JSON.stringify(blocked));
      condition += ` AND (NOT EXISTS (${ADDRESS_LEFT})
        OR EXISTS (${ADDRESS_DUE} AND scope NOT IN (SELECT value FROM json_each(?${place}))))`;
    }
    if (busy.length > 0) {
      const place = values.push(JSON.stringify(busy));
      condition += ` AND user_id NOT IN (SELECT value FROM json_each(?${place}))`;
    }
    const fresh = this.#list(`${condition} AND tries = 0`, limit, values);
    if (fresh.length === limit) return fresh;
    return [...fresh, ...this.#list(`${condition} AND tries > 0`, limit - fresh.length, values, "due_at")];
  }

  /** Which of these users have a dispatch of the lane that may be leased now. */
  listDueOf(
    { channelKey, notificationId, isSlow }: DispatchLane,
    userIds: readonly string[],
    now: number,
  ): string[] {
    const condition = `${DUE} AND is_slow = ${isSlow ? 1 : 0}
      AND user_id IN (SELECT value FROM json_each(?4))`;
    const values = [channelKey, notificationId, now, JSON.stringify(userIds)];
    return this.#list(condition, -1, values).map(({ userId }) => userId);
  }

  /** One that may be leased now and has an address in the scope: the probe. */
  findProbe(
    { channelKey, notificationId, isSlow }: DispatchLane,
    scope: string,
    now: number,
  ): DispatchRow | null {
    const condition = `${DUE}
      AND is_slow = ${isSlow ? 1 : 0} AND EXISTS (${ADDRESS_DUE} AND scope = ?4)`;
    const values = [channelKey, notificationId, now, scope];
    return this.#list(condition, 1, values)[0] ?? null;
  }

  /** Hands dispatches out: nobody else gets them before `until`. */
  lease(group: DispatchGroup, userIds: readonly string[], leaseId: string, until: number): void {
    const users = JSON.stringify(userIds);
    this.#sql.exec(
      `UPDATE pushes SET due_at = ?, claim_id = ?
       WHERE channel_key = ? AND notification_id = ? AND user_id IN (SELECT value FROM json_each(?))`,
      until,
      leaseId,
      group.channelKey,
      group.notificationId,
      users,
    );
    // Mostly there is nothing to move, and no entry of the index to write: a lease is shorter than the alarm's interval.
    this.#sql.exec(
      `UPDATE pushes SET wake_at = ?1 WHERE channel_key = ?2 AND notification_id = ?3
         AND user_id IN (SELECT value FROM json_each(?4)) AND +wake_at < ?1`,
      until,
      group.channelKey,
      group.notificationId,
      users,
    );
  }

  get(group: DispatchGroup, userIds: readonly string[]): DispatchRow[] {
    return this.#list(
      "channel_key = ?1 AND notification_id = ?2 AND user_id IN (SELECT value FROM json_each(?3))",
      -1,
      [group.channelKey, group.notificationId, JSON.stringify(userIds)],
    );
  }

  /** Those of a group that nobody has in hand. */
  listFree(group: DispatchGroup, now: number, limit: number): DispatchRow[] {
    return this.#list(
      "channel_key = ?1 AND notification_id = ?2 AND (claim_id IS NULL OR due_at <= ?3)",
      limit,
      [group.channelKey, group.notificationId, now],
    );
  }

  /** What isn't done with is due again at its time, and nobody has it in hand. */
  update(group: DispatchGroup, updates: readonly DispatchUpdate[]): void {
    this.#sql.exec(
      // Materialized: else the group is scanned, and the changes with each of its rows.
      `WITH changed AS MATERIALIZED (
         SELECT value ->> 0 AS user_id, value ->> 1 AS remaining, value ->> 2 AS accepted, value ->> 3 AS tries,
           value ->> 4 AS due_at, value ->> 5 AS is_slow FROM json_each(?1))
       UPDATE pushes SET remaining = changed.remaining, accepted = changed.accepted, tries = changed.tries,
         due_at = changed.due_at, wake_at = changed.due_at, claim_id = NULL, wakes = 0,
         is_slow = changed.is_slow
       FROM changed
       WHERE channel_key = ?2 AND notification_id = ?3 AND pushes.user_id = changed.user_id`,
      JSON.stringify(
        updates.map(({ userId, remaining, accepted, isSlow, tries, dueAt }) => [
          userId,
          JSON.stringify(remaining.map((entry) => [entry.key, entry.tries, entry.dueAt])),
          accepted ? 1 : 0,
          tries,
          dueAt,
          isSlow ? 1 : 0,
        ]),
      ),
      group.channelKey,
      group.notificationId,
    );
  }

  /** Some address has it: its delivery is counted. Returns how often a provider was asked; null where it isn't here. */
  markAccepted({ channelKey, notificationId }: DispatchGroup, userId: string): number | null {
    const [row] = this.#sql
      .exec<{ tries: number }>(
        `UPDATE pushes SET accepted = 1 WHERE channel_key = ? AND notification_id = ? AND user_id = ?
         RETURNING tries`,
        channelKey,
        notificationId,
        userId,
      )
      .toArray();
    return row?.tries ?? null;
  }

  delete(group: DispatchGroup, userIds: readonly string[]): void {
    this.#sql.exec(
      `DELETE FROM pushes WHERE channel_key = ? AND notification_id = ?
         AND user_id IN (SELECT value FROM json_each(?))`,
      group.channelKey,
      group.notificationId,
      JSON.stringify(userIds),
    );
  }

  /** Removes some from before a notification; returns how many. Mostly none is left: they end when they expire. */
  deleteBefore(notificationId: string, limit: number): number {
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
           LIMIT ?)
         RETURNING 1`,
        notificationId,
        limit,
      )
      .toArray().length;
  }

  #list(
    condition: string,
    limit: number,
    values: readonly (string | number)[],
    order = "channel_key, notification_id, user_id",
  ): DispatchRow[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM pushes WHERE ${condition} ORDER BY ${order} LIMIT ${limit}`,
        ...values,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
        channelType: row.channel_type,
        attempt: row.attempt,
        content: row.content,
        remaining:
          row.remaining === null ? null : (JSON.parse(row.remaining) as StoredProgress[]).map(toProgress),
        accepted: row.accepted === 1,
        isSlow: row.is_slow === 1,
        tries: row.tries,
        leaseId: row.claim_id,
        expiresAt: row.expires_at,
      }));
  }

  #changes(): number {
    return this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one().changes;
  }
}

/** How far an address of the dispatch is; null where it is done with. */
export function progressOf({ remaining }: DispatchRow, key: string): AddressProgress | null {
  if (remaining === null) return { key, tries: 0, dueAt: 0 };
  return remaining.find((entry) => entry.key === key) ?? null;
}

function toProgress([key, tries, dueAt]: StoredProgress): AddressProgress {
  return { key, tries, dueAt };
}
