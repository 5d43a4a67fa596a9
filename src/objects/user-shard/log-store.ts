import type { DeliveryCount, DeliveryCounts, LoggedDelivery } from "../../model/delivery.ts";
import type {
  HistoryEntry,
  RetryTarget,
  RunLog,
  RunLogRequest,
  ShardLog,
  UserHistory,
} from "../../model/delivery-log.ts";
import type { FeedPosition } from "../../model/feed.ts";
import type { ChannelType, DeliveryStatus } from "../../model/notification.ts";
import { listUsers } from "../../model/segment.ts";
import { countRowsOf } from "./count-rows.ts";
import type { HeaderStore, StoredHeader } from "./header-store.ts";
import type { SegmentRuns } from "./segment-runs.ts";
import type { SegmentStore } from "./segment-store.ts";
import { FIRST_ID, type Tombstones } from "./tombstones.ts";
import { USERS_AFTER } from "./user-walk.ts";

/** Users whose deliveries one call counts. */
const USERS_PER_COUNT = 2000;

/** Begins the position of a count that has come to the segments, whose number follows; no user id has it. */
const SEGMENT_MARK = "\u0000";

type LoggedRow = {
  user_id: string;
  channel_key: string;
  status: DeliveryStatus;
  reason: string | null;
  message: string | null;
  tries: number;
  delivered_at: number | null;
  viewed_at: number | null;
  clicked_at: number | null;
};

/** The stores that the log reads besides the rows. */
interface LoggedStores {
  tombstones: Tombstones;
  headers: HeaderStore;
  segments: SegmentStore;
  runs: SegmentRuns;
}

/** What the delivery log, and a retry, read of one shard. */
export class LogStore {
  readonly #sql: SqlStorage;
  readonly #stores: LoggedStores;

  constructor(sql: SqlStorage, stores: LoggedStores) {
    this.#sql = sql;
    this.#stores = stores;
  }

  /** The user of a realtime send to one. */
  getTarget(notificationId: string): string | null {
    const [row] = this.#sql
      .exec<{ target: string | null }>("SELECT target FROM notifications WHERE id = ?", notificationId)
      .toArray();
    if (row === undefined || row.target !== null) return row?.target ?? null;
    // The row is of a version that didn't store the target: it is looked for among all users of the shard.
    const [delivery] = this.#sql
      .exec<{ user_id: string }>(
        `${USERS_AFTER} SELECT deliveries.user_id FROM users_after
           CROSS JOIN deliveries ON deliveries.user_id = users_after.user_id AND notification_id = ?3 LIMIT 1`,
        "",
        -1,
        notificationId,
      )
      .toArray();
    return delivery?.user_id ?? null;
  }

  /**
   * The deliveries themselves, counted, of a page of the shard's users: what the ledger's numbers are checked
   * against.
   */
  countDeliveries(notificationId: string, afterUser: string): DeliveryCounts {
    if (afterUser.startsWith(SEGMENT_MARK)) {
      return this.#countSegment(notificationId, Number(afterUser.slice(SEGMENT_MARK.length)));
    }
    const users = this.#sql
      .exec<{ user_id: string }>(
        `${USERS_AFTER} SELECT user_id FROM users_after WHERE user_id IS NOT NULL`,
        afterUser,
        USERS_PER_COUNT,
      )
      .toArray()
      .map(({ user_id }) => user_id);
    const counts = this.#sql
      .exec<DeliveryCount>(
        `SELECT channel_key AS channelKey, status, reason, COUNT(*) AS count,
           COUNT(viewed_at) AS viewed, COUNT(clicked_at) AS clicked
         FROM json_each(?) CROSS JOIN deliveries ON user_id = value AND notification_id = ?
         GROUP BY channel_key, status, reason`,
        JSON.stringify(users),
        notificationId,
      )
      .toArray();
    const last = users.length === USERS_PER_COUNT ? users.at(-1) : undefined;
    return { counts, afterUser: last ?? this.#markSegmentAfter(notificationId, 0) };
  }

  /** What stands in a segment and in no row. */
  #countSegment(notificationId: string, seq: number): DeliveryCounts {
    const segment = this.#stores.segments.get(seq);
    const afterUser = this.#markSegmentAfter(notificationId, seq);
    if (segment === null) return { counts: [], afterUser };
    const rows = countRowsOf(this.#sql, notificationId, listUsers(segment.targets));
    const counts = segment.outcomes.map(({ channelKey, status, reason }) => {
      const count = segment.targets.count - (rows.get(channelKey) ?? 0);
      return { channelKey, status, reason, count, viewed: 0, clicked: 0 };
    });
    return { counts: counts.filter(({ count }) => count > 0), afterUser };
  }

  #markSegmentAfter(notificationId: string, seq: number): string | null {
    const later = this.#stores.segments.listHeads(notificationId).filter((head) => head.seq > seq);
    return later.length === 0 ? null : `${SEGMENT_MARK}${Math.min(...later.map((head) => head.seq))}`;
  }

  /** What a realtime send to one is rendered from again; null where nothing of it could fail. */
  getRetryTarget(notificationId: string): RetryTarget | null {
    const [row] = this.#sql
      .exec<{ target: string | null; target_values: string | null; push_data: string | null }>(
        `SELECT target, target_values, push_data FROM notifications
         WHERE id = ?1 AND NOT EXISTS (
           SELECT 1 FROM deleted_users WHERE deleted_users.uid = target AND before_id > ?1)`,
        notificationId,
      )
      .toArray();
    if (row === undefined || row.target === null || row.target_values === null) return null;
    const pushData = row.push_data === null ? {} : JSON.parse(row.push_data);
    return { userId: row.target, values: JSON.parse(row.target_values), pushData };
  }

