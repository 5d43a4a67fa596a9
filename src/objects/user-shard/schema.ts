import { DUE_SCHEMA } from "../kit/due.ts";
import { WEBHOOK_QUEUE_SCHEMA } from "../kit/event-messages.ts";
import { DELIVERY_EVENTS_SCHEMA } from "./delivery-events.ts";
import { HEADER_PARTS_SCHEMA } from "./header-store.ts";
import { LOOKS_REST_SCHEMA, LOOKS_SCHEMA } from "./looks.ts";
import { RECOUNT_SCHEMA } from "./recount.ts";
import { SEGMENT_PLACES_SCHEMA, SEGMENT_SCHEMA } from "./segment-store.ts";

/** The user shard's database, step by step (docs/storage.md says what each table is for). */
export const USER_SHARD_SCHEMA = [
  [
    `CREATE TABLE users (
      uid TEXT PRIMARY KEY, name TEXT NOT NULL, avatar TEXT, role TEXT NOT NULL, metadata TEXT,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID`,
    // Who was deleted, and when: every write asks it. Tokens from before the deletion stay refused.
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
  [
    // What a push took and what the provider said, for the delivery log.
    "ALTER TABLE deliveries ADD COLUMN tries INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN message TEXT",
    "ALTER TABLE notifications ADD COLUMN push_data TEXT",
    // Of a realtime send to one: the user, whom no plan names.
    "ALTER TABLE notifications ADD COLUMN target TEXT",
    `CREATE TABLE devices (
      user_id TEXT NOT NULL, address_key TEXT NOT NULL, id TEXT NOT NULL, provider TEXT NOT NULL,
      scope TEXT NOT NULL, address TEXT NOT NULL, version TEXT NOT NULL, created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL, PRIMARY KEY (user_id, address_key)) WITHOUT ROWID`,
    // Who owns each address that hashes to this shard; that user may be stored in any shard.
    `CREATE TABLE device_owners (
      address_key TEXT PRIMARY KEY, user_id TEXT NOT NULL, version TEXT NOT NULL) WITHOUT ROWID`,
    // What other shards are still to be told of devices.
    `CREATE TABLE device_calls (
      id INTEGER PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL, address_key TEXT NOT NULL,
      version TEXT NOT NULL)`,
    // The outbox: pushes that aren't done with. The content stands last: scans needn't read it.
    `CREATE TABLE pushes (
      channel_key TEXT NOT NULL, notification_id TEXT NOT NULL, user_id TEXT NOT NULL,
      attempt INTEGER NOT NULL, accepted INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
      due_at INTEGER NOT NULL, wake_at INTEGER NOT NULL, wakes INTEGER NOT NULL DEFAULT 0,
      expires_at INTEGER NOT NULL, claim_id TEXT, remaining TEXT, content TEXT NOT NULL,
      PRIMARY KEY (channel_key, notification_id, user_id)) WITHOUT ROWID`,
  ],
  [
    // Retries: the newest attempt, and how many reopened deliveries haven't been delivered again yet.
    "ALTER TABLE notifications ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE notifications ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0",
    // The raw values of a realtime send to one whose delivery may fail: a retry renders from them.
    "ALTER TABLE notifications ADD COLUMN target_values TEXT",
    // Costs a row for each failure, nothing for the rest.
    `CREATE INDEX deliveries_failed ON deliveries (notification_id, channel_key, reason)
      WHERE status = 'failed'`,
  ],
  DELIVERY_EVENTS_SCHEMA,
  [
    // A deleted user's notifications are those before `before_id`: the first that can be the next user's.
    "ALTER TABLE deleted_users ADD COLUMN before_id TEXT NOT NULL DEFAULT ''",
    `UPDATE deleted_users SET before_id =
      printf('%08x-%04x-7000-8000-000000000000', (deleted_at + 1) >> 16, (deleted_at + 1) & 65535)`,
    // The notification at which the erasure of this user's rows goes on; null: it is done.
    "ALTER TABLE deleted_users ADD COLUMN erase_from TEXT",
    "CREATE INDEX deleted_users_by_time ON deleted_users (before_id)",
    "CREATE INDEX deleted_users_unerased ON deleted_users (uid) WHERE erase_from IS NOT NULL",
    // What ledgers and the registry are still to be told of deletions.
    `CREATE TABLE erasure_calls (
      id INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL)`,
    "CREATE INDEX erasure_calls_due ON erasure_calls (next_at)",
    // Up to which notification the raw values were dropped that no retry needs any more.
    "CREATE TABLE values_dropped (until_id TEXT NOT NULL)",
  ],
  WEBHOOK_QUEUE_SCHEMA,
  [
    // By the six hours in which they were made: what has expired is the beginning of the table.
    `CREATE TABLE claims_by_slot (
      slot INTEGER NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, notification_id TEXT NOT NULL,
      header TEXT NOT NULL, created_at INTEGER NOT NULL, running_until INTEGER NOT NULL, answer TEXT,
      PRIMARY KEY (slot, key)) WITHOUT ROWID`,
    `INSERT INTO claims_by_slot
     SELECT created_at / 21600000, key, request_hash, notification_id, header, created_at, running_until, answer
     FROM claims`,
    "DROP TABLE claims",
    "ALTER TABLE claims_by_slot RENAME TO claims",
    // When the alarm has something to do with a push.
    "CREATE INDEX pushes_wake ON pushes (wake_at)",
  ],
  RECOUNT_SCHEMA,
  [
    // Of users whose tokens were revoked: from when on a token counts.
    "CREATE TABLE token_bounds (uid TEXT PRIMARY KEY, valid_from INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX token_bounds_by_time ON token_bounds (valid_from)",
    // Socket tickets that were used, until they expire.
    `CREATE TABLE used_tickets (
      expires_at INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (expires_at, id)) WITHOUT ROWID`,
    // Minutes (Unix) in which tokens of open sockets end.
    "CREATE TABLE socket_ends (bucket INTEGER PRIMARY KEY)",
  ],
  [
    "ALTER TABLE users ADD COLUMN link TEXT",
    "ALTER TABLE users ADD COLUMN status_message TEXT",
    "ALTER TABLE users ADD COLUMN phone_number TEXT",
    "ALTER TABLE users ADD COLUMN tags TEXT",
    "ALTER TABLE users ADD COLUMN deactivated_at INTEGER",
    "ALTER TABLE users ADD COLUMN last_seen_at INTEGER",
    // What lists find users by.
    "CREATE TABLE user_tags (tag TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (tag, uid)) WITHOUT ROWID",
    "CREATE INDEX users_by_name ON users (name COLLATE NOCASE)",
    "CREATE INDEX users_by_role ON users (role)",
    "CREATE INDEX users_by_creation ON users (created_at)",
    "CREATE INDEX users_deactivated ON users (uid) WHERE deactivated_at IS NOT NULL",
    // Active users, for the registry: lists needn't ask every shard how many there are.
    `CREATE TABLE user_count (
      active INTEGER NOT NULL, version INTEGER NOT NULL, told_version INTEGER NOT NULL)`,
    "INSERT INTO user_count (active, version, told_version) SELECT COUNT(*), 1, 0 FROM users",
    `CREATE TABLE user_tokens (
      uid TEXT NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
      is_removed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (uid, issued_at)) WITHOUT ROWID`,
  ],
  [
    // Which root secret a token was signed with. What an earlier version issued counts as the first's.
    "ALTER TABLE user_tokens ADD COLUMN generation INTEGER NOT NULL DEFAULT 1",
  ],
  [
    // Deactivated users too: for the app's quota.
    "ALTER TABLE user_count ADD COLUMN stored INTEGER NOT NULL DEFAULT 0",
    "UPDATE user_count SET stored = (SELECT COUNT(*) FROM users), version = version + 1",
  ],
  HEADER_PARTS_SCHEMA,
  [
    // A service of the user's choice made a sender wait: such pushes go by a queue of their own.
    "ALTER TABLE pushes ADD COLUMN is_slow INTEGER NOT NULL DEFAULT 0",
  ],
  [
    ...SEGMENT_SCHEMA,
    ...LOOKS_SCHEMA,
    // From which segment on a deleted user's values are still to be taken out; null: it is done.
    "ALTER TABLE deleted_users ADD COLUMN erase_from_segment INTEGER",
  ],
  [
    // Of which type of channels an address is, and what waits in the outbox. Until then there was one that sends out.
    "ALTER TABLE devices ADD COLUMN channel_type TEXT NOT NULL DEFAULT 'push'",
    "ALTER TABLE pushes ADD COLUMN channel_type TEXT NOT NULL DEFAULT 'push'",
  ],
  LOOKS_REST_SCHEMA,
  SEGMENT_PLACES_SCHEMA,
] as const;
