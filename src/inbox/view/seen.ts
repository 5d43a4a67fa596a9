/** How long an item must be looked at to be seen. */
const SEEN_MS = 1000;

/** Finds out which elements a person has looked at: half of it, or half the screen, for a second, in a visible page. */
export class Seen {
  readonly #onSeen: (keys: string[]) => void;
  readonly #since = new Map<Element, number>();
  readonly #watched = new Set<Element>();
  readonly #observer: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onSeen: (keys: string[]) => void) {
    this.#onSeen = onSeen;
    this.#observer = new IntersectionObserver((entries) => this.#note(entries), {
      threshold: [0, 0.25, 0.5],
    });
    document.addEventListener("visibilitychange", this.#restart);
  }

  /** The elements that are to be watched now, with their keys in `data-key`. */
  watch(elements: Iterable<Element>): void {
    const wanted = new Set(elements);
    for (const element of this.#watched) {
      if (!wanted.has(element)) this.#forget(element);
    }
    for (const element of wanted) {
      if (this.#watched.has(element)) continue;
      this.#watched.add(element);
      this.#observer.observe(element);
    }
  }

  close(): void {
    this.#observer.disconnect();
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#restart);
  }

  #forget(element: Element): void {
    this.#observer.unobserve(element);
    this.#watched.delete(element);
    this.#since.delete(element);
  }

  #note(entries: IntersectionObserverEntry[]): void {
    const now = performance.now();
    for (const { target, intersectionRatio, intersectionRect } of entries) {
      const isLookedAt = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
      if (!isLookedAt) this.#since.delete(target);
      else if (!this.#since.has(target)) this.#since.set(target, now);
    }
    this.#check();
  }

  /** What was on the screen while nobody looked begins anew. */
  #restart = (): void => {
    const now = performance.now();
    for (const element of this.#since.keys()) this.#since.set(element, now);
    this.#check();
  };

  #check(): void {
    clearTimeout(this.#timer);
    if (document.visibilityState === "hidden") return;
    const now = performance.now();
    const seen = [...this.#since].filter(([, since]) => now - since >= SEEN_MS).map(([element]) => element);
    for (const element of seen) this.#forget(element);
    if (seen.length > 0) this.#onSeen(seen.map((element) => element.getAttribute("data-key") ?? ""));
    const next = Math.min(...this.#since.values());
    if (Number.isFinite(next))
      this.#timer = setTimeout(() => this.#check(), Math.max(0, next + SEEN_MS - now));
  }
}
