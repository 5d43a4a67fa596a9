import type { FeedItem } from "../../model/feed.ts";
import { CLOSE_UNAUTHORIZED } from "../../model/feed.ts";
import { MAX_SOCKETS } from "../../model/limits.ts";
import type { Watchers } from "./watchers.ts";

/** What a socket remembers while its object sleeps. Times in Unix ms. */
interface SocketAttachment {
  expiresAt: number;
  /** Grows with every socket of this shard's clock: the smallest of a user is the oldest. */
  openedAt: number;
}

/** The user has opened too many: coming again at once would close another of them. */
const CLOSE_REPLACED = 4409;

/** Sockets whose tokens end within the same minute have a tag in common: only they are looked at when one ends. */
const BUCKET_MS = 60_000;
/** Between two looks at tokens that end: sockets close up to so much late. */
const MIN_STEP_MS = 1000;
const BUCKETS_PER_TURN = 100;

/**
 * The open feed sockets of one shard's users. They hibernate: an idle socket costs nothing. What is asked of them is
 * asked by tag, so it costs by the sockets of a user or of a minute, however many the shard has, and nothing need be
 * rebuilt when the object wakes.
 */
export class FeedSockets {
  readonly #ctx: DurableObjectState;
  /** False: none is open. Null: not known since the object woke. */
  #mayBeOpen: boolean | null = null;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /**
   * Takes a new socket in and tells it the unread count; returns the client's end. The user's oldest closes where
   * there would be too many. Null where as many more haven't even answered that they are to close.
   */
  accept(userId: string, expiresAt: number, unread: number, now: number): WebSocket | null {
    const all = this.#ctx.getWebSockets(userTag(userId));
    if (all.length >= 2 * MAX_SOCKETS) return null;
    const open = all.filter(isOpen).map((socket) => ({ socket, openedAt: attachmentOf(socket).openedAt }));
    open.sort((a, b) => a.openedAt - b.openedAt);
    for (const { socket } of open.slice(0, Math.max(0, open.length + 1 - MAX_SOCKETS))) {
      socket.close(CLOSE_REPLACED, `Replaced: a user has at most ${MAX_SOCKETS} sockets`);
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const bucket = Math.floor(expiresAt / BUCKET_MS);
    this.#ctx.acceptWebSocket(server, [userTag(userId), bucketTag(bucket)]);
    const openedAt = Math.max(now, (open.at(-1)?.openedAt ?? 0) + 1);
    server.serializeAttachment({ expiresAt, openedAt } satisfies SocketAttachment);
    this.#ctx.storage.sql.exec("INSERT OR IGNORE INTO socket_ends (bucket) VALUES (?)", bucket);
    this.#mayBeOpen = true;
    server.send(unreadMessage(unread));
    return client;
  }

  isOnline(userId: string): boolean {
    return this.#ctx.getWebSockets(userTag(userId)).some(isOpen);
  }

  /** Everybody who is online: walks all sockets, for lists of users by their status alone. */
  listOnline(): Set<string> {
    const sockets = this.#ctx.getWebSockets().filter(isOpen);
    return new Set(sockets.flatMap((socket) => this.#ctx.getTags(socket).slice(0, 1).map(userOfTag)));
  }

  /** Who looks on at deliveries to many users; of each user it is asked once. */
  watchers(): Watchers {
    // Asked once in the object's life, and only whether there is any: no socket is looked at by itself.
    this.#mayBeOpen ??= this.#ctx.getWebSockets().length > 0;
    if (!this.#mayBeOpen) return { isEmpty: true, has: () => false };
    const known = new Map<string, boolean>();
    return {
      isEmpty: false,
      has: (userId) => {
        const isOnline = known.get(userId) ?? this.isOnline(userId);
        known.set(userId, isOnline);
        return isOnline;
      },
    };
  }

  /** Who looks on at deliveries to one user. */
  watchersOf(userId: string): Watchers {
    const isOnline = this.isOnline(userId);
    return { isEmpty: !isOnline, has: (candidate) => isOnline && candidate === userId };
  }

  sendItem(userId: string, item: FeedItem): void {
    this.#send(userId, JSON.stringify({ type: "item", item }));
  }

  /** What has been viewed or clicked, on whichever of the user's devices. */
  sendMarked(userId: string, items: readonly FeedItem[]): void {
    if (items.length === 0) return;
    const marks = items.map(({ notificationId, channelKey, viewedAt, clickedAt }) => {
      return { notificationId, channelKey, viewedAt, clickedAt };
    });
    this.#send(userId, JSON.stringify({ type: "marked", items: marks }));
  }

  sendAllViewed(userId: string, now: number): void {
    this.#send(userId, JSON.stringify({ type: "all-viewed", viewedAt: new Date(now).toISOString() }));
  }

  sendUnreadCount(userId: string, count: number): void {
    this.#send(userId, unreadMessage(count));
  }

  closeUser(userId: string, reason: string): void {
    for (const socket of this.#ctx.getWebSockets(userTag(userId))) socket.close(CLOSE_UNAUTHORIZED, reason);
  }

  closeAll(reason: string): void {
    for (const socket of this.#ctx.getWebSockets()) socket.close(CLOSE_UNAUTHORIZED, reason);
  }

  /** Closes what has expired, minute by minute; returns when to look again, or null. */
  closeExpired(now: number): number | null {
    const { sql } = this.#ctx.storage;
    const buckets = sql
      .exec<{ bucket: number }>(
        "SELECT bucket FROM socket_ends ORDER BY bucket LIMIT ? + 0",
        BUCKETS_PER_TURN,
      )
      .toArray();
    for (const { bucket } of buckets) {
      const next = this.#closeExpiredOf(bucket, now);
      if (next !== null) return Math.max(next, now + MIN_STEP_MS);
      sql.exec("DELETE FROM socket_ends WHERE bucket = ?", bucket);
    }
    return buckets.length < BUCKETS_PER_TURN ? null : now + MIN_STEP_MS;
  }

  /** The next end in this minute, or null where no open socket is left of it. */
  #closeExpiredOf(bucket: number, now: number): number | null {
    let next: number | null = null;
    for (const socket of this.#ctx.getWebSockets(bucketTag(bucket)).filter(isOpen)) {
      const { expiresAt } = attachmentOf(socket);
      if (expiresAt <= now) socket.close(CLOSE_UNAUTHORIZED, "The token has expired");
      else next = Math.min(next ?? expiresAt, expiresAt);
    }
    return next;
  }

  #send(userId: string, text: string): void {
    // A socket that is closing just misses the message; the feed has it.
    for (const socket of this.#ctx.getWebSockets(userTag(userId)).filter(isOpen)) socket.send(text);
  }
}

// A tag has 256 characters at most, a user id 255 bytes.
function userTag(userId: string): string {
  return `u${userId}`;
}

function userOfTag(tag: string): string {
  return tag.slice(1);
}

function bucketTag(bucket: number): string {
  return `e${bucket}`;
}

function isOpen(socket: WebSocket): boolean {
  return socket.readyState === WebSocket.OPEN;
}

function unreadMessage(count: number): string {
  return JSON.stringify({ type: "unread", count });
}

function attachmentOf(socket: WebSocket): SocketAttachment {
  return socket.deserializeAttachment() as SocketAttachment;
}
