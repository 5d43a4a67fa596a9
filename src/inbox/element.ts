import type { GetToken } from "./feed/calls.ts";
import { FeedError } from "./feed/calls.ts";
import { type FeedAction, readContent, type ShownContent } from "./feed/content.ts";
import { type FeedItem, keyOf } from "./feed/item.ts";
import { FeedList, type Filter } from "./feed/list.ts";
import { findSession, type Session, type SessionEvent } from "./feed/session.ts";
import { adoptStyles } from "./look/styles.ts";
import { fill, type Texts, textsFor } from "./look/texts.ts";
import { Times } from "./look/times.ts";
import { type Drawn, draw } from "./view/draw.ts";
import { moveFocus } from "./view/keys.ts";
import { Seen } from "./view/seen.ts";
import { type RenderItem, Slots } from "./view/slots.ts";
import type { FeedView } from "./view/view.ts";
import { Windows } from "./view/windows.ts";

/** Relative times are drawn anew so often. */
const TICK_MS = 30_000;
/** From so many pixels on a list counts as scrolled away from its newest items. */
const SCROLLED_PX = 120;

/** Properties that frameworks may set before the element is defined. */
const PROPERTIES = ["token", "getToken", "texts", "renderItem"] as const;

/** On a server, where modules are only read, there is nothing to extend. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** What the elements have in common: a session, a list with its filter, and the drawing of both. */
export abstract class FeedElement extends Base {
  static readonly observedAttributes = [
    "server",
    "token",
    "locale",
    "tags",
    "tag",
    "filter",
    "read-only",
    "target",
  ];

