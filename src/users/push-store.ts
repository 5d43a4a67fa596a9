import type { Provider } from "../push/model.ts";

/** A push that isn't done with. Times in Unix ms. */
export interface PushRow {
  userId: string;
  attempt: number;
  content: string;
  /** Keys of the devices that are left, null: all that the user has. */
  remaining: string[] | null;
  /** A device has taken it: the delivery is counted, other devices are still tried. */
  accepted: boolean;
  tries: number;
  claimId: string | null;
  expiresAt: number;
}

/** What stays of a push after a report. */
export interface PushUpdate {
  userId: string;
  remaining: string[];
  accepted: boolean;
  tries: number;
  dueAt: number;
}

/** Pushes of one channel and notification. */
export type PushGroup = { channelKey: string; notificationId: string };

type Row = {
  user_id: string;
  attempt: number;
  content: string;
  remaining: string | null;
  accepted: number;
  tries: number;
  claim_id: string | null;
  expires_at: number;
};

const COLUMNS = "user_id, attempt, content, remaining, accepted, tries, claim_id, expires_at";

// A device of the push's user that is still to be tried. ?4: the channel's providers.
const DEVICE_LEFT = `
  SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id
    AND provider IN (SELECT value FROM json_each(?4))
    AND (remaining IS NULL OR address_key IN (SELECT value FROM json_each(remaining)))`;

