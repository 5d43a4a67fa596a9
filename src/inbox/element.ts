import { FeedError } from "./feed/calls.ts";
import { type FeedAction, readContent, type ShownContent } from "./feed/content.ts";
import { type FeedItem, keyOf } from "./feed/item.ts";
import { FeedList, type Filter } from "./feed/list.ts";
import type { SessionEvent } from "./feed/session.ts";
import { fill } from "./look/texts.ts";
import { SessionElement } from "./session-element.ts";
import { hideNeedlessFolds } from "./view/folds.ts";
import { moveFocus } from "./view/keys.ts";
import { Seen } from "./view/seen.ts";
import { type RenderItem, Slots } from "./view/slots.ts";
import type { FeedView } from "./view/view.ts";
import { Windows } from "./view/windows.ts";

/** Relative times are drawn anew so often. */
const TICK_MS = 30_000;
/** From so many pixels on a list counts as scrolled away from its newest items. */
const SCROLLED_PX = 120;

/** What the elements have in common: a list with its filter, its drawing, and what a person does with it. */
export abstract class FeedElement extends SessionElement {
  static override readonly observedAttributes = [
    ...SessionElement.observedAttributes,
    ...["tags", "tag", "filter", "target", "heading"],
  ];

  protected list: FeedList | null = null;
  /** What a screen reader says when something has come. */
  protected announced = "";
  #windows: Windows | null = null;
  #seen: Seen | null = null;
  readonly #slots = new Slots(this);
  #tick: ReturnType<typeof setInterval> | undefined;
  readonly #arrived = new Set<string>();
  readonly #unfolded = new Set<string>();
  #hasNewer = false;
  readonly #contents = new WeakMap<FeedItem, ShownContent>();

  /** Draws an item in place of the element: a node of the page's own, or null for the usual look. */
  get renderItem(): RenderItem | null {
    return this.#slots.renderItem;
  }

  set renderItem(renderItem: RenderItem | null | undefined) {
    this.#slots.renderItem = renderItem ?? null;
    this.update();
  }

  /** The items that are loaded. */
  get items(): readonly FeedItem[] {
    return this.list?.items ?? [];
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

  override attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    super.attributeChangedCallback(name, before, after);
    const isFilter = name === "tag" || name === "filter";
    if (isFilter && before !== after && this.isConnected) this.#setFilter(this.#firstFilter());
  }

  /** Whether the list is in sight, and so its items can be seen. */
  protected abstract get isListOpen(): boolean;
  protected abstract get hasHeading(): boolean;

  protected override get propertyNames(): readonly string[] {
    return [...super.propertyNames, "renderItem"];
  }

  protected override started(): void {
    if (this.isListOpen) this.openList();
    this.#tick = setInterval(() => this.isListOpen && this.update(), TICK_MS);
  }

  protected override stopped(): void {
    clearInterval(this.#tick);
    this.#closeList();
    this.#seen?.close();
    this.#seen = null;
  }

  protected openList(filter: Filter = this.#firstFilter()): void {
    if (this.list !== null || this.session === null) return;
    this.list = new FeedList(this.session, filter, () => this.update());
    this.#windows = new Windows(
      () => this.update(),
      () => void this.list?.readMore(),
    );
    this.#seen ??= new Seen((keys) => this.#seeKeys(keys));
  }

  protected override drawn(): void {
    this.#slots.sweep();
    hideNeedlessFolds(this.root);
    const end = this.list?.hasMore && this.isListOpen ? this.root.querySelector(".more") : null;
    this.#windows?.watch(this.root.querySelectorAll<HTMLElement>("[data-stretch]"), end);
    const canSee = this.isListOpen && !this.isReadOnly;
    this.#seen?.watch(canSee ? this.root.querySelectorAll("[data-unread]") : []);
  }

  /** The view of the list, or null where it hasn't been opened. */
  protected get view(): FeedView | null {
    const { session, list } = this;
    const windows = this.#windows;
    if (session === null || list === null || windows === null) return null;
    return {
      session,
      list,
      windows,
      texts: this.textsNow(),
      times: this.timesNow(),
      nowMs: Date.now(),
      tags: splitNames(this.getAttribute("tags")),
      linkTarget: this.getAttribute("target") ?? "_self",
      isReadOnly: this.isReadOnly,
      hasHeading: this.hasHeading,
      hasTop: this.hasHeading || this.querySelector(':scope > [slot="header"]') !== null,
      hasNewer: this.#hasNewer,
      arrived: this.#arrived,
      unfolded: this.#unfolded,
      contentOf: (item) => this.#contentOf(item),
      isCustom: (item) => this.#slots.fill(item),
      onFilter: (filter) => this.#setFilter(filter),
      onMarkAll: () => void this.markAllViewed().catch((error: unknown) => this.#reportFault(error)),
      onRetry: () => this.refresh(),
      onNewest: () => this.#scrollUp(),
      onUnfold: (item) => this.#unfold(item),
      onScroll: () => this.#noteScroll(),
      onHeader: () => this.update(),
      onKeyDown: (event) => moveFocus(this.root, event),
      onAction: (event, item, action) => this.#act(event, item, action),
    };
  }

  protected override take(event: SessionEvent): void {
    const { session } = this;
    if (session === null) return;
    const hasChanged = this.list?.take(event) ?? false;
    if (event.type === "item") this.#takeItem(event.item, hasChanged);
    if (event.type === "unread") this.tell("onecall-unread", { count: session.unread });
    if (event.type === "state" && session.error !== null) this.report(session.error);
    if (hasChanged || event.type !== "reread") this.update();
  }

  #closeList(): void {
    this.list?.close();
    this.list = null;
    this.#windows?.close();
    this.#windows = null;
    this.#slots.clear();
    this.#hasNewer = false;
    this.#arrived.clear();
    this.#unfolded.clear();
  }

  #contentOf(item: FeedItem): ShownContent {
    const content = this.#contents.get(item) ?? readContent(item, location.href);
    this.#contents.set(item, content);
    return content;
  }

  #firstFilter(): Filter {
    return { isUnreadOnly: this.getAttribute("filter") === "unread", tag: this.getAttribute("tag") };
  }

  #setFilter(filter: Filter): void {
    if (this.list === null) return;
    this.#closeList();
    this.openList(filter);
    this.update();
  }

  #takeItem(item: FeedItem, isListed: boolean): void {
    this.tell("onecall-item", { item });
    this.announced = fill(this.textsNow().arrived, { title: this.#contentOf(item).title });
    if (!isListed) return;
    this.#arrived.add(keyOf(item));
    const isTop = this.items[0] !== undefined && keyOf(this.items[0]) === keyOf(item);
    this.#hasNewer ||= isTop && this.#scrolled() > SCROLLED_PX;
  }

  #reportFault(error: unknown): void {
    if (!(error instanceof FeedError)) throw error;
    this.report(error);
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
    if (!this.tell("onecall-action", { item, action }, true)) event.preventDefault();
    if (this.isReadOnly) return;
    this.list?.markClicked(item);
    void this.session?.click(item).catch((error: unknown) => this.#reportFault(error));
  }

  #unfold(item: FeedItem): void {
    const key = keyOf(item);
    if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
    this.update();
  }

  #scrolled(): number {
    return this.root.querySelector(".list")?.scrollTop ?? 0;
  }

  #scrollUp(): void {
    this.root.querySelector(".list")?.scrollTo({ top: 0 });
    this.#hasNewer = false;
    this.update();
  }

  #noteScroll(): void {
    if (!this.#hasNewer || this.#scrolled() > SCROLLED_PX) return;
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
