/** SQL of the table that {@link DueTable} keeps. */
export const DUE_SCHEMA = `
  CREATE TABLE due (kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID`;

/** SQL of its index, for objects with a duty for each of many things; others have one for each kind. */
export const DUE_INDEX = "CREATE INDEX due_at ON due (at)";

/**
 * Between two runs of a duty that only cleans up, ms: what ends bit by bit is removed together. A run's slices
 * follow each other at once.
 */
export const CLEANUP_FLOOR_MS = 60_000;

export interface Duty {
  kind: string;
  id: string;
}

/**
 * An object has one alarm but many duties. Each duty is a row with its time, and the alarm is always the
 * earliest of them, set in the same transaction as the row: what is written down is also woken up for.
 */
export class DueTable {
  readonly #storage: DurableObjectStorage;
  /** The alarm as last set by this instance; null: unknown. Saves a row written per call. */
  #armedAt: number | null = null;
  /** Duties that this instance knows to stand in the table, and their times: what changes nothing isn't written. */
  readonly #known = new Map<string, number>();
  readonly #listeners: (() => void)[] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Adds the duty or moves it to `at` (Unix ms). */
  set(kind: string, id: string, at: number): void {
    this.#storage.sql.exec(
      "INSERT INTO due (kind, id, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
      kind,
      id,
      at,
    );
    this.#known.set(`${kind}:${id}`, at);
    this.#arm(at);
  }

  /**
   * The next run of a duty that cleans up: at once where the last stopped in the middle (`hasMore`), else when the next
   * thing ends (`at`, Unix ms), but not within the floor; null: nothing is left to clean up.
   */
  setCleanup(kind: string, { hasMore, at }: { hasMore: boolean; at: number | null }, now: number): void {
    if (hasMore) this.set(kind, "", now);
    else if (at === null) this.remove(kind, "");
    else this.set(kind, "", Math.max(at, now + CLEANUP_FLOOR_MS));
  }

  /** Adds the duty where there is none; an existing one keeps its time. */
  ensure(kind: string, id: string, at: number): void {
    if (this.#known.has(`${kind}:${id}`)) return;
    this.#storage.sql.exec("INSERT OR IGNORE INTO due (kind, id, at) VALUES (?, ?, ?)", kind, id, at);
    // Its time may be another's.
    this.#known.set(`${kind}:${id}`, Number.POSITIVE_INFINITY);
    this.#arm(at);
  }

  /** Adds the duty, or moves it to `at` where that is earlier than its time. */
  bringForward(kind: string, id: string, at: number): void {
    const key = `${kind}:${id}`;
    const known = this.#known.get(key);
    if (known !== undefined && known <= at) return;
    this.#storage.sql.exec(
      "INSERT INTO due (kind, id, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = MIN(at, excluded.at)",
      kind,
      id,
      at,
    );
    this.#known.set(key, at);
    this.#arm(at);
  }

  remove(kind: string, id: string): void {
    this.#known.delete(`${kind}:${id}`);
    this.#storage.sql.exec("DELETE FROM due WHERE kind = ? AND id = ?", kind, id);
  }

  /** Duties whose time has come, earliest first, at most `limit`: an alarm works in slices. */
  list(now: number, limit: number): Duty[] {
    return this.#storage.sql
      .exec<{ kind: string; id: string }>(
        "SELECT kind, id FROM due WHERE at <= ? ORDER BY at LIMIT ?",
        now,
        limit,
      )
      .toArray();
  }

  /** Sets the alarm to the earliest duty that is left. Call at the end of `alarm()`, whatever happened in it. */
  rearm(): void {
    this.#armedAt = null;
    const at = this.#earliest();
    if (at !== null) this.#arm(at);
  }

  /** Sets the alarm where a duty is left and none is set: the platform gives up one that failed too often. */
  async ensureAlarm(): Promise<void> {
    if ((await this.#storage.getAlarm()) === null) this.rearm();
  }

  /** The storage was erased: nothing that was known of it holds. */
  forget(): void {
    this.#armedAt = null;
    this.#known.clear();
  }

  /** Calls this after each of {@link transaction}'s rollbacks: what was learned inside may not be so. */
  onUndone(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A storage transaction after whose rollback this instance believes the table, not its memory. */
  transaction<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.forget();
      for (const listener of this.#listeners) listener();
      throw error;
    }
  }

  #arm(at: number): void {
    if (this.#armedAt !== null && this.#armedAt <= at) return;
    // A new instance doesn't know what is armed: an earlier duty must not be pushed back.
    this.#armedAt = this.#armedAt === null ? (this.#earliest() ?? at) : at;
    void this.#storage.setAlarm(this.#armedAt);
  }

  #earliest(): number | null {
    return this.#storage.sql.exec<{ at: number | null }>("SELECT MIN(at) AS at FROM due").one().at;
  }
}
