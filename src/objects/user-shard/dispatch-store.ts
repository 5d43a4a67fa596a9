import type { DispatchGroup, DispatchLane } from "../../model/dispatch.ts";
import { DispatchReads, type DispatchUpdate } from "./dispatch-reads.ts";

/** A dispatch by its key: channel, notification, user. */
export type DispatchPosition = [channelKey: string, notificationId: string, userId: string];

/** Of the pause between messages for dispatches that nobody leases. */
const MAX_DOUBLINGS = 4;

/**
 * The shard's outbox: dispatches with their content, until they are done with. `due_at` is when one may be
 * leased; `wake_at` when the alarm looks at it, should nobody have leased it by then (dispatch-wakes.ts). Every
 * writing method expects to run inside a transaction.
 */
export class DispatchStore extends DispatchReads {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    super(sql);
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
    // Mostly there is nothing to move, and no entry of the index to write: a lease is shorter than the alarm's
    // interval.
    this.#sql.exec(
      `UPDATE pushes SET wake_at = ?1 WHERE channel_key = ?2 AND notification_id = ?3
         AND user_id IN (SELECT value FROM json_each(?4)) AND +wake_at < ?1`,
      until,
      group.channelKey,
      group.notificationId,
      users,
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

  /** A message was sent for them: the next after `intervalMs`, then at doubling ones, to sixteen of it or an hour. */
  markWoken(lane: DispatchLane, now: number, intervalMs: number): void {
    this.#sql.exec(
      `UPDATE pushes SET wake_at = MAX(?1 + 1, MIN(expires_at, ?1 + MIN(?2 * (1 << MIN(wakes, ${MAX_DOUBLINGS})), 3600000))),
         wakes = wakes + 1
       WHERE channel_key = ?3 AND notification_id = ?4 AND +wake_at <= ?1 AND is_slow = ?5`,
      now,
      intervalMs,
      lane.channelKey,
      lane.notificationId,
      lane.isSlow ? 1 : 0,
    );
  }

  /** What of these may be leased gets a message at the next turn of the alarm. */
  wake(positions: readonly DispatchPosition[], now: number): void {
    this.#sql.exec(
      `UPDATE pushes SET wake_at = ?1, wakes = 0 WHERE (channel_key, notification_id, user_id) IN
         (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)) AND due_at <= ?1 AND +wake_at > ?1`,
      now,
      JSON.stringify(positions),
    );
  }

  /** One user's dispatch gets a message at the next turn of the alarm. False where there is none that may be leased. */
  wakeOne({ channelKey, notificationId, isSlow }: DispatchLane, userId: string, now: number): boolean {
    return (
      this.#sql
        .exec(
          `UPDATE pushes SET wake_at = ?1, wakes = 0 WHERE channel_key = ?2 AND notification_id = ?3 AND user_id = ?4
             AND is_slow = ?5 AND due_at <= ?1 AND expires_at > ?1 RETURNING 1`,
          now,
          channelKey,
          notificationId,
          userId,
          isSlow ? 1 : 0,
        )
        .toArray().length > 0
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
           LIMIT ? + 0)
         RETURNING 1`,
        notificationId,
        limit,
      )
      .toArray().length;
  }

  #changes(): number {
    return this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one().changes;
  }
}
