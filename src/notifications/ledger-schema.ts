import { DUE_SCHEMA } from "../objects/due.ts";
import { WEBHOOK_OUTBOX_SCHEMA } from "../webhooks/outbox.ts";

/** The ledger's database, step by step (docs/storage.md says what each table is for). */
export const LEDGER_SCHEMA = [
  [
    `CREATE TABLE notifications (
      id TEXT PRIMARY KEY, header TEXT NOT NULL, template_key TEXT NOT NULL, tag TEXT, mode TEXT NOT NULL,
      redrives INTEGER NOT NULL DEFAULT 0, completed_at INTEGER) WITHOUT ROWID`,
    // Apart from the headers: a plan holds the template's content, and lists don't read it.
    "CREATE TABLE plans (notification_id TEXT PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID",
    `CREATE TABLE shard_reports (
      notification_id TEXT NOT NULL, shard INTEGER NOT NULL, expected INTEGER NOT NULL,
      accepted INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, totals TEXT NOT NULL DEFAULT '[]',
      PRIMARY KEY (notification_id, shard)) WITHOUT ROWID`,
    "CREATE TABLE registration (registered_at INTEGER NOT NULL)",
    DUE_SCHEMA,
  ],
  [WEBHOOK_OUTBOX_SCHEMA],
] as const;
