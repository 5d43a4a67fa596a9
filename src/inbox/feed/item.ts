import type { FeedItem } from "../../client/api-types.ts";

export type { FeedItem } from "../../client/api-types.ts";

/** What a mark did to an item. */
export type Marks = Pick<FeedItem, "notificationId" | "channelKey" | "viewedAt" | "clickedAt">;

export interface FeedPage {
  items: FeedItem[];
  nextCursor: string | null;
}

export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Null for what is no item. */
export function readItem(value: unknown): FeedItem | null {
  if (!isFields(value) || typeof value.notificationId !== "string" || typeof value.channelKey !== "string") {
    return null;
  }
  return {
    notificationId: value.notificationId,
    templateKey: textOf(value.templateKey),
    channelKey: value.channelKey,
    title: textOrNull(value.title),
    tag: textOrNull(value.tag),
    content: value.content,
    createdAt: textOf(value.createdAt),
    viewedAt: textOrNull(value.viewedAt),
    clickedAt: textOrNull(value.clickedAt),
  };
}

export function readItems(value: unknown): FeedItem[] {
  return Array.isArray(value) ? value.map(readItem).filter((item) => item !== null) : [];
}

export function readPage(value: unknown): FeedPage {
  return isFields(value)
    ? { items: readItems(value.data), nextCursor: textOrNull(value.nextCursor) }
    : { items: [], nextCursor: null };
}

/** One of a kind in a user's feed, and for a slot's name. */
export function keyOf({
  notificationId,
  channelKey,
}: Pick<FeedItem, "notificationId" | "channelKey">): string {
  return `${notificationId} ${channelKey}`;
}

/** Negative where the first stands above the second: the feed has the newest notification first. */
export function compareItems(one: FeedItem, other: FeedItem): number {
  return (
    compareTexts(other.notificationId, one.notificationId) || compareTexts(other.channelKey, one.channelKey)
  );
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
