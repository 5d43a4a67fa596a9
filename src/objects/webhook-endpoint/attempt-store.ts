import { newId } from "../../model/ids.ts";
import { MAX_KEPT_ATTEMPTS } from "../../model/limits.ts";
import type { Attempt } from "../../model/webhook.ts";
import type { Counters } from "./counters.ts";

/** How many more than the limit may stand there: they go together. */
const SLACK = 500;

/** A row as it is read. */
type AttemptRow = Pick<Attempt, keyof Attempt>;

const READ = `SELECT id, message_id AS messageId, type, events, status, http_status AS httpStatus,
  duration_ms AS durationMs, response, error, at, next_attempt_at AS nextAttemptAt FROM attempts`;

/** The newest attempts of one endpoint. Writing methods expect to run inside a transaction. */
export class AttemptStore {
  readonly #sql: SqlStorage;
  readonly #counters: Counters;

  constructor(sql: SqlStorage, counters: Counters) {
    this.#sql = sql;
    this.#counters = counters;
  }

  /** Adds one; the oldest make room for it. */
  add(attempt: Omit<Attempt, "id">): Attempt {
    const id = newId();
    this.#sql.exec(
      `INSERT INTO attempts (id, message_id, type, events, status, http_status, duration_ms, response, error, at,
         next_attempt_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      attempt.messageId,
      attempt.type,
      attempt.events,
      attempt.status,
      attempt.httpStatus,
      attempt.durationMs,
      attempt.response,
      attempt.error,
      attempt.at,
      attempt.nextAttemptAt,
    );
    const count = this.#counters.addAttempt();
    if (count >= MAX_KEPT_ATTEMPTS + SLACK) this.#delete(null, count - MAX_KEPT_ATTEMPTS);
    return { id, ...attempt };
  }

  get(id: string): Attempt | null {
    return this.#sql.exec<AttemptRow>(`${READ} WHERE id = ?`, id).toArray()[0] ?? null;
  }

  /** Newest first. */
  list(beforeId: string | null, limit: number): Attempt[] {
    return this.#sql
      .exec<AttemptRow>(`${READ} WHERE id < COALESCE(?, '~') ORDER BY id DESC LIMIT ? + 0`, beforeId, limit)
      .toArray();
  }

  /** Removes up to `limit` from before `beforeId`; true where there may be more. */
  expire(beforeId: string, limit: number): boolean {
    return this.#delete(beforeId, limit) === limit;
  }

  #delete(beforeId: string | null, limit: number): number {
    const deleted = this.#sql
      .exec(
        `DELETE FROM attempts WHERE id IN (
           SELECT id FROM attempts WHERE id < COALESCE(?, '~') ORDER BY id LIMIT ? + 0) RETURNING 1`,
        beforeId,
        limit,
      )
      .toArray().length;
    if (deleted > 0) this.#counters.noteDeletedAttempts(deleted);
    return deleted;
  }
}