  protected session: Session | null = null;
  protected list: FeedList | null = null;
  protected readonly root: ShadowRoot;
  #getToken: GetToken | null = null;
  #texts: Partial<Texts> = {};
  #stopListening: (() => void) | null = null;
  #windows: Windows | null = null;
  #seen: Seen | null = null;
  readonly #slots = new Slots(this);
  #times: Times | null = null;
  #tick: ReturnType<typeof setInterval> | undefined;
  #isDue = false;
  #arrived = new Set<string>();
  #unfolded = new Set<string>();
  #hasNewer = false;
  #announced = "";
  #contents = new WeakMap<FeedItem, ShownContent>();

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open", delegatesFocus: false });
    adoptStyles(this.root);
  }

  /** The user's token. An attribute too. */
  get token(): string {
    return this.getAttribute("token") ?? "";
  }

  set token(token: string | null | undefined) {
    if (token) this.setAttribute("token", token);
    else this.removeAttribute("token");
  }

  /** Gives a token: called where there is none yet, and once where one is refused. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null | undefined) {
    if ((getToken ?? null) === this.#getToken) return;
    this.#getToken = getToken ?? null;
    this.#restart();
  }

  /** Texts in place of the locale's. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts> | null | undefined) {
    this.#texts = texts ?? {};
    this.update();
  }

  /** Draws an item in place of the element: a node of the page's own, or null for the usual look. */
  get renderItem(): RenderItem | null {
    return this.#slots.renderItem;
  }

  set renderItem(renderItem: RenderItem | null | undefined) {
    this.#slots.renderItem = renderItem ?? null;
    this.update();
  }

  /** The server's last number of items without a view; null before the first. */
  get unreadCount(): number | null {
    return this.session?.unread ?? null;
  }

  /** The items that are loaded. */
  get items(): readonly FeedItem[] {
    return this.list?.items ?? [];
  }

  get isReadOnly(): boolean {
    return this.hasAttribute("read-only");
  }

  /** Reads what is shown again, and tries again what has failed. */
  refresh(): void {
    this.session?.refresh();
    this.update();
  }

  /** Marks all of the user's items viewed. Rejects with a {@link FeedError}. */
  async markAllViewed(): Promise<void> {
    const before = this.items.filter(({ viewedAt }) => viewedAt === null);
    await this.session?.viewAll();
    this.list?.markViewed(before);
    if (before.length > 0) this.tell("onecall-view", { items: before });
  }

  /** Marks one item viewed. */
  markViewed(item: FeedItem): void {
    this.#view([item]);
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) this.#takeEarly(name);
    this.#restart();
  }

  disconnectedCallback(): void {
    this.#stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === "locale") this.#times = null;
    if (name === "server" || name === "token" || name === "read-only") this.#restart();
    else if (name === "tag" || name === "filter") this.#setFilter(this.#firstFilter());
    else this.update();
  }

  /** The element's tree. */
  protected abstract draw(texts: Texts): Drawn;
  /** Whether the list is in sight, and so its items can be seen. */
  protected abstract get isListOpen(): boolean;
  protected abstract get hasHeading(): boolean;

  protected tell(type: string, detail: object, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** Draws anew, once for all that changes in one turn. */
  protected update(): void {
    if (this.#isDue || !this.isConnected) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.isConnected) this.#draw();
    });
  }

  protected openList(): void {
    if (this.list !== null || this.session === null) return;
    this.list = new FeedList(this.session, this.#firstFilter(), () => this.update());
    this.#windows = new Windows(
      () => this.update(),
      () => void this.list?.readMore(),
    );
    this.#seen ??= new Seen((keys) => this.#seeKeys(keys));
  }

  /** What a screen reader says when something comes. */
  protected get announced(): string {
    return this.#announced;
  }

  protected viewOf(session: Session, list: FeedList, windows: Windows, texts: Texts): FeedView {
    return {
      ...{ session, list, windows, texts, times: this.#timesNow(), nowMs: Date.now() },
      tags: splitNames(this.getAttribute("tags")),
      linkTarget: this.getAttribute("target") ?? "_self",
      isReadOnly: this.isReadOnly,
      hasHeading: this.hasHeading,
      hasNewer: this.#hasNewer,
      arrived: this.#arrived,
      unfolded: this.#unfolded,
      contentOf: (item) => this.#contentOf(item),
      isCustom: (item) => this.#slots.fill(item),
      onFilter: (filter) => this.#setFilter(filter),
      onMarkAll: () => void this.markAllViewed().catch((error: unknown) => this.#report(error)),
      onRetry: () => this.refresh(),
      onNewest: () => this.#scrollUp(),
      onUnfold: (item) => this.#unfold(item),
      onScroll: () => this.#noteScroll(),
      onKeyDown: (event) => moveFocus(this.root, event),
      onAction: (event, item, action) => this.#act(event, item, action),
    };
  }

  /** The view of the list, or null where it isn't open. */
  protected get view(): FeedView | null {
    const { session, list } = this;
    if (session === null || list === null || this.#windows === null) return null;
    return this.viewOf(session, list, this.#windows, this.#textsNow());
  }

  #takeEarly(name: (typeof PROPERTIES)[number]): void {
    const early = Object.getOwnPropertyDescriptor(this, name);
    if (early === undefined) return;
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, early.value);
  }

  #restart(): void {
    if (!this.isConnected) return;
    this.#stop();
    const server = this.getAttribute("server") ?? ownServer();
    const { token, isReadOnly } = this;
    // Before there is a token or a way to one nothing is asked for: frameworks set it a moment later.
    if (token !== "" || this.#getToken !== null) {
      this.session = findSession({ server, token, getToken: this.#getToken, isReadOnly });
      this.#stopListening = this.session.listen((event) => this.#take(event));
      if (this.isListOpen) this.openList();
    }
    this.#tick = setInterval(() => this.isListOpen && this.update(), TICK_MS);
    this.update();
  }

  #stop(): void {
    this.#closeList();
    this.#seen?.close();
    this.#seen = null;
    this.#stopListening?.();
    this.#stopListening = null;
    this.session = null;
    clearInterval(this.#tick);
  }

  #closeList(): void {
    this.list?.close();
    this.list = null;
    this.#windows?.close();
    this.#windows = null;
    this.#slots.clear();
    this.#hasNewer = false;
    this.#arrived.clear();
  }

  #draw(): void {
    draw(this.draw(this.#textsNow()), this.root);
    this.#slots.sweep();
    const end = this.list?.hasMore && this.isListOpen ? this.root.querySelector(".more") : null;
    this.#windows?.watch(this.root.querySelectorAll("[data-stretch]"), end);
    const canSee = this.isListOpen && !this.isReadOnly;
    this.#seen?.watch(canSee ? this.root.querySelectorAll("[data-unread]") : []);
  }

  #textsNow(): Texts {
    return textsFor(this.#locale(), this.#texts);
  }

  #timesNow(): Times {
    this.#times ??= new Times(this.#locale());
    return this.#times;
  }

  /** The attribute's, or the page's language at this place. */
  #locale(): string {
    const near = this.getAttribute("locale") ?? this.closest("[lang]")?.getAttribute("lang");
    return near || document.documentElement.lang || navigator.language;
  }

  #contentOf(item: FeedItem): ShownContent {
    const known = this.#contents.get(item);
    if (known !== undefined) return known;
    const content = readContent(item, location.href);
    this.#contents.set(item, content);
    return content;
  }

  #firstFilter(): Filter {
    return { isUnreadOnly: this.getAttribute("filter") === "unread", tag: this.getAttribute("tag") };
  }

  #setFilter(filter: Filter): void {
    if (this.list === null || this.session === null) return;
    this.#closeList();
    this.openList();
    this.list = new FeedList(this.session, filter, () => this.update());
    this.update();
  }

  #take(event: SessionEvent): void {
    const { session, list } = this;
    if (session === null) return;
    const hasChanged = list?.take(event) ?? false;
    if (event.type === "item") this.#takeItem(event.item, hasChanged);
    if (event.type === "unread") this.tell("onecall-unread", { count: session.unread });
    if (event.type === "state" && session.error !== null) this.#report(session.error);
    if (hasChanged || event.type !== "reread") this.update();
  }

  #takeItem(item: FeedItem, isListed: boolean): void {
    this.tell("onecall-item", { item });
    this.#announced = fill(this.#textsNow().arrived, { title: this.#contentOf(item).title });
    if (!isListed) return;
    this.#arrived.add(keyOf(item));
    const scrolled = this.root.querySelector(".list")?.scrollTop ?? 0;
    if (scrolled > SCROLLED_PX && this.items[0] !== undefined && keyOf(this.items[0]) === keyOf(item)) {
      this.#hasNewer = true;
    }
  }

  #report(error: unknown): void {
    if (!(error instanceof FeedError)) throw error;
    this.tell("onecall-error", { code: error.code, status: error.status, message: error.message });
    this.update();
  }

  #seeKeys(keys: readonly string[]): void {
    const wanted = new Set(keys);
    this.#view(this.items.filter((item) => item.viewedAt === null && wanted.has(keyOf(item))));
  }

  #view(items: readonly FeedItem[]): void {
    if (items.length === 0 || this.isReadOnly) return;
    this.session?.view(items);
    this.list?.markViewed(items);
    this.tell("onecall-view", { items });
  }

  #act(event: Event, item: FeedItem, action: FeedAction | null): void {
    const goesOn = this.tell("onecall-action", { item, action }, true);
    if (!goesOn) event.preventDefault();
    if (this.isReadOnly) return;
    this.list?.markClicked(item);
    void this.session?.click(item).catch((error: unknown) => this.#report(error));
  }

  #unfold(item: FeedItem): void {
    const key = keyOf(item);
    if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
    this.update();
  }

  #scrollUp(): void {
    this.root.querySelector(".list")?.scrollTo({ top: 0 });
    this.#hasNewer = false;
    this.update();
  }

  #noteScroll(): void {
    const isUp = (this.root.querySelector(".list")?.scrollTop ?? 0) <= SCROLLED_PX;
    if (!isUp || !this.#hasNewer) return;
    this.#hasNewer = false;
    this.update();
  }
}

function splitNames(text: string | null): string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Where the module was loaded from, where that is a Onecall; else the page's own site. */
function ownServer(): string {
  const { origin, pathname } = new URL(import.meta.url);
  return /^\/inbox(-\w+)?\.js$/.test(pathname) ? origin : location.origin;
}
