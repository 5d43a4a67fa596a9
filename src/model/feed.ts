export interface FeedFilter {
  before: FeedPosition | null;
  unread: boolean;
  tag: string | null;
  limit: number;
}

/** A user's in-app notification, as feed and socket show it. `content` is the rendered template; times are ISO 8601. */
export interface FeedItem {
  notificationId: string;
  templateKey: string;
  channelKey: string;
  title: string | null;
  tag: string | null;
  content: unknown;
  createdAt: string;
  viewedAt: string | null;
  clickedAt: string | null;
}

/** Items before this one, in the feed's order. */
export interface FeedPosition {
  notificationId: string;
  channelKey: string;
}

/** Items to be marked: of one in-app channel, or where that is null of each. */
export interface FeedMark {
  notificationId: string;
  channelKey: string | null;
}

/** Codes of closed feed sockets (RFC 6455 leaves 4000–4999 to applications). */
export const CLOSE_UNAUTHORIZED = 4401;