/**
 * The shard's outbox: pushes with their content, until they are done with. `due_at` is when one may be
 * claimed; `wake_at` when the alarm sends a message for it, should nobody have claimed it by then. Every
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
    times: { dueAt: number; wakeAt: number; expiresAt: number },
  ): number {
    this.#sql.exec(
      `INSERT INTO pushes (channel_key, notification_id, user_id, attempt, content, due_at, wake_at, expires_at)
       SELECT ?1, ?2, value ->> 0, 1, value ->> 5, ?3, ?4, ?5 FROM json_each(?6)
       WHERE value ->> 3 = 'pending' AND value ->> 1 = ?1
         AND ${
           userIds === null
             ? `EXISTS (SELECT 1 FROM deliveries WHERE user_id = value ->> 0 AND notification_id = ?2
                  AND channel_key = ?1 AND status = 'pending')`
             : "value ->> 0 IN (SELECT value FROM json_each(?7))"
         }
       ON CONFLICT DO NOTHING`,
      channelKey,
      notificationId,
      times.dueAt,
      times.wakeAt,
      times.expiresAt,
      json,
      ...(userIds === null ? [] : [JSON.stringify(userIds)]),
    );
    return this.#changes();
  }

  /**
   * Pushes that may be claimed now, and those that have no device left. With `blocked`: only where a device
   * is in no blocked scope.
   */
  listDue(
    { channelKey, notificationId }: PushGroup,
    providers: readonly Provider[],
    blocked: readonly string[],
    now: number,
    limit: number,
  ): PushRow[] {
    const isReachable =
      blocked.length === 0
        ? "true"
        : `(NOT EXISTS (${DEVICE_LEFT})
             OR EXISTS (${DEVICE_LEFT} AND scope NOT IN (SELECT value FROM json_each(?5))))`;
    return this.#list(
      `channel_key = ?1 AND notification_id = ?2 AND due_at <= ?3 AND expires_at > ?3 AND ${isReachable}`,
      limit,
      [
        channelKey,
        notificationId,
        now,
        ...(blocked.length === 0 ? [] : [JSON.stringify(providers), JSON.stringify(blocked)]),
      ],
    );
  }

  /** One push that may be claimed now and has a device in the scope: the probe. */
  findProbe(
    { channelKey, notificationId }: PushGroup,
    providers: readonly Provider[],
    scope: string,
    now: number,
  ): PushRow | null {
    const condition = `channel_key = ?1 AND notification_id = ?2 AND due_at <= ?3 AND expires_at > ?3
      AND EXISTS (${DEVICE_LEFT} AND scope = ?5)`;
    const values = [channelKey, notificationId, now, JSON.stringify(providers), scope];
    return this.#list(condition, 1, values)[0] ?? null;
  }

  /** A channel's oldest notification with a push that may be claimed now for a device in the scope. */
  findProbeGroup(channelKey: string, scope: string, now: number): PushGroup | null {
    const [row] = this.#sql
      .exec<{ notification_id: string }>(
        `SELECT notification_id FROM pushes WHERE channel_key = ? AND due_at <= ?
           AND EXISTS (SELECT 1 FROM devices WHERE devices.user_id = pushes.user_id AND scope = ?)
         ORDER BY notification_id LIMIT 1`,
        channelKey,
        now,
        scope,
      )
      .toArray();
    return row === undefined ? null : { channelKey, notificationId: row.notification_id };
  }

  /** True where anything of the channel waits, claimed or not. */
  hasAny(channelKey: string): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM pushes WHERE channel_key = ? LIMIT 1", channelKey).toArray().length > 0
    );
  }

  /** Hands pushes out: nobody else gets them before `until`. */
  claim(group: PushGroup, userIds: readonly string[], claimId: string, until: number): void {
    this.#sql.exec(
      `UPDATE pushes SET due_at = ?1, wake_at = ?1, claim_id = ?2
       WHERE channel_key = ?3 AND notification_id = ?4 AND user_id IN (SELECT value FROM json_each(?5))`,
      until,
      claimId,
      group.channelKey,
      group.notificationId,
      JSON.stringify(userIds),
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
      `UPDATE pushes SET remaining = changed.value ->> 1, accepted = changed.value ->> 2,
         tries = changed.value ->> 3, due_at = changed.value ->> 4, wake_at = changed.value ->> 4,
         claim_id = NULL, wakes = 0
       FROM json_each(?1) AS changed
       WHERE channel_key = ?2 AND notification_id = ?3 AND user_id = changed.value ->> 0`,
      JSON.stringify(
        updates.map(({ userId, remaining, accepted, tries, dueAt }) => [
          userId,
          JSON.stringify(remaining),
          accepted ? 1 : 0,
          tries,
          dueAt,
        ]),
      ),
      group.channelKey,
      group.notificationId,
    );
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

  /** Of a deleted user: nothing of the content stays, and what is waiting is looked at now. */
  blank(userId: string, now: number): number {
    this.#sql.exec(
      `UPDATE pushes SET content = '{}', due_at = MIN(due_at, ?1), wake_at = MIN(wake_at, ?1)
       WHERE user_id = ?2`,
      now,
      userId,
    );
    return this.#changes();
  }

  /** Groups with pushes that have expired and that nobody has in hand. */
  listExpired(now: number, limit: number): PushGroup[] {
    return this.#sql
      .exec<PushGroup>(
        `SELECT DISTINCT channel_key AS channelKey, notification_id AS notificationId FROM pushes
         WHERE expires_at <= ?1 AND (claim_id IS NULL OR due_at <= ?1) LIMIT ?2`,
        now,
        limit,
      )
      .toArray();
  }

  /** Groups with pushes that a message is to be sent for, and how many there are. */
  listToWake(now: number, limit: number): (PushGroup & { count: number })[] {
    return this.#sql
      .exec<PushGroup & { count: number }>(
        `SELECT channel_key AS channelKey, notification_id AS notificationId, COUNT(*) AS count FROM pushes
         WHERE wake_at <= ?1 AND expires_at > ?1 GROUP BY channel_key, notification_id LIMIT ?2`,
        now,
        limit,
      )
      .toArray();
  }

  /** A message was sent for them: the next one after `intervalMs`, then at doubling intervals up to an hour. */
  markWoken(group: PushGroup, now: number, intervalMs: number): void {
    this.#sql.exec(
      `UPDATE pushes SET wake_at = MAX(?1 + 1, MIN(expires_at, ?1 + MIN(?2 * (1 << MIN(wakes, 10)), 3600000))),
         wakes = wakes + 1
       WHERE channel_key = ?3 AND notification_id = ?4 AND wake_at <= ?1`,
      now,
      intervalMs,
      group.channelKey,
      group.notificationId,
    );
  }

  /** Everything of a channel that may be claimed gets a message at the next turn of the alarm. */
  wakeDue(channelKey: string | null, now: number): void {
    this.#sql.exec(
      "UPDATE pushes SET wake_at = ?1 WHERE (?2 IS NULL OR channel_key = ?2) AND due_at <= ?1 AND wake_at > ?1",
      now,
      channelKey,
    );
  }

  /** When the alarm has something to do (Unix ms), or null. */
  nextWakeAt(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT MIN(wake_at) AS at FROM pushes").one().at;
  }

  #list(condition: string, limit: number, values: readonly (string | number)[]): PushRow[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM pushes WHERE ${condition}
         ORDER BY channel_key, notification_id, user_id LIMIT ${limit}`,
        ...values,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
        attempt: row.attempt,
        content: row.content,
        remaining: row.remaining === null ? null : JSON.parse(row.remaining),
        accepted: row.accepted === 1,
        tries: row.tries,
        claimId: row.claim_id,
        expiresAt: row.expires_at,
      }));
  }

  #changes(): number {
    return this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one().changes;
  }
}
