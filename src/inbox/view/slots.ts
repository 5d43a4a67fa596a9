import { type FeedItem, keyOf } from "../feed/item.ts";

/** What a page draws an item with; null: as the element does. */
export type RenderItem = (item: FeedItem) => Node | string | null | undefined;

/**
 * Items that the page draws itself stand among the element's own children, each in a slot: so the page's styles hold
 * for them.
 */
export class Slots {
  renderItem: RenderItem | null = null;
  readonly #host: HTMLElement;
  readonly #drawn = new Map<string, { item: FeedItem; box: HTMLElement | null; by: RenderItem }>();
  #wanted = new Set<string>();

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  /** Has the page draw an item, where it hasn't yet or the item is another; false: it leaves it to the element. */
  fill(item: FeedItem): boolean {
    const { renderItem } = this;
    if (renderItem === null) return false;
    const key = keyOf(item);
    this.#wanted.add(key);
    const drawn = this.#drawn.get(key);
    if (drawn?.item === item && drawn.by === renderItem) return drawn.box !== null;
    const content = renderItem(item);
    let box = drawn?.box ?? null;
    if (content === null || content === undefined) {
      box?.remove();
      box = null;
    } else {
      box ??= document.createElement("div");
      box.slot = slotOf(item);
      // What is there already stays, with its focus and its state.
      if (box.firstChild !== content || box.childNodes.length > 1) box.replaceChildren(content);
      if (!box.isConnected) this.#host.append(box);
    }
    this.#drawn.set(key, { item, box, by: renderItem });
    return box !== null;
  }

  /** After each drawing: what wasn't drawn goes. */
  sweep(): void {
    for (const [key, { box }] of this.#drawn) {
      if (this.#wanted.has(key)) continue;
      box?.remove();
      this.#drawn.delete(key);
    }
    this.#wanted = new Set();
  }

  clear(): void {
    this.#wanted = new Set();
    this.sweep();
  }
}

/** The name of the slot that a page's own drawing of an item goes into. */
export function slotOf(item: FeedItem): string {
  return `item-${keyOf(item).replace(" ", "-")}`;
}
