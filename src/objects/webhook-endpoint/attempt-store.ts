import { newId } from "../../model/ids.ts";
import { MAX_KEPT_ATTEMPTS } from "../../model/limits.ts";
import type { Attempt } from "../../model/webhook.ts";
import type { Counters } from "./counters.ts";

/** How many more than the limit may stand there: they go together. */
const SLACK = 500;

type AttemptRow = {
  id: string;
  message_id: string;
  type: Attempt["type"];
  events: number;
  status: Attempt["status"];
  http_status: number | null;
  duration_ms: number;
  response: string | null;
  error: string | null;
  at: number;
  next_attempt_at: number | null;
};

const COLUMNS =
  "id, message_id, type, events, status, http_status, duration_ms, response, error, at, next_attempt_at";

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
      `INSERT INTO attempts (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    const [row] = this.#sql.exec<AttemptRow>(`SELECT ${COLUMNS} FROM attempts WHERE id = ?`, id).toArray();
    return row === undefined ? null : toAttempt(row);
  }

  /** Newest first. */
  list(beforeId: string | null, limit: number): Attempt[] {
    return this.#sql
      .exec<AttemptRow>(
        `SELECT ${COLUMNS} FROM attempts WHERE id < COALESCE(?, '~') ORDER BY id DESC LIMIT ?`,
        beforeId,
        limit,
      )
      .toArray()
      .map(toAttempt);
  }

  /** Removes up to `limit` from before `beforeId`; true where there may be more. */
  expire(beforeId: string, limit: number): boolean {
    return this.#delete(beforeId, limit) === limit;
  }

  #delete(beforeId: string | null, limit: number): number {
    const deleted = this.#sql
      .exec(
        `DELETE FROM attempts WHERE id IN (
           SELECT id FROM attempts WHERE id < COALESCE(?, '~') ORDER BY id LIMIT ?) RETURNING 1`,
        beforeId,
        limit,
      )
      .toArray().length;
    if (deleted > 0) this.#counters.noteDeletedAttempts(deleted);
    return deleted;
  }
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    messageId: row.message_id,
    type: row.type,
    events: row.events,
    status: row.status,
    httpStatus: row.http_status,
    durationMs: row.duration_ms,
    response: row.response,
    error: row.error,
    at: row.at,
    nextAttemptAt: row.next_attempt_at,
  };
}