  /** A notification's deliveries to these users, as far as they are here, and who of them was deleted since. */
  listDeliveries(notificationId: string, userIds: readonly string[]): ShardLog {
    const gone = this.#stores.tombstones.listGone(userIds, notificationId);
    const isGone = new Set(gone);
    const deliveries = this.#listRows(notificationId, userIds, isGone);
    return {
      deliveries: [...deliveries, ...this.#listInSegments(notificationId, userIds, deliveries, isGone)],
      gone,
    };
  }

  /** Targets of a run with what became of them; null where not all of the run stands in segments. */
  readRun({ from, to, withValues, ...run }: RunLogRequest): RunLog | null {
    const slices = this.#stores.runs.read(run, { from, to }, withValues);
    if (slices === null) return null;
    const targets = slices.flatMap((slice) => slice.targets);
    const userIds = targets.map(([userId]) => userId);
    const gone = this.#stores.tombstones.listGone(userIds, run.notificationId);
    return {
      targets,
      defaults: slices.map(({ storedAt, outcomes, ...slice }) => ({ from: slice.from, storedAt, outcomes })),
      rows: this.#listRows(run.notificationId, userIds, new Set(gone)),
      gone,
    };
  }

  #listRows(
    notificationId: string,
    userIds: readonly string[],
    isGone: ReadonlySet<string>,
  ): LoggedDelivery[] {
    return this.#sql
      .exec<LoggedRow>(
        `SELECT deliveries.user_id, deliveries.channel_key, status, reason, message,
           MAX(deliveries.tries, IFNULL(pushes.tries, 0)) AS tries, delivered_at, viewed_at, clicked_at
         FROM json_each(?1) AS targets
           JOIN deliveries ON deliveries.user_id = targets.value AND deliveries.notification_id = ?2
           LEFT JOIN pushes ON pushes.channel_key = deliveries.channel_key
             AND pushes.notification_id = ?2 AND pushes.user_id = deliveries.user_id`,
        JSON.stringify(userIds),
        notificationId,
      )
      .toArray()
      .map((row) => ({
        userId: row.user_id,
        isUserGone: isGone.has(row.user_id),
        channelKey: row.channel_key,
        status: row.status,
        reason: row.reason,
        message: isGone.has(row.user_id) ? null : row.message,
        tries: row.tries,
        deliveredAt: row.delivered_at,
        viewedAt: row.viewed_at,
        clickedAt: row.clicked_at,
      }));
  }

  /** Deliveries that have no row: their segment says what became of them. */
  #listInSegments(
    notificationId: string,
    userIds: readonly string[],
    rows: readonly LoggedDelivery[],
    isGone: ReadonlySet<string>,
  ): LoggedDelivery[] {
    const known = Map.groupBy(rows, ({ userId }) => userId);
    return [...this.#stores.segments.findTargets(notificationId, userIds)].flatMap(
      ([userId, { outcomes, storedAt }]) =>
        outcomes
          .filter(({ channelKey }) => !known.get(userId)?.some((row) => row.channelKey === channelKey))
          .map(({ channelKey, status, reason }) => ({
            userId,
            isUserGone: isGone.has(userId),
            channelKey,
            status,
            reason,
            message: null,
            tries: 0,
            deliveredAt: status === "delivered" ? storedAt : null,
            viewedAt: null,
            clickedAt: null,
          })),
    );
  }

  /** `before`: the position after which the page begins. */
  readUserHistory(userId: string, before: FeedPosition | null, limit: number): UserHistory {
    const summary = this.#sql
      .exec<UserHistory["summary"]>(
        `SELECT COUNT(*) FILTER (WHERE status = 'delivered') AS delivered, COUNT(viewed_at) AS viewed,
           COUNT(clicked_at) AS clicked FROM deliveries
         WHERE user_id = ?1 AND notification_id >= ${FIRST_ID}`,
        userId,
      )
      .one();
    const rows = this.#sql
      .exec<Omit<LoggedRow, "user_id"> & StoredHeader & { id: string; channel_type: ChannelType }>(
        `SELECT id, channel_key, channel_type, status, reason, message, delivered_at, viewed_at, clicked_at,
           header, part
         FROM deliveries JOIN notifications ON notifications.id = notification_id
         WHERE user_id = ?1 AND notification_id >= ${FIRST_ID} AND (?2 IS NULL OR (notification_id, channel_key) < (?2, ?3))
         ORDER BY notification_id DESC, channel_key DESC LIMIT ?4 + 0`,
        userId,
        before?.notificationId ?? null,
        before?.channelKey ?? null,
        limit,
      )
      .toArray();
    const entries = rows.map((row): HistoryEntry => {
      const { id, templateId, templateKey } = this.#stores.headers.unpack(row.id, row);
      return {
        notificationId: id,
        templateId,
        templateKey,
        channelKey: row.channel_key,
        channelType: row.channel_type,
        status: row.status,
        reason: row.reason,
        message: row.message,
        deliveredAt: row.delivered_at,
        viewedAt: row.viewed_at,
        clickedAt: row.clicked_at,
      };
    });
    const isUserGone = entries.length === 0 && before === null && this.#isGone(userId);
    return { summary, entries, isUserGone };
  }

  #isGone(userId: string): boolean {
    return (
      this.#sql
        .exec(
          `SELECT 1 FROM deleted_users WHERE uid = ?1 AND NOT EXISTS (SELECT 1 FROM users WHERE users.uid = ?1)`,
          userId,
        )
        .toArray().length > 0
    );
  }
}
