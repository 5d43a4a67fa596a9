import { newId } from "../ids.ts";
import type { WebhookMessage } from "./events.ts";
import type { Attempt, EndpointConfig, StoredMessage } from "./model.ts";

type MessageRow = {
  id: string;
  type: WebhookMessage["type"];
  status: StoredMessage["status"];
  tries: number;
  body: string;
};

type AttemptRow = {
  id: string;
  message_id: string;
  type: WebhookMessage["type"];
  status: Attempt["status"];
  http_status: number | null;
  duration_ms: number;
  response: string | null;
  error: string | null;
  at: number;
  next_attempt_at: number | null;
};

const MESSAGE_COLUMNS = "id, type, status, tries, body";
const ATTEMPT_COLUMNS =
  "id, message_id, type, status, http_status, duration_ms, response, error, at, next_attempt_at";

/** One endpoint's configuration, messages and attempts. Writing methods expect to run inside a transaction. */
export class EndpointStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  getConfig(): EndpointConfig | null {
    const [row] = this.#sql.exec<{ config: string }>("SELECT config FROM endpoint").toArray();
    return row === undefined ? null : JSON.parse(row.config);
  }

  setConfig(config: EndpointConfig): void {
    const json = JSON.stringify(config);
    if (this.getConfig() === null) this.#sql.exec("INSERT INTO endpoint (config) VALUES (?)", json);
    else this.#sql.exec("UPDATE endpoint SET config = ?", json);
  }

  /** Since when every attempt has failed, Unix ms; null where the last one succeeded, or there was none. */
  getFailingSince(): number | null {
    const [row] = this.#sql
      .exec<{ failing_since: number | null }>("SELECT failing_since FROM endpoint")
      .toArray();
    return row?.failing_since ?? null;
  }

  setFailingSince(timeMs: number | null): void {
    this.#sql.exec("UPDATE endpoint SET failing_since = ?", timeMs);
  }

  /** Adds the messages that aren't there yet, due now. */
  addMessages(messages: readonly WebhookMessage[], now: number): void {
    for (const { id, type, body } of messages) {
      this.#sql.exec(
        `INSERT INTO messages (id, type, status, tries, next_at, body) VALUES (?, ?, 'waiting', 0, ?, ?)
         ON CONFLICT DO NOTHING`,
        id,
        type,
        now,
        body,
      );
    }
  }

  /** A message that is sent once, by hand. */
  addTestMessage({ id, type, body }: WebhookMessage, status: StoredMessage["status"]): void {
    this.#sql.exec(
      "INSERT INTO messages (id, type, status, tries, next_at, body) VALUES (?, ?, ?, 1, NULL, ?)",
      id,
      type,
      status,
      body,
    );
  }

  getMessage(id: string): StoredMessage | null {
    return (
      this.#sql.exec<MessageRow>(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE id = ?`, id).toArray()[0] ??
      null
    );
  }

  /** Waiting messages whose time has come, without those that are being sent. */
  listDue(now: number, except: readonly string[], limit: number): StoredMessage[] {
    return this.#sql
      .exec<MessageRow>(
        `SELECT ${MESSAGE_COLUMNS} FROM messages
         WHERE status = 'waiting' AND next_at <= ? AND id NOT IN (SELECT value FROM json_each(?))
         ORDER BY next_at, id LIMIT ?`,
        now,
        JSON.stringify(except),
        limit,
      )
      .toArray();
  }

  /** When the next message is due, Unix ms; null where none waits. */
  nextAt(): number | null {
    return this.#sql
      .exec<{ at: number | null }>("SELECT MIN(next_at) AS at FROM messages WHERE status = 'waiting'")
      .one().at;
  }

  setMessage(id: string, status: StoredMessage["status"], tries: number, nextAt: number | null): void {
    this.#sql.exec(
      "UPDATE messages SET status = ?, tries = ?, next_at = ? WHERE id = ?",
      status,
      tries,
      nextAt,
      id,
    );
  }

  /** All that wait are due now. */
  wakeAll(now: number): void {
    this.#sql.exec("UPDATE messages SET next_at = ? WHERE status = 'waiting'", now);
  }

  addAttempt(attempt: Omit<Attempt, "id">): Attempt {
    const id = newId();
    this.#sql.exec(
      `INSERT INTO attempts (${ATTEMPT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      attempt.messageId,
      attempt.type,
      attempt.status,
      attempt.httpStatus,
      attempt.durationMs,
      attempt.response,
      attempt.error,
      attempt.at,
      attempt.nextAttemptAt,
    );
    return { id, ...attempt };
  }

  getAttempt(id: string): Attempt | null {
    const [row] = this.#sql
      .exec<AttemptRow>(`SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE id = ?`, id)
      .toArray();
    return row === undefined ? null : toAttempt(row);
  }

  /** Newest first. */
  listAttempts(beforeId: string | null, limit: number): Attempt[] {
    return this.#sql
      .exec<AttemptRow>(
        `SELECT ${ATTEMPT_COLUMNS} FROM attempts WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2`,
        beforeId,
        limit,
      )
      .toArray()
      .map(toAttempt);
  }

  /** Removes up to `limit` messages and as many attempts from before `beforeId`; true where there may be more. */
  deleteExpired(beforeId: string, limit: number): boolean {
    const deleted = ["messages", "attempts"].map(
      (table) =>
        this.#sql
          .exec(
            `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE id < ? LIMIT ?) RETURNING 1`,
            beforeId,
            limit,
          )
          .toArray().length,
    );
    return deleted.includes(limit);
  }
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    messageId: row.message_id,
    type: row.type,
    status: row.status,
    httpStatus: row.http_status,
    durationMs: row.duration_ms,
    response: row.response,
    error: row.error,
    at: row.at,
    nextAttemptAt: row.next_attempt_at,
  };
}
