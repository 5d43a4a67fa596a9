/** How far beyond what is seen things are drawn, and older pages fetched. */
const MARGIN = "900px 0px";

/** Where a stretch isn't drawn: the height that it had. */
type Place = { isNear: boolean; height: number };

/** Knows which stretches of a list are near enough to be drawn: the others keep their place as an empty box. */
export class Windows {
  readonly #onChange: () => void;
  readonly #places = new Map<number, Place>();
  readonly #watched = new Set<HTMLElement>();
  readonly #observer: IntersectionObserver;
  readonly #end: IntersectionObserver;

  constructor(onChange: () => void, onEnd: () => void) {
    this.#onChange = onChange;
    // Without a root both margins hold for the page and for a list that scrolls in itself.
    const margins = { rootMargin: MARGIN, scrollMargin: MARGIN };
    this.#observer = new IntersectionObserver((entries) => this.#note(entries), margins);
    this.#end = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) onEnd();
    }, margins);
  }

  /** Null where it is to be drawn, else the height of the box in its place. */
  boxOf(id: number): number | null {
    const place = this.#places.get(id);
    return place === undefined || place.isNear ? null : place.height;
  }

  /** After each drawing. The end is looked at anew each time: a short page may leave it in sight. */
  watch(stretches: Iterable<HTMLElement>, end: Element | null): void {
    const wanted = new Set(stretches);
    for (const element of this.#watched) {
      if (wanted.has(element)) continue;
      this.#observer.unobserve(element);
      this.#watched.delete(element);
      this.#places.delete(idOf(element));
    }
    for (const element of wanted) {
      const height = this.boxOf(idOf(element));
      // By the object model, which no policy of content forbids.
      element.style.height = height === null ? "" : `${height}px`;
      if (this.#watched.has(element)) continue;
      this.#watched.add(element);
      this.#observer.observe(element);
    }
    this.#end.disconnect();
    if (end !== null) this.#end.observe(end);
  }

  close(): void {
    this.#observer.disconnect();
    this.#end.disconnect();
  }

  #note(entries: IntersectionObserverEntry[]): void {
    let hasChanged = false;
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      // What has the focus stays, or the keyboard would be nowhere. A hidden list has no heights.
      const isNear = isIntersecting || target.contains(focusIn(target)) || boundingClientRect.height === 0;
      const was = this.#places.get(idOf(target))?.isNear ?? true;
      const height = was ? boundingClientRect.height : (this.#places.get(idOf(target))?.height ?? 0);
      this.#places.set(idOf(target), { isNear, height });
      hasChanged ||= was !== isNear;
    }
    if (hasChanged) this.#onChange();
  }
}

function idOf(element: Element): number {
  return Number(element.getAttribute("data-stretch"));
}

function focusIn(element: Element): Element | null {
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.activeElement : null;
}
