interface Entry<T> {
  value: T;
  expiresAt: number;
  weight: number;
}

/**
 * A small cache of one isolate: entries end after `ttlMs`, the oldest ones when there are too many, or when together
 * they weigh too much.
 */
export class TtlCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #ttlMs: number;
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  #weight = 0;

  constructor({
    ttlMs,
    maxEntries,
    maxWeight = Number.POSITIVE_INFINITY,
  }: {
    ttlMs: number;
    maxEntries: number;
    maxWeight?: number;
  }) {
    this.#ttlMs = ttlMs;
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAt > Date.now()) return entry.value;
    this.delete(key);
    return undefined;
  }

  set(key: string, value: T, weight = 0): void {
    // Insertion order is age: deleting first moves a refreshed entry to the end.
    this.delete(key);
    this.#entries.set(key, { value, expiresAt: Date.now() + this.#ttlMs, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }

  /** Removes every entry whose key begins so. */
  deletePrefix(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.delete(key);
  }
}
