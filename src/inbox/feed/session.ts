import { FeedCalls, FeedError, type GetToken, Tokens } from "./calls.ts";
import { type FeedItem, isFields, keyOf, type Marks, readItem, readItems } from "./item.ts";
import { FeedSocket } from "./socket.ts";

/** What the lists and badges of a session are told. */
export type SessionEvent =
  | { type: "unread" }
  | { type: "item"; item: FeedItem }
  | { type: "marked"; marks: readonly Marks[] }
  | { type: "all-viewed"; viewedAt: string }
  /** Messages may have been missed: what is shown is to be read again. */
  | { type: "reread" }
  | { type: "state" };

export interface SessionOptions {
  server: string;
  token: string;
  getToken: GetToken | null;
  /** Nothing is marked, and no socket makes the user count as online. */
  isReadOnly: boolean;
}

/** Views that one call tells of. */
const MAX_VIEWS = 100;
/** Whoever comes back to a page after this time sees what was read anew. */
const REREAD_MS = 10_000;
/** Views that come within this time go together. */
const VIEWS_WAIT_MS = 150;
/** Views that weren't taken are told of again after this time, then twice that, up to a minute. */
const VIEWS_RETRY_MS = 2000;
const VIEWS_LONGEST_RETRY_MS = 60_000;

/** What a user's client has open: one socket, whatever is shown of it. */
export class Session {
  readonly calls: FeedCalls;
  readonly isReadOnly: boolean;
  /** The server's last number; null before the first. */
  unread: number | null = null;
  /** Why nothing comes any more. */
  error: FeedError | null = null;
  /** True from when the connection was lost until it is there again. */
  isOffline = false;
  readonly #options: SessionOptions;
  readonly #listeners = new Set<(event: SessionEvent) => void>();
  readonly #views = new Map<string, FeedItem>();
  #viewsTimer: ReturnType<typeof setTimeout> | undefined;
  /** Calls in a row that told of views in vain. */
  #viewMisses = 0;
  #socket: FeedSocket | null = null;
  /** When lists were told to read, Unix ms; 0 before the first connection. */
  #rereadAt = 0;

  constructor(options: SessionOptions) {
    const { server, token, getToken, isReadOnly } = options;
    this.#options = options;
    this.calls = new FeedCalls(server, new Tokens(token, getToken));
    this.isReadOnly = isReadOnly;
  }

  isOf({ server, token, getToken, isReadOnly }: SessionOptions): boolean {
    const own = this.#options;
    const hasSameToken = own.token === token && own.getToken === getToken;
    return hasSameToken && own.server === server && own.isReadOnly === isReadOnly;
  }

