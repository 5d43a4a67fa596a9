import { DUE_SCHEMA } from "../objects/due.ts";

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
] as const;
