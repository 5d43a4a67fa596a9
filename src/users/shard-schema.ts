import { DUE_SCHEMA } from "../objects/due.ts";

/** The user shard's database, step by step (docs/storage.md says what each table is for). */
export const USER_SHARD_SCHEMA = [
  [
    `CREATE TABLE users (
      uid TEXT PRIMARY KEY, name TEXT NOT NULL, avatar TEXT, role TEXT NOT NULL, metadata TEXT,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID`,
    // Tokens of a deleted user that were issued before the deletion stay refused.
    "CREATE TABLE deleted_users (uid TEXT PRIMARY KEY, deleted_at INTEGER NOT NULL) WITHOUT ROWID",
    `CREATE TABLE notifications (
      id TEXT PRIMARY KEY, header TEXT NOT NULL, totals TEXT NOT NULL,
      version INTEGER NOT NULL, reported_version INTEGER NOT NULL) WITHOUT ROWID`,
    "CREATE INDEX notifications_unreported ON notifications (id) WHERE version > reported_version",
    // Feed and delivery log in one: one row written per delivery.
    `CREATE TABLE deliveries (
      user_id TEXT NOT NULL, notification_id TEXT NOT NULL, channel_key TEXT NOT NULL,
      channel_type TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, attempt INTEGER NOT NULL, content TEXT,
      delivered_at INTEGER, viewed_at INTEGER, clicked_at INTEGER,
      PRIMARY KEY (user_id, notification_id, channel_key)) WITHOUT ROWID`,
    `CREATE TABLE claims (
      key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, notification_id TEXT NOT NULL,
      header TEXT NOT NULL, created_at INTEGER NOT NULL, running_until INTEGER NOT NULL,
      answer TEXT) WITHOUT ROWID`,
    DUE_SCHEMA,
  ],
] as const;
