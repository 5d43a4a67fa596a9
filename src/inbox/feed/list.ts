import { FeedError } from "./calls.ts";
import { compareItems, type FeedItem, type FeedPage, keyOf, type Marks, readPage } from "./item.ts";
import type { Session, SessionEvent } from "./session.ts";

/** Items of a call, and about those that are drawn or left out together. */
const PAGE = 25;
/** A list reads so many again at once, and shows so many at most. */
const MAX_REREAD = 100;
const MAX_ITEMS = 5000;

export interface Filter {
  isUnreadOnly: boolean;
  /** Null: any. */
  tag: string | null;
}

/** Items that are drawn together, or whose place is kept free while they are out of sight. */
export interface Stretch {
  id: number;
  items: FeedItem[];
}

/** What a user sees of a feed: pages as they are scrolled to, kept up to date by the session. */
export class FeedList {
  readonly filter: Filter;
  stretches: Stretch[] = [];
  state: "loading" | "ready" | "failed" = "loading";
  error: FeedError | null = null;
  isLoadingMore = false;
  /** More stands in the feed than is here. */
  hasMore = false;
  readonly #session: Session;
  readonly #onChange: () => void;
  #cursor: string | null = null;
  #stretchId = 0;
  #reading: Promise<void> | null = null;
  #isClosed = false;

  constructor(session: Session, filter: Filter, onChange: () => void) {
    this.#session = session;
    this.filter = filter;
    this.#onChange = onChange;
    void this.read();
  }

  get items(): FeedItem[] {
    return this.stretches.flatMap(({ items }) => items);
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The newest items, and with them what changed of those that are here. */
  read(): Promise<void> {
    this.#reading ??= this.#readNewest().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** The next older page. */
  async readMore(): Promise<void> {
    const cursor = this.#cursor;
    if (!this.hasMore || this.isLoadingMore || cursor === null) return;
    this.isLoadingMore = true;
    this.#onChange();
    try {
      const page = await this.#fetch(PAGE, cursor);
      // Else the list was read anew meanwhile, and ends elsewhere: between the two there would be a gap.
      if (this.#cursor === cursor) {
        const known = new Set(this.items.map(keyOf));
        this.#append(page.items.filter((item) => !known.has(keyOf(item))));
        this.#setEnd(page);
      }
      this.error = null;
    } catch (error) {
      this.error = toFeedError(error);
    }
    this.isLoadingMore = false;
    this.#onChange();
  }

  /** Takes over what the session says; returns whether anything here is another one for it. */
  take(event: SessionEvent): boolean {
    switch (event.type) {
      case "item":
        return this.#insert(event.item);
      case "marked":
        return this.#mark(event.marks);
      case "all-viewed":
        return this.#change((item) =>
          item.viewedAt === null ? { ...item, viewedAt: event.viewedAt } : item,
        );
      case "reread":
        // A read that is on its way may have missed it.
        if (this.#reading === null) void this.read();
        else void this.#reading.then(() => this.read());
        return false;
      default:
        return false;
    }
  }

  markViewed(items: readonly FeedItem[], now = new Date().toISOString()): void {
    this.#mark(items.map((item) => ({ ...item, viewedAt: now })));
    this.#onChange();
  }

  markClicked(item: FeedItem, now = new Date().toISOString()): void {
    this.#mark([{ ...item, viewedAt: now, clickedAt: now }]);
    this.#onChange();
  }

  async #readNewest(): Promise<void> {
    const shown = this.items;
    try {
      const page = await this.#fetch(Math.min(MAX_REREAD, Math.max(PAGE, shown.length)), null);
      if (this.#isClosed) return;
      const last = page.items.at(-1);
      const older = last === undefined ? [] : shown.filter((item) => compareItems(item, last) > 0);
      // Only where they meet is nothing missing between the two.
      const meets = page.nextCursor !== null && shown.some((item) => last && keyOf(item) === keyOf(last));
      this.stretches = [];
      this.#append(meets ? [...page.items, ...older] : page.items);
      if (!meets || older.length === 0) this.#setEnd(page);
      this.state = "ready";
      this.error = null;
    } catch (error) {
      this.error = toFeedError(error);
      // What is here stays: it may be old, but it is true.
      if (this.state === "loading") this.state = "failed";
    }
    this.#onChange();
  }

  async #fetch(limit: number, cursor: string | null): Promise<FeedPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor !== null) query.set("cursor", cursor);
    if (this.filter.isUnreadOnly) query.set("unread", "true");
    if (this.filter.tag !== null) query.set("tag", this.filter.tag);
    return readPage(await this.#session.calls.call("GET", `?${query}`));
  }

  #setEnd({ nextCursor }: FeedPage): void {
    this.#cursor = nextCursor;
    this.hasMore = nextCursor !== null && this.items.length < MAX_ITEMS;
  }

  #append(items: readonly FeedItem[]): void {
    for (let from = 0; from < items.length; from += PAGE) {
      this.stretches.push({ id: ++this.#stretchId, items: items.slice(from, from + PAGE) });
    }
  }

  /** A new item where it belongs, which is nearly always the top. */
  #insert(item: FeedItem): boolean {
    const { isUnreadOnly, tag } = this.filter;
    if (this.state !== "ready" || (tag !== null && item.tag !== tag)) return false;
    if (isUnreadOnly && item.viewedAt !== null) return false;
    const place = this.stretches.findIndex(({ items }) => items.some((one) => compareItems(one, item) >= 0));
    const stretch = this.stretches[place];
    if (stretch === undefined) {
      // Below all that is here: it comes with its page, where there are more.
      if (!this.hasMore) this.#append([item]);
      return !this.hasMore;
    }
    const index = stretch.items.findIndex((one) => compareItems(one, item) >= 0);
    const isThere = stretch.items[index] !== undefined && keyOf(stretch.items[index]) === keyOf(item);
    if (isThere) return false;
    stretch.items = stretch.items.toSpliced(index, 0, item);
    if (stretch.items.length > 2 * PAGE) {
      this.stretches.splice(
        place,
        1,
        { id: ++this.#stretchId, items: stretch.items.slice(0, PAGE) },
        stretch,
      );
      stretch.items = stretch.items.slice(PAGE);
    }
    return true;
  }

  #mark(marks: readonly Marks[]): boolean {
    const byKey = new Map(marks.map((mark) => [keyOf(mark), mark]));
    return this.#change((item) => {
      const mark = byKey.get(keyOf(item));
      if (mark === undefined) return item;
      const viewedAt = item.viewedAt ?? mark.viewedAt;
      const clickedAt = item.clickedAt ?? mark.clickedAt;
      return viewedAt === item.viewedAt && clickedAt === item.clickedAt
        ? item
        : { ...item, viewedAt, clickedAt };
    });
  }

  #change(change: (item: FeedItem) => FeedItem): boolean {
    let hasChanged = false;
    for (const stretch of this.stretches) {
      const items = stretch.items.map(change);
      if (items.every((item, index) => item === stretch.items[index])) continue;
      stretch.items = items;
      hasChanged = true;
    }
    return hasChanged;
  }
}

function toFeedError(error: unknown): FeedError {
  return error instanceof FeedError ? error : new FeedError("ERR_NETWORK", String(error));
}
