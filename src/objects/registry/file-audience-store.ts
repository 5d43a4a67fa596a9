import { FILE_MARGIN_MS } from "../../model/limits.ts";

/** SQL of what {@link FileAudienceStore} keeps. */
export const FILE_AUDIENCES_SCHEMA = [
  `CREATE TABLE file_audiences (
    audience_id TEXT PRIMARY KEY, used_until INTEGER NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX file_audiences_end ON file_audiences (ends_at)",
] as const;

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What R2 has of uploaded files, and when it ends: with the file, or with the batches that were sent with it. One that
 * isn't here, an earlier version's, ends with the bucket's lifecycle rule. Times in Unix ms. Writing methods expect to
 * run inside a transaction.
 */
export class FileAudienceStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(audienceId: string, expiresAt: number): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO file_audiences (audience_id, used_until, ends_at) VALUES (?, 0, ?)",
      audienceId,
      expiresAt,
    );
  }

  /** A batch is sent with it that has until then to end. Mostly an earlier one of the day had as long. */
  noteUse(audienceId: string, until: number): void {
    this.#sql.exec(
      "UPDATE file_audiences SET used_until = ?1 WHERE audience_id = ?2 AND used_until < ?1",
      Math.ceil(until / DAY_MS) * DAY_MS,
      audienceId,
    );
  }

  /** Notes that the file with this audience was deleted or overwritten. */
  end(audienceId: string, now: number): void {
    this.#sql.exec("UPDATE file_audiences SET ends_at = ? WHERE audience_id = ?", now, audienceId);
  }

  /** A batch needs it as long as there is one: from here on it is the lifecycle rule's. */
  keep(audienceId: string): void {
    this.#sql.exec("DELETE FROM file_audiences WHERE audience_id = ?", audienceId);
  }

  /** What ends now. What batches may need goes on until they must have ended. */
  listEnded(now: number, limit: number): string[] {
    this.#sql.exec(
      `UPDATE file_audiences SET ends_at = used_until + ?1 WHERE audience_id IN (
         SELECT audience_id FROM file_audiences WHERE ends_at <= ?2 ORDER BY ends_at LIMIT ?3 + 0)
         AND used_until + ?1 > ?2`,
      FILE_MARGIN_MS,
      now,
      limit,
    );
    return this.#sql
      .exec<{ id: string }>(
        "SELECT audience_id AS id FROM file_audiences WHERE ends_at <= ? ORDER BY ends_at LIMIT ? + 0",
        now,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
  }

  remove(audienceIds: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM file_audiences WHERE audience_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(audienceIds),
    );
  }

  /** When the next ends; null where there is none. */
  getNextEnd(): number | null {
    const statement = "SELECT ends_at AS at FROM file_audiences ORDER BY ends_at LIMIT 1";
    return this.#sql.exec<{ at: number }>(statement).toArray()[0]?.at ?? null;
  }
}
