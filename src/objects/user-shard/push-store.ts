import type { DeviceProgress } from "../../channels/push/outcomes.ts";
import type { PushGroup, PushLane } from "../../model/push.ts";

/** A push that isn't done with. Times in Unix ms. */
export interface PushRow {
  userId: string;
  attempt: number;
  content: string;
  /** The devices that are left, null: all that the user has, untried. */
  remaining: DeviceProgress[] | null;
  /** A device has taken it: the delivery is counted, other devices are still tried. */
  accepted: boolean;
  /** For good, once a sender has said so: it goes by the slow queue. */
  isSlow: boolean;
  tries: number;
  leaseId: string | null;
  expiresAt: number;
}

/** What stays of a push after a report. */
export interface PushUpdate {
  userId: string;
  remaining: readonly DeviceProgress[];
  accepted: boolean;
  isSlow: boolean;
  tries: number;
  dueAt: number;
}

type StoredProgress = [key: string, tries: number, dueAt: number];
type Row = {
  user_id: string;
  attempt: number;
  content: string;
  remaining: string | null;
  accepted: number;
  is_slow: number;
  tries: number;
  claim_id: string | null;
  expires_at: number;
};

const COLUMNS = "user_id, attempt, content, remaining, accepted, is_slow, tries, claim_id, expires_at";

// A device of the push's user that is still to be tried: at all, and at ?3. `remaining` is an array of
// [address key, tries, due at].
export const DEVICE_LEFT = `
  SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id
    AND (remaining IS NULL OR address_key IN (SELECT value ->> 0 FROM json_each(remaining)))`;
export const DEVICE_DUE = `
  SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id
    AND (remaining IS NULL
      OR address_key IN (SELECT value ->> 0 FROM json_each(remaining) WHERE value ->> 2 <= ?3))`;

/** Of a channel ?1 and a notification ?2, what may be leased at ?3. */
const DUE = "channel_key = ?1 AND notification_id = ?2 AND due_at <= ?3 AND expires_at > ?3";

/**
 * The shard's outbox: pushes with their content, until they are done with. `due_at` is when one may be
 * leased; `wake_at` when the alarm looks at it, should nobody have leased it by then (push-wakes.ts). Every
 * writing method expects to run inside a transaction.
 */
export class PushStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Writes the pending rows of a slice, whose deliveries were written just now; returns how many.
   * `userIds` null: of every user with a device, else of these.
   */
  insert(
    { channelKey, notificationId }: PushGroup,
    json: string,
    userIds: readonly string[] | null,
    { attempt, ...times }: { attempt: number; dueAt: number; wakeAt: number; expiresAt: number },
  ): number {
    this.#sql.exec(
      `INSERT INTO pushes (channel_key, notification_id, user_id, attempt, content, due_at, wake_at, expires_at)
       SELECT ?1, ?2, value ->> 0, ?7, value ->> 5, ?3, ?4, ?5 FROM json_each(?6)
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
   * Pushes that may be leased now, and those that have no device left: first what was never tried, then by the time
   * since which it is due, so that who doesn't answer is behind whoever wasn't asked yet. With `blocked`: only where a
   * device is in no blocked scope. `busy`: users who get none now.
   */
  listDue(
    lane: PushLane,
    { blocked, busy }: { blocked: readonly string[]; busy: readonly string[] },
    now: number,
    limit: number,
  ): PushRow[] {
    const values: (string | number)[] = [lane.channelKey, lane.notificationId, now];
    let condition = `${DUE} AND is_slow = ${lane.isSlow ? 1 : 0}`;
    if (blocked.length > 0) {
      const place = values.push(JSON.stringify(blocked));
      condition += ` AND (NOT EXISTS (${DEVICE_LEFT})
        OR EXISTS (${DEVICE_DUE} AND scope NOT IN (SELECT value FROM json_each(?${place}))))`;
    }
    if (busy.length > 0) {
      const place = values.push(JSON.stringify(busy));
      condition += ` AND user_id NOT IN (SELECT value FROM json_each(?${place}))`;
    }
    const fresh = this.#list(`${condition} AND tries = 0`, limit, values);
    if (fresh.length === limit) return fresh;
    return [...fresh, ...this.#list(`${condition} AND tries > 0`, limit - fresh.length, values, "due_at")];
  }

  /** Which of these users have a push of the lane that may be leased now. */
  listDueOf(
    { channelKey, notificationId, isSlow }: PushLane,
    userIds: readonly string[],
    now: number,
  ): string[] {
    const condition = `${DUE} AND is_slow = ${isSlow ? 1 : 0}
      AND user_id IN (SELECT value FROM json_each(?4))`;
    const values = [channelKey, notificationId, now, JSON.stringify(userIds)];
    return this.#list(condition, -1, values).map(({ userId }) => userId);
  }

  /** One push that may be leased now and has a device in the scope: the probe. */
  findProbe({ channelKey, notificationId, isSlow }: PushLane, scope: string, now: number): PushRow | null {
    const condition = `${DUE}
      AND is_slow = ${isSlow ? 1 : 0} AND EXISTS (${DEVICE_DUE} AND scope = ?4)`;
    const values = [channelKey, notificationId, now, scope];
    return this.#list(condition, 1, values)[0] ?? null;
  }

  /** Hands pushes out: nobody else gets them before `until`. */
  lease(group: PushGroup, userIds: readonly string[], leaseId: string, until: number): void {
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

  get(group: PushGroup, userIds: readonly string[]): PushRow[] {
    return this.#list(
      "channel_key = ?1 AND notification_id = ?2 AND user_id IN (SELECT value FROM json_each(?3))",
      -1,
      [group.channelKey, group.notificationId, JSON.stringify(userIds)],
    );
  }

  /** Pushes of a group that nobody has in hand. */
  listFree(group: PushGroup, now: number, limit: number): PushRow[] {
    return this.#list(
      "channel_key = ?1 AND notification_id = ?2 AND (claim_id IS NULL OR due_at <= ?3)",
      limit,
      [group.channelKey, group.notificationId, now],
    );
  }

  /** What isn't done with is due again at its time, and nobody has it in hand. */
  update(group: PushGroup, updates: readonly PushUpdate[]): void {
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
          JSON.stringify(remaining.map((device) => [device.key, device.tries, device.dueAt])),
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

  /** Some device has it: its delivery is counted. Returns how often a provider was asked; null where there is no push. */
  markAccepted({ channelKey, notificationId }: PushGroup, userId: string): number | null {
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

  delete(group: PushGroup, userIds: readonly string[]): void {
    this.#sql.exec(
      `DELETE FROM pushes WHERE channel_key = ? AND notification_id = ?
         AND user_id IN (SELECT value FROM json_each(?))`,
      group.channelKey,
      group.notificationId,
      JSON.stringify(userIds),
    );
  }

  #list(
    condition: string,
    limit: number,
    values: readonly (string | number)[],
    order = "channel_key, notification_id, user_id",
  ): PushRow[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM pushes WHERE ${condition} ORDER BY ${order} LIMIT ${limit}`,
        ...values,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
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

function toProgress([key, tries, dueAt]: StoredProgress): DeviceProgress {
  return { key, tries, dueAt };
}
