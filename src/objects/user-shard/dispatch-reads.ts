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

/** The shard's outbox as it is read. */
export class DispatchReads {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Dispatches that may be leased now, and those that have no address left: first what was never tried, then by the
   * time since which it is due, so that who doesn't answer is behind whoever wasn't asked yet. With `blocked`: only
   * where an address is in no blocked scope. `busy`: users who get none now.
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
}

/** How far an address of the dispatch is; null where it is done with. */
export function progressOf({ remaining }: DispatchRow, key: string): AddressProgress | null {
  if (remaining === null) return { key, tries: 0, dueAt: 0 };
  return remaining.find((entry) => entry.key === key) ?? null;
}

function toProgress([key, tries, dueAt]: StoredProgress): AddressProgress {
  return { key, tries, dueAt };
}
