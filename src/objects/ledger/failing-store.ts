import { countFailed, type Totals } from "../../model/counts.ts";

/** A row for each notification that has failed deliveries now, and a mark where rows of an earlier version are. */
export const FAILING_SCHEMA = [
  "CREATE TABLE failing (id TEXT PRIMARY KEY) WITHOUT ROWID",
  "CREATE TABLE failing_unlisted (since INTEGER NOT NULL)",
  // To look through them all could take longer than an object may: lists look at their rows instead.
  `INSERT INTO failing_unlisted (since)
   SELECT 1 WHERE EXISTS (SELECT 1 FROM singles) OR EXISTS (SELECT 1 FROM notifications)`,
];

/** Which notifications have failed deliveries, for lists. Writing methods expect to run in a transaction. */
export class FailingStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * A shard's totals have changed. `others`: whether another shard has failures of it, asked where it matters. Where
   * nothing fails, nothing is written.
   */
  note(id: string, before: Totals, after: Totals, others: () => boolean): void {
    const [had, has] = [before, after].map((totals) => countFailed(totals, null) > 0);
    if (has && !had) this.#sql.exec("INSERT OR IGNORE INTO failing (id) VALUES (?)", id);
    if (had && !has && !others()) this.#sql.exec("DELETE FROM failing WHERE id = ?", id);
  }

  /** False where notifications of an earlier version may have failures that no row tells of. */
  get isComplete(): boolean {
    return this.#sql.exec("SELECT since FROM failing_unlisted LIMIT 1").toArray().length === 0;
  }

  /** Ids, newest first, `from` inclusive, `before` exclusive. */
  list(from: string, before: string, limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM failing WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0",
        from,
        before,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }
}
