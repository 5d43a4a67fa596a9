import type { Engagement } from "../../model/engagement.ts";
import type { FeedFilter, FeedItem, FeedMark, FeedPosition } from "../../model/feed.ts";
import type { EngagementStore } from "./engagement-store.ts";
import type { HeaderStore, StoredHeader } from "./header-store.ts";
import { FIRST_ID } from "./tombstones.ts";

type FeedRow = {
  notification_id: string;
  channel_key: string;
  content: string;
  viewed_at: number | null;
  clicked_at: number | null;
} & StoredHeader;

// Delivered to this user, who is no earlier one of that uid, and not blanked: what a user's client may see. Of what
// goes out through a provider no content is kept with the delivery.
const VISIBLE = `user_id = ?1 AND notification_id >= ${FIRST_ID}
  AND status = 'delivered' AND content IS NOT NULL`;

/** After every notification's id. */
const BEHIND_ALL = "~";

/** The feeds of one shard's users. Writing methods expect to run inside a transaction. */
export class FeedStore {
  readonly #sql: SqlStorage;
  readonly #engagements: EngagementStore;
  readonly #headers: HeaderStore;

  constructor(sql: SqlStorage, engagements: EngagementStore, headers: HeaderStore) {
    this.#sql = sql;
    this.#engagements = engagements;
    this.#headers = headers;
  }

  /** One page, newest notification first. */
  list(userId: string, { before, unread, tag, limit }: FeedFilter): FeedItem[] {
    const conditions = [VISIBLE];
    const values: (string | number)[] = [userId];
    if (before !== null) {
      conditions.push("(notification_id, channel_key) < (?, ?)");
      values.push(before.notificationId, before.channelKey);
    }
    if (unread) conditions.push("viewed_at IS NULL");
    if (tag !== null) {
      conditions.push("header ->> 'tag' = ?");
      values.push(tag);
    }
    return this.#sql
      .exec<FeedRow>(
        `SELECT notification_id, channel_key, content, viewed_at, clicked_at, header, part
         FROM deliveries JOIN notifications ON notifications.id = notification_id
         WHERE ${conditions.join(" AND ")} ORDER BY notification_id DESC, channel_key DESC LIMIT ? + 0`,
        ...values,
        limit,
      )
      .toArray()
      .map((row) => this.#present(row));
  }

  /** One item, or null where the user doesn't see it (another channel type, blanked, unknown). */
  get(userId: string, notificationId: string, channelKey: string): FeedItem | null {
    return this.find(userId, { notificationId, channelKey })[0] ?? null;
  }

  countUnread(userId: string): number {
    return this.#sql
      .exec<{ count: number }>(
        `SELECT COUNT(*) AS count FROM deliveries WHERE ${VISIBLE} AND viewed_at IS NULL`,
        userId,
      )
      .one().count;
  }

  /** Marks a notification viewed or clicked, once per channel; a click is also a view. Empty: there is no such item. */
  mark(userId: string, mark: FeedMark, kind: Engagement, now: number): FeedItem[] {
    for (const { notificationId, channelKey } of this.find(userId, mark)) {
      this.#engagements.mark({ userId, channelKey }, notificationId, kind, now);
    }
    return this.find(userId, mark);
  }

  /** Marks the newest unread items viewed, so many; of all, or of those that follow `before`. Returns them. */
  markSomeViewed(userId: string, limit: number, before: FeedPosition | null, now: number): FeedPosition[] {
    const unread = this.#sql
      .exec<{ notificationId: string; channelKey: string }>(
        `SELECT notification_id AS notificationId, channel_key AS channelKey FROM deliveries
         WHERE ${VISIBLE} AND viewed_at IS NULL AND (notification_id, channel_key) < (?3, ?4)
         ORDER BY notification_id DESC, channel_key DESC LIMIT ?2 + 0`,
        userId,
        limit,
        before?.notificationId ?? BEHIND_ALL,
        before?.channelKey ?? "",
      )
      .toArray();
    if (unread.length > 0) this.#engagements.markViewed(userId, unread, now);
    return unread;
  }

  /** The items of a notification that the user sees. */
  find(userId: string, { notificationId, channelKey }: FeedMark): FeedItem[] {
    return this.#sql
      .exec<FeedRow>(
        `SELECT notification_id, channel_key, content, viewed_at, clicked_at, header, part
         FROM deliveries JOIN notifications ON notifications.id = notification_id
         WHERE ${VISIBLE} AND notification_id = ?2 AND (?3 IS NULL OR channel_key = ?3)`,
        userId,
        notificationId,
        channelKey,
      )
      .toArray()
      .map((row) => this.#present(row));
  }

  #present(row: FeedRow): FeedItem {
    const header = this.#headers.unpack(row.notification_id, row);
    return {
      notificationId: header.id,
      templateKey: header.templateKey,
      channelKey: row.channel_key,
      title: header.title,
      tag: header.tag,
      content: JSON.parse(row.content),
      createdAt: new Date(header.createdAt).toISOString(),
      viewedAt: toIso(row.viewed_at),
      clickedAt: toIso(row.clicked_at),
    };
  }
}

function toIso(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