  /** Opens with the first listener, and closes with the last. */
  listen(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  /** Another try after an end, and whatever may have been missed. */
  refresh(): void {
    this.error = null;
    this.#rereadAt = Date.now();
    this.#socket?.wake();
    if (this.#socket?.isOpen !== true) void this.#readUnread();
    this.#tell({ type: "reread" });
  }

  /** Tells that items were seen: several in one call, and again where it didn't arrive. */
  view(items: readonly FeedItem[]): void {
    if (this.isReadOnly) return;
    for (const item of items) this.#views.set(keyOf(item), item);
    this.#viewsTimer ??= setTimeout(() => void this.#sendViews(), VIEWS_WAIT_MS);
  }

  /** @throws {FeedError} */
  async click({ notificationId, channelKey }: FeedItem): Promise<void> {
    if (this.isReadOnly) return;
    await this.#mark(`/${encodeURIComponent(notificationId)}/clicked`, { channelKey });
  }

  /** @throws {FeedError} */
  async viewAll(): Promise<void> {
    if (this.isReadOnly) return;
    await this.#mark("/read-all");
  }

  async #sendViews(): Promise<void> {
    this.#viewsTimer = undefined;
    const sent = [...this.#views].slice(0, MAX_VIEWS);
    if (sent.length === 0) return;
    for (const [key] of sent) this.#views.delete(key);
    const items = sent.map(([, { notificationId, channelKey }]) => ({ notificationId, channelKey }));
    try {
      await this.#mark("/viewed", { items });
      this.#viewMisses = 0;
      if (this.#views.size > 0) await this.#sendViews();
    } catch (error) {
      // What was refused would be refused again.
      if (!(error instanceof FeedError) || (error.status !== 0 && error.status < 429)) return;
      for (const [key, item] of sent) this.#views.set(key, item);
      // Without a token they wait for the connection that the next one opens.
      if (error.code !== "ERR_TOKEN") this.#retryViews();
    }
  }

  #retryViews(): void {
    if (this.#listeners.size === 0) return;
    const wait = Math.min(VIEWS_LONGEST_RETRY_MS, VIEWS_RETRY_MS * 2 ** this.#viewMisses++);
    this.#viewsTimer ??= setTimeout(() => void this.#sendViews(), wait);
  }

  async #mark(path: string, body?: object): Promise<void> {
    await this.calls.call("POST", path, body);
    // The socket tells the new number; without one it is asked for.
    if (this.#socket?.isOpen !== true) await this.#readUnread();
  }

  async #readUnread(): Promise<void> {
    try {
      const answer = await this.calls.call("GET", "/unread-count");
      if (this.#socket?.isOpen !== true && isFields(answer)) this.#setUnread(answer.count);
      this.#setOffline(false);
    } catch (error) {
      if (error instanceof FeedError) this.#fail(error);
    }
  }

  #fail(error: FeedError): void {
    if (error.code === "ERR_NETWORK") {
      this.#setOffline(true);
    } else {
      this.error = error;
      this.#tell({ type: "state" });
    }
  }

  #open(): void {
    open.push(this);
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#lose);
    addEventListener("focus", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    if (this.isReadOnly) return void this.#readUnread();
    this.#socket = new FeedSocket({
      url: this.calls.socketUrl,
      tokens: this.calls.tokens,
      onMessage: (message) => this.#read(message),
      onOpen: () => this.#opened(),
      onAlive: () => this.#setOffline(false),
      onLost: () => this.#setOffline(true),
      onEnd: (error) => this.#fail(error),
    });
  }

  #close(): void {
    open.splice(open.indexOf(this), 1);
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#lose);
    removeEventListener("focus", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#socket?.close();
    this.#socket = null;
  }

  #opened(): void {
    this.error = null;
    this.#setOffline(false);
    // What came while there was no socket was told to nobody, also between a list's first read and the first socket.
    this.#tell({ type: "reread" });
    this.#rereadAt = Date.now();
    if (this.#views.size > 0) void this.#sendViews();
  }

  #wake = (): void => {
    if (document.visibilityState === "hidden") return;
    if (Date.now() - this.#rereadAt > REREAD_MS) this.refresh();
    else this.#socket?.wake();
  };

  #lose = (): void => this.#setOffline(true);

  #setOffline(isOffline: boolean): void {
    if (this.isOffline === isOffline) return;
    this.isOffline = isOffline;
    this.#tell({ type: "state" });
  }

  #setUnread(count: unknown): void {
    if (typeof count !== "number" || count === this.unread) return;
    this.unread = count;
    this.#tell({ type: "unread" });
  }

  #read(message: unknown): void {
    if (!isFields(message)) return;
    if (message.type === "unread") this.#setUnread(message.count);
    const item = message.type === "item" ? readItem(message.item) : null;
    if (item !== null) this.#tell({ type: "item", item });
    if (message.type === "marked") this.#tell({ type: "marked", marks: readItems(message.items) });
    if (message.type === "all-viewed" && typeof message.viewedAt === "string") {
      this.#tell({ type: "all-viewed", viewedAt: message.viewedAt });
    }
  }

  #tell(event: SessionEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Those that somebody listens to. */
const open: Session[] = [];

/** The session of these options: elements of a page that have the same share it. */
export function findSession(options: SessionOptions): Session {
  return open.find((session) => session.isOf(options)) ?? new Session(options);
}
