import type { FeedAction, ShownContent } from "../feed/content.ts";
import type { FeedItem } from "../feed/item.ts";
import type { FeedList, Filter } from "../feed/list.ts";
import type { Session } from "../feed/session.ts";
import type { Texts } from "../look/texts.ts";
import type { Times } from "../look/times.ts";
import type { Windows } from "./windows.ts";

/** All that is drawn of a feed, and what its parts do. */
export interface FeedView {
  session: Session;
  list: FeedList;
  windows: Windows;
  texts: Texts;
  times: Times;
  nowMs: number;
  /** Tags that may be filtered by. */
  tags: readonly string[];
  /** `_self` or `_blank`. */
  linkTarget: string;
  isReadOnly: boolean;
  hasHeading: boolean;
  /** There is a heading, or a header of the page's own. */
  hasTop: boolean;
  /** New items stand above what is seen. */
  hasNewer: boolean;
  /** Keys of items that came while this was open, and of those whose whole body is shown. */
  arrived: ReadonlySet<string>;
  unfolded: ReadonlySet<string>;
  contentOf: (item: FeedItem) => ShownContent;
  /** The page draws this item itself, into a slot. */
  isCustom: (item: FeedItem) => boolean;
  onFilter: (filter: Filter) => void;
  onMarkAll: () => void;
  onRetry: () => void;
  onNewest: () => void;
  onUnfold: (item: FeedItem) => void;
  onScroll: (event: Event) => void;
  /** The page has put a header there, or has taken it away. */
  onHeader: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  /** `action` null: the item was clicked, and has none. */
  onAction: (event: Event, item: FeedItem, action: FeedAction | null) => void;
}
