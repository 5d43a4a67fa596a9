import type { UserHistory } from "../../model/delivery-log.ts";
import type { ClientEngagement, Engagement } from "../../model/engagement.ts";
import type { FeedFilter, FeedItem, FeedPosition } from "../../model/feed.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import { AddressCalls } from "./address-calls.ts";
import type { FeedCaller } from "./contract.ts";
import { RETENTION_DUTY, SOCKETS_DUTY } from "./duty-kinds.ts";
import { REFUSED_TOKEN } from "./refused-token.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** About users' feeds and what they do there. */
export class FeedCalls extends AddressCalls {
  listFeed(caller: FeedCaller, filter: FeedFilter): Outcome<FeedItem[]> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.stores.feed.list(caller.userId, filter));
  }

  countUnread(caller: FeedCaller): Outcome<number> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.stores.feed.countUnread(caller.userId));
  }

  markFeedItem(
    caller: FeedCaller,
    notificationId: string,
    channelKey: string | null,
    kind: Engagement,
  ): Outcome<FeedItem[]> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    const items = this.#engage(caller.userId, (now) =>
      this.stores.feed.mark(caller.userId, notificationId, channelKey, kind, now),
    );
    return items === null
      ? refuse("ERR_NOT_FOUND", "This user's feed has no such notification.")
      : succeed(items);
  }

  markAllViewed(caller: FeedCaller): Outcome<number> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.#engage(caller.userId, (now) => this.stores.feed.markAllViewed(caller.userId, now)));
  }

  recordEngagement(event: ClientEngagement): Outcome<null> {
    return this.#engage(event.userId, (now) => {
      this.stores.arrivals.bringInOf(event.notificationId, event.userId);
      return this.stores.engagements.record(event, now);
    });
  }

  readUserHistory(userId: string, before: FeedPosition | null, limit: number): UserHistory {
    this.#bringIn(userId);
    return this.stores.log.readUserHistory(userId, before, limit);
  }

  acceptsToken(caller: FeedCaller): boolean {
    return this.accepts(caller);
  }

  #engage<T>(userId: string, work: (now: number) => T): T {
    const now = Date.now();
    const result = this.due.transaction(() => {
      this.reporter.noteChange(now);
      return work(now);
    });
    this.reporter.schedule("single");
    this.sockets.sendUnreadCount(userId, this.stores.feed.countUnread(userId));
    return result;
  }

  /** What arrived for a user since somebody last looked has rows of its own from now on. */
  #bringIn(userId: string): void {
    if (!this.stores.arrivals.isCurrent(userId))
      this.due.transaction(() => this.stores.arrivals.bringIn(userId));
  }

  /** Opens a feed socket. Only the Worker calls this, after it has checked the token. */
  override async fetch(request: Request): Promise<Response> {
    const params = new URL(request.url).searchParams;
    const userId = params.get("userId") ?? "";
    const expiresAt = Number(params.get("expiresAt"));
    if (!this.accepts({ userId, issuedAt: Number(params.get("issuedAt")) })) {
      return new Response(null, { status: 401 });
    }
    const now = Date.now();
    const ticket = params.get("ticket");
    if (ticket !== null && !this.#spendTicket(ticket, Number(params.get("ticketExpiresAt")), now)) {
      return new Response(null, { status: 401 });
    }
    this.#bringIn(userId);
    const client = this.sockets.accept(userId, expiresAt, this.stores.feed.countUnread(userId), now);
    if (client === null) return new Response(null, { status: 429 });
    this.due.bringForward(SOCKETS_DUTY, "", expiresAt);
    this.stores.users.noteSeen(userId, Date.now());
    const protocol = params.get("protocol");
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: protocol === null ? {} : { "sec-websocket-protocol": protocol },
    });
  }

  /** The socket only pushes; `ping` is answered without waking this object. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 only describe a missing close frame; they must not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  #spendTicket(id: string, expiresAt: number, now: number): boolean {
    return this.due.transaction(() => {
      this.due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      return this.stores.tokenBounds.spendTicket(id, expiresAt, now);
    });
  }
}
