import type { DispatchLane } from "../../model/dispatch.ts";
import { ADDRESS_DUE, ADDRESS_LEFT } from "./dispatch-reads.ts";
import type { DispatchPosition, DispatchStore } from "./dispatch-store.ts";

/** Dispatches of a channel that are looked through for one that may be a probe. */
const PROBE_ROWS = 500;
const OLDEST = `SELECT notification_id, user_id, channel_type, due_at, expires_at, remaining, is_slow FROM pushes
  WHERE channel_key = ?1 ORDER BY notification_id LIMIT ${PROBE_ROWS}`;

/** Rows that one turn of the alarm looks at, in the order in which they are due. */
const WAKE_ROWS = 2000;

/**
 * What of the outbox the alarm has to do with, and which dispatches may show whether a provider answers again.
 * However much waits, a turn reads so many rows. Every writing method expects to run inside a transaction.
 */
export class DispatchWakes {
  readonly #sql: SqlStorage;
  readonly #store: DispatchStore;

  constructor(sql: SqlStorage, store: DispatchStore) {
    this.#sql = sql;
    this.#store = store;
  }

  /** What the alarm has to do with, the longest due first: it has expired, or a message is to be sent for it. */
  listToWake(now: number): (DispatchLane & { userId: string; hasExpired: boolean })[] {
    return this.#sql
      .exec<{
        channelKey: string;
        notificationId: string;
        userId: string;
        isSlow: number;
        expiresAt: number;
      }>(
        `SELECT channel_key AS channelKey, notification_id AS notificationId, user_id AS userId,
           is_slow AS isSlow, expires_at AS expiresAt
         FROM pushes WHERE wake_at <= ? ORDER BY wake_at LIMIT ${WAKE_ROWS}`,
        now,
      )
      .toArray()
      .map(({ isSlow, expiresAt, ...row }) => ({
        ...row,
        isSlow: isSlow === 1,
        hasExpired: expiresAt <= now,
      }));
  }

  /**
   * A slice, behind `after`, of what may be leased gets a message at the next turn of the alarm: of one channel, or of
   * all. Returns where the next slice begins, null where there is none.
   */
  wakeDue(channelKey: string | null, after: DispatchPosition, now: number): DispatchPosition | null {
    const rows = this.#sql
      .exec<{ channel_key: string; notification_id: string; user_id: string }>(
        `SELECT channel_key, notification_id, user_id FROM pushes
         WHERE (channel_key, notification_id, user_id) > (?, ?, ?)
         ORDER BY channel_key, notification_id, user_id LIMIT ${WAKE_ROWS}`,
        ...after,
      )
      .toArray()
      .map((row): DispatchPosition => [row.channel_key, row.notification_id, row.user_id]);
    const meant = channelKey === null ? rows : rows.filter(([key]) => key === channelKey);
    this.#store.wake(meant, now);
    return meant.length < WAKE_ROWS ? null : (meant.at(-1) ?? null);
  }

  /** When the alarm has something to do (Unix ms), or null. */
  nextWakeAt(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT MIN(wake_at) AS at FROM pushes").one().at;
  }

  /** A notification with one that may be leased now for an address in the scope, among a channel's oldest. */
  findProbeGroup(channelKey: string, scope: string, now: number): DispatchLane | null {
    const [row] = this.#sql
      .exec<{ notification_id: string; is_slow: number }>(
        `SELECT notification_id, is_slow FROM (${OLDEST}) AS pushes
         WHERE due_at <= ?3 AND expires_at > ?3 AND EXISTS (${ADDRESS_DUE} AND scope = ?2) LIMIT 1`,
        channelKey,
        scope,
        now,
      )
      .toArray();
    return row === undefined
      ? null
      : { channelKey, notificationId: row.notification_id, isSlow: row.is_slow === 1 };
  }

  /** True where any of the channel's oldest waits for an address in the scope, leased or not, due or later. */
  hasWaiting(channelKey: string, scope: string): boolean {
    return (
      this.#sql
        .exec(
          `SELECT 1 FROM (${OLDEST}) AS pushes WHERE EXISTS (${ADDRESS_LEFT} AND scope = ?2) LIMIT 1`,
          channelKey,
          scope,
        )
        .toArray().length > 0
    );
  }
}
