/** Entries of one owner, and of all. */
const MAX_OF_OWNER = 1000;
const MAX_IN_ALL = 10_000;

/**
 * A bounded map whose owners can't push each other's entries out: beyond its own bound an owner loses its oldest, and
 * beyond that of all the owner with the most does.
 */
export class FairMap<V> {
  readonly #owners = new Map<string, Map<string, V>>();
  #size = 0;

  get(owner: string, key: string): V | undefined {
    return this.#owners.get(owner)?.get(key);
  }

  /** Stores a value as the newest of its owner. */
  set(owner: string, key: string, value: V): void {
    this.delete(owner, key);
    const entries = this.#owners.get(owner) ?? new Map<string, V>();
    this.#owners.set(owner, entries.set(key, value));
    this.#size++;
    if (entries.size > MAX_OF_OWNER) this.#deleteOldest(owner);
    if (this.#size > MAX_IN_ALL) this.#deleteOldest(this.#largest());
  }

  delete(owner: string, key: string): void {
    const entries = this.#owners.get(owner);
    if (!entries?.delete(key)) return;
    this.#size--;
    if (entries.size === 0) this.#owners.delete(owner);
  }

  /** All of one owner, or of everybody; the oldest of each first. */
  entries(owner: string | null): [owner: string, key: string, value: V][] {
    const owners = owner === null ? [...this.#owners.keys()] : [owner];
    return owners.flatMap((name) =>
      [...(this.#owners.get(name) ?? [])].map(([key, value]): [string, string, V] => [name, key, value]),
    );
  }

  #largest(): string {
    let largest = "";
    for (const [owner, { size }] of this.#owners) {
      if (size > (this.#owners.get(largest)?.size ?? 0)) largest = owner;
    }
    return largest;
  }

  #deleteOldest(owner: string): void {
    for (const key of this.#owners.get(owner)?.keys() ?? []) {
      this.delete(owner, key);
      return;
    }
  }
}
