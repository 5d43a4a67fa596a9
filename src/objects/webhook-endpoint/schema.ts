import { DUE_SCHEMA } from "../kit/due.ts";
import { SECRET_BOX_SCHEMA } from "../kit/secret-box.ts";

/** A webhook endpoint's database, step by step (docs/storage.md says what each table is for). */
export const WEBHOOK_ENDPOINT_SCHEMA = [
  [
    "CREATE TABLE endpoint (config TEXT NOT NULL, failing_since INTEGER)",
    `CREATE TABLE messages (
      id TEXT PRIMARY KEY, type TEXT NOT NULL, status TEXT NOT NULL, tries INTEGER NOT NULL,
      next_at INTEGER, body TEXT NOT NULL) WITHOUT ROWID`,
    "CREATE INDEX messages_waiting ON messages (next_at, id) WHERE status = 'waiting'",
    `CREATE TABLE attempts (
      id TEXT PRIMARY KEY, message_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
      http_status INTEGER, duration_ms INTEGER NOT NULL, response TEXT, error TEXT, at INTEGER NOT NULL,
      next_attempt_at INTEGER) WITHOUT ROWID`,
    DUE_SCHEMA,
  ],
  [
    // Events by the order in which they came; tests have numbers below 0.
    `CREATE TABLE events (
      seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,
      body TEXT NOT NULL)`,
    `CREATE TABLE calls (
      id TEXT PRIMARY KEY, type TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,
      events INTEGER NOT NULL, bytes INTEGER NOT NULL, status TEXT NOT NULL, tries INTEGER NOT NULL,
      next_at INTEGER) WITHOUT ROWID`,
    "CREATE INDEX calls_waiting ON calls (next_at, id) WHERE status = 'waiting'",
    "CREATE INDEX calls_failed ON calls (id) WHERE status = 'failed'",
    // How far each object that hands over has come: what it repeats is ignored.
    "CREATE TABLE sources (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX sources_by_day ON sources (day)",
    // What had succeeded isn't needed any more.
    `INSERT INTO events (seq, id, type, at, bytes, body)
     SELECT ROW_NUMBER() OVER (ORDER BY id), id, type, 0, LENGTH(CAST(body AS BLOB)), body FROM messages
     WHERE status <> 'succeeded'`,
    `INSERT INTO calls (id, type, from_seq, to_seq, events, bytes, status, tries, next_at)
     SELECT m.id, m.type, e.seq, e.seq, 1, e.bytes, m.status, m.tries, m.next_at
     FROM events e JOIN messages m ON m.id = e.id`,
    "DROP TABLE messages",
    "ALTER TABLE attempts ADD COLUMN events INTEGER NOT NULL DEFAULT 1",
    // One row of counters: nothing is counted by a look at all rows.
    `CREATE TABLE counters (
      next_seq INTEGER NOT NULL, composed_seq INTEGER NOT NULL, tests INTEGER NOT NULL,
      waiting INTEGER NOT NULL, waiting_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL,
      failed_calls INTEGER NOT NULL, dropped INTEGER NOT NULL, enabled_at INTEGER, woken_id TEXT, wake_to TEXT)`,
    `INSERT INTO counters (
       next_seq, composed_seq, tests, waiting, waiting_bytes, attempts, failed_calls, dropped)
     SELECT COALESCE(MAX(seq), 0) + 1, COALESCE(MAX(seq), 0), 0,
       (SELECT COUNT(*) FROM calls WHERE status = 'waiting'),
       (SELECT COALESCE(SUM(bytes), 0) FROM calls WHERE status = 'waiting'),
       (SELECT COUNT(*) FROM attempts), (SELECT COUNT(*) FROM calls WHERE status = 'failed'), 0
     FROM events`,
  ],
  [SECRET_BOX_SCHEMA],
] as const;
