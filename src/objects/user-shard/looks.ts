/** SQL of what {@link Looks} keeps. */
export const LOOKS_SCHEMA = [
  "CREATE TABLE looks (user_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE INDEX looks_by_seq ON looks (seq)",
] as const;

/** Looks that are remembered beside the table. */
const MAX_REMEMBERED = 10_000;
/** Looks that one statement removes. */
const ROWS_PER_TURN = 5000;

/** Up to which segment each user has looked. Every method expects to run inside a transaction. */
export class Looks {
  readonly #sql: SqlStorage;
  readonly #remembered = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A transaction was undone: the table is believed, not what is remembered. */
  forget(): void {
    this.#remembered.clear();
  }

  /** The user's last segment without asking the table; 0 where it isn't remembered. */
  getRemembered(userId: string): number {
    return this.#remembered.get(userId) ?? 0;
  }

  get(userId: string): number {
    const [row] = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM looks WHERE user_id = ?", userId)
      .toArray();
    const seq = Math.max(this.getRemembered(userId), row?.seq ?? 0);
    this.#remember(userId, seq);
    return seq;
  }

  /** Remembers it; `isWorthARow`: for longer than this instance lives. */
  set(userId: string, seq: number, isWorthARow: boolean): void {
    if (isWorthARow) {
      this.#sql.exec(
        "INSERT INTO looks (user_id, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq",
        userId,
        seq,
      );
    }
    this.#remember(userId, seq);
  }

  remove(userId: string): void {
    this.#remembered.delete(userId);
    this.#sql.exec("DELETE FROM looks WHERE user_id = ?", userId);
  }

  /** Removes those that are older than every segment (`oldest` null: there is none); false where some may be left. */
  deleteBefore(oldest: number | null): boolean {
    const deleted = this.#sql
      .exec(
        `DELETE FROM looks WHERE user_id IN (SELECT user_id FROM looks WHERE seq < ? LIMIT ${ROWS_PER_TURN})
         RETURNING 1`,
        oldest ?? Number.MAX_SAFE_INTEGER,
      )
      .toArray().length;
    return deleted < ROWS_PER_TURN;
  }

  #remember(userId: string, seq: number): void {
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(userId, seq);
  }
}
