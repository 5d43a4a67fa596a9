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

/**
 * Added to the time of a duty that the code doesn't know, ms: a hundred years. It isn't due then, and when it was due
 * isn't lost. The platform takes no alarm after 2189, which code that knows nothing of this might set.
 */
const PARKED_MS = 100 * 365 * 24 * 60 * 60 * 1000;
/** Parked duties that one statement brings back. */
const UNPARKED_ROWS = 1000;
/** Until an alarm that couldn't be read from the table, ms. */
const BLIND_ALARM_MS = 60_000;

/** A duty of this kind, and which of them: "" where an object has but one. */
export interface DueDuty {
  kind: string;
  id: string;
  /** Unix ms. */
  at: number;
}

/**
 * An object has one alarm but many duties. Each duty is a row with its time, and the alarm is always the
 * earliest of them, set in the same transaction as the row: what is written down is also woken up for.
 * Who serves them is {@link Duties}.
 */
export class DueTable {
  readonly #storage: DurableObjectStorage;
  /** Kinds that this code serves. */
  #kinds: readonly string[] = [];
  /** True once this instance has brought back what an earlier code had parked. */
  #isUnparked = false;
  #hasEnded = false;
  /** Duties that somebody has looked after since the turn of the alarm began; null between turns. */
  #lookedAfter: Set<string> | null = null;
  /** The alarm as last set by this instance; null: unknown. Saves a row written per call. */
  #armedAt: number | null = null;
  /** Duties that this instance knows to stand in the table, and their times: what changes nothing isn't written. */
  readonly #known = new Map<string, number>();
  readonly #listeners: (() => void)[] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** True for an object that was erased: it has no tables any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** These are served from now on, with those among them that an earlier code didn't know and parked. */
  setKinds(kinds: readonly string[]): void {
    this.#kinds = kinds;
    this.#isUnparked = false;
  }

  /** Adds the duty or moves it to `at` (Unix ms). */
  set(kind: string, id: string, at: number): void {
    this.#noteLookedAfter(kind, id);
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
    this.#noteLookedAfter(kind, id);
    if (this.#known.has(`${kind}:${id}`)) return;
    this.#storage.sql.exec("INSERT OR IGNORE INTO due (kind, id, at) VALUES (?, ?, ?)", kind, id, at);
    // The row may have stood there with another time than `at`: what isn't known is written in any case.
    this.#known.set(`${kind}:${id}`, Number.POSITIVE_INFINITY);
    this.#arm(at);
  }

  /** Adds the duty, or moves it to `at` where that is earlier than its time. */
  bringForward(kind: string, id: string, at: number): void {
    this.#noteLookedAfter(kind, id);
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
    this.#noteLookedAfter(kind, id);
    this.#known.delete(`${kind}:${id}`);
    this.#storage.sql.exec("DELETE FROM due WHERE kind = ? AND id = ?", kind, id);
  }

  /** Duties whose time has come, earliest first, at most `limit`: an alarm works in slices. */
  list(now: number, limit: number): DueDuty[] {
    this.#unpark();
    return this.#storage.sql
      .exec<{ kind: string; id: string; at: number }>(
        "SELECT kind, id, at FROM due WHERE at <= ? ORDER BY at LIMIT ? + 0",
        now,
        limit,
      )
      .toArray();
  }

  /** Lays aside a duty that the code doesn't know: it is due again as soon as a code comes that does. */
  park({ kind, id, at }: DueDuty): void {
    this.set(kind, id, at + PARKED_MS);
  }

  /** A turn of the alarm begins: from now on {@link isLookedAfter} says what was done about a duty. */
  beginTurn(): void {
    this.#lookedAfter = new Set();
  }

  /** True where the duty was given a time or removed in this turn, or somebody wanted it to stand. */
  isLookedAfter({ kind, id }: DueDuty): boolean {
    return this.#lookedAfter?.has(`${kind}:${id}`) ?? false;
  }

  /**
   * Ends the turn, and sets the alarm to the earliest duty that is left. Call at the end of an alarm, come what may.
   */
  endTurn(): void {
    this.#lookedAfter = null;
    if (this.#hasEnded) return;
    try {
      this.rearm();
    } catch (error) {
      console.error({ message: "an object's duties can't be read", error });
      void this.#storage.setAlarm(Date.now() + BLIND_ALARM_MS);
    }
  }

  /** Sets the alarm to the earliest duty that is left. */
  rearm(): void {
    this.#armedAt = null;
    const at = this.#earliest();
    if (at !== null) this.#arm(at);
  }

  /** Sets the alarm where a duty is left and none is set: the platform gives up one that failed too often. */
  async ensureAlarm(): Promise<void> {
    if (this.#hasEnded) return;
    if ((await this.#storage.getAlarm()) === null || this.#unpark()) this.rearm();
  }

  /** Erases the object: all that is stored goes, its alarm too, and none is set any more. */
  async eraseObject(): Promise<void> {
    this.#hasEnded = true;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
  }

  /** The table was emptied by somebody else: nothing that was known of it holds. */
  forget(): void {
    this.#armedAt = null;
    this.#known.clear();
    this.#lookedAfter?.clear();
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
    if (at >= PARKED_MS || (this.#armedAt !== null && this.#armedAt <= at)) return;
    // A new instance doesn't know what is armed: an earlier duty must not be pushed back.
    this.#armedAt = this.#armedAt === null ? (this.#earliest() ?? at) : at;
    void this.#storage.setAlarm(this.#armedAt);
  }

  #earliest(): number | null {
    this.#unpark();
    const { at } = this.#storage.sql.exec<{ at: number | null }>("SELECT MIN(at) AS at FROM due").one();
    return at === null || at >= PARKED_MS ? null : at;
  }

  /** Once in an instance; true where a duty came back. */
  #unpark(): boolean {
    if (this.#isUnparked || this.#kinds.length === 0) return false;
    const unparked = this.#storage.sql
      .exec<{ kind: string; id: string; at: number }>(
        `UPDATE due SET at = at - ?1 WHERE (kind, id) IN (
           SELECT kind, id FROM due WHERE at >= ?1 AND kind IN (SELECT value FROM json_each(?2)) LIMIT ?3 + 0)
         RETURNING kind, id, at`,
        PARKED_MS,
        JSON.stringify(this.#kinds),
        UNPARKED_ROWS,
      )
      .toArray();
    for (const { kind, id, at } of unparked) this.#known.set(`${kind}:${id}`, at);
    this.#isUnparked = unparked.length < UNPARKED_ROWS;
    return unparked.length > 0;
  }

  #noteLookedAfter(kind: string, id: string): void {
    this.#lookedAfter?.add(`${kind}:${id}`);
  }
}
