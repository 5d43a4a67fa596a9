import type { FeedItem } from "./feed-store.ts";

/** What a socket remembers while its object sleeps. `expiresAt` in Unix ms. */
interface SocketAttachment {
  userId: string;
  expiresAt: number;
}

/** Sent when a socket's token ends (RFC 6455 leaves 4000–4999 to applications). */
const CLOSE_EXPIRED = 4401;

/** The open feed sockets of one shard's users. They hibernate: an idle socket costs nothing. */
export class FeedSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /** Takes a new socket in and tells it the unread count; returns the client's end. */
  accept(userId: string, expiresAt: number, unread: number): WebSocket {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [userId]);
    server.serializeAttachment({ userId, expiresAt } satisfies SocketAttachment);
    server.send(unreadMessage(unread));
    return client;
  }

  onlineUids(): Set<string> {
    const uids = new Set<string>();
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState === WebSocket.OPEN) uids.add(attachmentOf(socket).userId);
    }
    return uids;
  }

  sendItem(userId: string, item: FeedItem): void {
    this.#send(userId, JSON.stringify({ type: "item", item }));
  }

  sendUnreadCount(userId: string, count: number): void {
    this.#send(userId, unreadMessage(count));
  }

  closeUser(userId: string, reason: string): void {
    for (const socket of this.#ctx.getWebSockets(userId)) socket.close(CLOSE_EXPIRED, reason);
  }

  closeAll(reason: string): void {
    for (const socket of this.#ctx.getWebSockets()) socket.close(CLOSE_EXPIRED, reason);
  }

  /** Closes what has expired; returns when the next one will, or null. */
  closeExpired(now: number): number | null {
    let next: number | null = null;
    for (const socket of this.#ctx.getWebSockets()) {
      const { expiresAt } = attachmentOf(socket);
      if (expiresAt <= now) socket.close(CLOSE_EXPIRED, "The token has expired");
      else next = Math.min(next ?? expiresAt, expiresAt);
    }
    return next;
  }

  #send(userId: string, text: string): void {
    for (const socket of this.#ctx.getWebSockets(userId)) {
      // A socket that is closing just misses the message; the feed has it.
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    }
  }
}

function unreadMessage(count: number): string {
  return JSON.stringify({ type: "unread", count });
}

function attachmentOf(socket: WebSocket): SocketAttachment {
  return socket.deserializeAttachment() as SocketAttachment;
}
