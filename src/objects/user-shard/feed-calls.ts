import type { UserHistory } from "../../model/delivery-log.ts";
import type { ClientEngagement, Engagement } from "../../model/engagement.ts";
import type { FeedFilter, FeedItem, FeedMark, FeedPosition } from "../../model/feed.ts";
import { VIEW_ROWS } from "../../model/limits.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import { pause } from "../../model/pause.ts";
import { REFUSED_TOKEN } from "../../model/user-token.ts";
import { AddressCalls } from "./address-calls.ts";
import type { FeedCaller } from "./contract.ts";
import { RETENTION_DUTY, SOCKETS_DUTY } from "./duty-kinds.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** `next`: where the slice after it begins; null: at the newest item. */
interface ViewedSlice {
  count: number;
  isLast: boolean;
  next: FeedPosition | null;
  tell: () => unknown;
}

/** About users' feeds and what they do there. */
export class FeedCalls extends AddressCalls {
  async listFeed(caller: FeedCaller, filter: FeedFilter): Promise<Outcome<FeedItem[]>> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    let items = this.stores.feed.list(caller.userId, filter);
    while (this.#mayMiss(caller.userId, filter, items)) {
      await this.#bringInMore(caller.userId);
      if (!this.accepts(caller)) return REFUSED_TOKEN;
      items = this.stores.feed.list(caller.userId, filter);
    }
    return succeed(items);
  }

  async countUnread(caller: FeedCaller): Promise<Outcome<number>> {
    if (!(await this.#bringInAll(caller))) return REFUSED_TOKEN;
    return succeed(this.stores.feed.countUnread(caller.userId));
  }

  markFeedItem(
    caller: FeedCaller,
    notificationId: string,
    channelKey: string | null,
    kind: Engagement,
  ): Outcome<FeedItem[]> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    const mark = { notificationId, channelKey };
    const items = this.#mark(caller.userId, [mark], kind);
    return items.length === 0
      ? refuse("ERR_NOT_FOUND", "This user's feed has no such notification.")
      : succeed(items);
  }

  markViewed(caller: FeedCaller, marks: readonly FeedMark[]): Outcome<FeedItem[]> {
    if (!this.accepts(caller)) return REFUSED_TOKEN;
    return succeed(this.#mark(caller.userId, marks, "viewed"));
  }

  async markAllViewed(caller: FeedCaller): Promise<Outcome<number>> {
    let before: FeedPosition | null = null;
    for (let viewed = 0; ; ) {
      if (!this.accepts(caller)) return REFUSED_TOKEN;
      const slice = this.#viewSlice(caller.userId, before);
      viewed += slice.count;
      if (slice.isLast) return succeed(viewed);
      before = slice.next;
      await pause();
    }
  }

  /**
   * Brings in and marks so many items, from where the slice before it ended: what is viewed isn't read again for each.
   * The last slice begins anew, as newer ones may have arrived meanwhile. With it all is viewed: only then the sockets
   * hear of it.
   */
  #viewSlice(userId: string, before: FeedPosition | null): ViewedSlice {
    return this.#engage(userId, (now) => {
      const { arrivals, feed } = this.stores;
      arrivals.bringIn(userId);
      const marked = feed.markSomeViewed(userId, VIEW_ROWS, before, now);
      const isEnd = marked.length < VIEW_ROWS && arrivals.isCurrent(userId);
      const isLast = isEnd && before === null;
      const next = isEnd ? null : (marked.at(-1) ?? before);
      const tell = () => isLast && this.sockets.sendAllViewed(userId, now);
      return { count: marked.length, isLast, next, tell };
    });
  }

  recordEngagement(event: ClientEngagement): Outcome<null> {
    const { userId, notificationId, channelKey } = event;
    const { recorded } = this.#engage(userId, (now) => {
      this.stores.arrivals.bringInOf(notificationId, userId);
      const recorded = this.stores.engagements.record(event, now);
      return { recorded, tell: () => this.#tellMarks(userId, [{ notificationId, channelKey }]) };
    });
    return recorded;
  }

  async readUserHistory(userId: string, before: FeedPosition | null, limit: number): Promise<UserHistory> {
    while (!this.stores.arrivals.isCurrent(userId)) await this.#bringInMore(userId);
    return this.stores.log.readUserHistory(userId, before, limit);
  }

  checkToken(caller: FeedCaller): Outcome<null> {
    return this.accepts(caller) ? succeed(null) : REFUSED_TOKEN;
  }

  #mark(userId: string, marks: readonly FeedMark[], kind: Engagement): FeedItem[] {
    const { items } = this.#engage(userId, (now) => {
      const items = marks.flatMap((mark) => {
        const { arrivals, feed } = this.stores;
        if (arrivals.mayHave(userId, mark.notificationId)) arrivals.bringInOf(mark.notificationId, userId);
        return feed.mark(userId, mark, kind, now);
      });
      return { items, tell: () => this.sockets.sendMarked(userId, items) };
    });
    return items;
  }

  /** Sockets are told what a mark from elsewhere has made of the feed's items, where there are any. */
  #tellMarks(userId: string, marks: readonly FeedMark[]): void {
    if (!this.sockets.isOnline(userId)) return;
    this.sockets.sendMarked(
      userId,
      marks.flatMap((mark) => this.stores.feed.find(userId, mark)),
    );
  }

  /** `work` says what the user's sockets are told of it, before the new count. */
  #engage<T extends { tell: () => unknown }>(userId: string, work: (now: number) => T): T {
    const now = Date.now();
    const result = this.due.transaction(() => {
      this.reporter.noteChange(now);
      return work(now);
    });
    this.reporter.schedule("single");
    result.tell();
    if (this.sockets.isOnline(userId))
      this.sockets.sendUnreadCount(userId, this.stores.feed.countUnread(userId));
    return result;
  }

  /** What arrived for a user since somebody last looked has rows of its own from now on: a slice, newest first. */
  #bringIn(userId: string): void {
    if (!this.stores.arrivals.isCurrent(userId))
      this.due.transaction(() => this.stores.arrivals.bringIn(userId));
  }

  /** A slice more; before it others have their turn. */
  async #bringInMore(userId: string): Promise<void> {
    await pause();
    this.#bringIn(userId);
  }

  /** All of it. False where the token isn't taken, or not any more. */
  async #bringInAll(caller: FeedCaller): Promise<boolean> {
    if (!this.accepts(caller)) return false;
    this.#bringIn(caller.userId);
    while (!this.stores.arrivals.isCurrent(caller.userId)) await this.#bringInMore(caller.userId);
    return this.accepts(caller);
  }

  /** True where something that isn't brought in yet may belong among these items. */
  #mayMiss(userId: string, { limit }: FeedFilter, items: readonly FeedItem[]): boolean {
    const last = items.at(limit - 1);
    return last === undefined
      ? !this.stores.arrivals.isCurrent(userId)
      : this.stores.arrivals.mayHaveAfter(userId, last.notificationId);
  }

  /** Opens a feed socket. Only the Worker calls this, after it has checked the token. */
  override async fetch(request: Request): Promise<Response> {
    const params = new URL(request.url).searchParams;
    const userId = params.get("userId") ?? "";
    const expiresAt = Number(params.get("expiresAt"));
    const issuedAt = Number(params.get("issuedAt"));
    if (!this.accepts({ userId, issuedAt })) return new Response(null, { status: 401 });
    const now = Date.now();
    const ticket = params.get("ticket");
    if (ticket !== null && !this.#spendTicket(ticket, Number(params.get("ticketExpiresAt")), now)) {
      return new Response(null, { status: 401 });
    }
    if (!(await this.#bringInAll({ userId, issuedAt }))) return new Response(null, { status: 401 });
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
