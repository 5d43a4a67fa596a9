import type { Actor, AuditEntry, AuditFilter, AuditPage, Change } from "../../model/audit.ts";
import { firstIdAt, newId, timeOfId } from "../../model/ids.ts";
import { AUDIT_LINES, AUDIT_TTL_MS } from "../../model/limits.ts";
import type { DueTable } from "../kit/due.ts";
import { encodeDetails } from "./audit-details.ts";

export const AUDIT_DUTY = "audit";

/** Rows that one page looks at: with a filter that few fit it is short and has a cursor. */
const ROWS_PER_PAGE = 10_000;
const ROWS_PER_EXPIRY = 1_000;
/** The oldest lines that go with a new one past the bound, where an earlier version left more. */
const ROWS_PER_LINE = 2;
/** After every id. */
const BEHIND_ALL = "~";
/** Between two alarms that remove rows: a row costs no alarm of its own. */
const EXPIRY_INTERVAL_MS = 24 * 60 * 60 * 1000;

/** SQL of the number of lines, which is kept beside them: nothing is counted by a look at all rows. */
export const AUDIT_SIZE_SCHEMA = [
  "CREATE TABLE audit_size (lines INTEGER NOT NULL)",
  "INSERT INTO audit_size (lines) SELECT COUNT(*) FROM audit_log",
] as const;

type AuditRow = {
  id: string;
  at: number;
  actor_type: Actor["type"];
  actor_key: string | null;
  actor_key_id: string | null;
  action: AuditEntry["action"];
  target_type: AuditEntry["target"]["type"];
  target_id: string;
  details: string;
  request_id: string | null;
};

const COLUMNS =
  "id, at, actor_type, actor_key, actor_key_id, action, target_type, target_id, details, request_id";

/**
 * Who changed an app's settings, in its registry: the newest lines, as an app can make them without end, and what it
 * fills must not keep a key from being revoked. Writing methods expect to run inside a transaction.
 */
export class AuditStore {
  readonly #sql: SqlStorage;
  readonly #due: DueTable;
  readonly #mostLines: number;

  constructor(sql: SqlStorage, due: DueTable, mostLines = AUDIT_LINES) {
    this.#sql = sql;
    this.#due = due;
    this.#mostLines = mostLines;
  }

  /** Inside the transaction of the change: neither is there without the other. */
  append(actor: Actor, change: Change): void {
    this.put(newId(), actor, change);
  }

  /** What has its id already: put again, it stands there once. */
  put(id: string, actor: Actor, { action, target, details }: Change): void {
    const at = timeOfId(id);
    const added = this.#sql
      .exec(
        `INSERT OR IGNORE INTO audit_log (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING 1`,
        id,
        at,
        actor.type,
        actor.key,
        actor.keyId,
        action,
        target.type,
        target.id,
        encodeDetails(details),
        actor.requestId,
      )
      .toArray().length;
    if (added > 0) this.#makeRoom();
    this.#due.ensure(AUDIT_DUTY, "", at + AUDIT_TTL_MS);
  }

  /** Newest first. */
  list({ action, targetType, targetId, actor, fromId, beforeId, limit }: AuditFilter): AuditPage {
    // Where there are more lines than one page looks at: the last that this one looks at.
    const [last] = this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM audit_log WHERE (?1 IS NULL OR id >= ?1) AND (?2 IS NULL OR id < ?2)
         ORDER BY id DESC LIMIT 1 OFFSET ${ROWS_PER_PAGE - 1}`,
        fromId,
        beforeId,
      )
      .toArray();
    const entries = this.#sql
      .exec<AuditRow>(
        `SELECT ${COLUMNS} FROM audit_log
         WHERE (?1 IS NULL OR id >= ?1) AND (?2 IS NULL OR id < ?2) AND (?3 IS NULL OR id >= ?3)
           AND (?4 IS NULL OR action = ?4) AND (?5 IS NULL OR target_type = ?5)
           AND (?6 IS NULL OR target_id = ?6) AND (?7 IS NULL OR ?7 IN (actor_key, actor_key_id)
             OR (?7 IN ('admin', 'onecall') AND actor_type = ?7))
         ORDER BY id DESC LIMIT ?8 + 0`,
        fromId,
        beforeId,
        last?.id ?? null,
        action,
        targetType,
        targetId,
        actor,
        limit + 1,
      )
      .toArray()
      .map(toEntry);
    const page = entries.slice(0, limit);
    if (entries.length > limit) return { entries: page, nextBeforeId: page.at(-1)?.id ?? null };
    return { entries: page, nextBeforeId: last?.id ?? null };
  }

  /** Removes a slice of the rows whose time is over, and says when the next are due. */
  expire(now: number): void {
    const removed = this.#removeOldest(firstIdAt(now - AUDIT_TTL_MS), ROWS_PER_EXPIRY);
    const [oldest] = this.#sql.exec<{ at: number }>("SELECT at FROM audit_log ORDER BY id LIMIT 1").toArray();
    if (oldest === undefined) this.#due.remove(AUDIT_DUTY, "");
    else if (removed === ROWS_PER_EXPIRY) this.#due.set(AUDIT_DUTY, "", now);
    else this.#due.set(AUDIT_DUTY, "", Math.max(oldest.at + AUDIT_TTL_MS, now + EXPIRY_INTERVAL_MS));
  }

  /** Counts the line that was added; the oldest make room for it. */
  #makeRoom(): void {
    const { lines } = this.#sql
      .exec<{ lines: number }>("UPDATE audit_size SET lines = lines + 1 RETURNING lines")
      .one();
    if (lines > this.#mostLines)
      this.#removeOldest(BEHIND_ALL, Math.min(lines - this.#mostLines, ROWS_PER_LINE));
  }

  /** Of the lines before an id; returns how many went. */
  #removeOldest(beforeId: string, most: number): number {
    const removed = this.#sql
      .exec(
        `DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE id < ? ORDER BY id LIMIT ? + 0)
         RETURNING 1`,
        beforeId,
        most,
      )
      .toArray().length;
    if (removed > 0) this.#sql.exec("UPDATE audit_size SET lines = MAX(lines - ?, 0)", removed);
    return removed;
  }
}

function toEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    at: row.at,
    actor: {
      type: row.actor_type,
      key: row.actor_key,
      keyId: row.actor_key_id,
      requestId: row.request_id,
    },
    action: row.action,
    target: { type: row.target_type, id: row.target_id },
    details: JSON.parse(row.details),
  };
}
