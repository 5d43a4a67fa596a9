import { DUE_INDEX, DUE_SCHEMA } from "../kit/due.ts";
import { WEBHOOK_OUTBOX_SCHEMA, WEBHOOK_QUEUE_SCHEMA } from "../kit/event-messages.ts";
import { COUNTED_TAGS_SCHEMA } from "./counted-tags.ts";
import { FAILING_SCHEMA } from "./failing-store.ts";
import { QUEUE_WINDOW_SCHEMA } from "./queue-window.ts";

/** The ledger's database, step by step (docs/storage.md says what each table is for). */
export const LEDGER_SCHEMA = [
  [
    `CREATE TABLE notifications (
      id TEXT PRIMARY KEY, header TEXT NOT NULL, template_key TEXT NOT NULL, tag TEXT, mode TEXT NOT NULL,
      redrives INTEGER NOT NULL DEFAULT 0, completed_at INTEGER) WITHOUT ROWID`,
    // Plans stand apart from the headers: they hold the template's content, which lists don't read.
    "CREATE TABLE plans (notification_id TEXT PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID",
    `CREATE TABLE shard_reports (
      notification_id TEXT NOT NULL, shard INTEGER NOT NULL, expected INTEGER NOT NULL,
      accepted INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, totals TEXT NOT NULL DEFAULT '[]',
      PRIMARY KEY (notification_id, shard)) WITHOUT ROWID`,
    "CREATE TABLE registration (registered_at INTEGER NOT NULL)",
    DUE_SCHEMA,
  ],
  [
    // Retries: which attempt a shard is to reach, which it has reached, and how many deliveries wait there.
    "ALTER TABLE notifications ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE shard_reports ADD COLUMN wanted INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE shard_reports ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE shard_reports ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0",
    // Events of this day's notifications, by the hour in which they happened. `tag` as JSON: null is none.
    `CREATE TABLE series (
      hour INTEGER NOT NULL, channel_type TEXT NOT NULL, template_key TEXT NOT NULL, tag TEXT NOT NULL,
      delivered INTEGER NOT NULL, viewed INTEGER NOT NULL, clicked INTEGER NOT NULL,
      PRIMARY KEY (hour, channel_type, template_key, tag)) WITHOUT ROWID`,
    // Attempts after the first. `is_told`: the registry has it in the audit log.
    `CREATE TABLE retries (
      notification_id TEXT NOT NULL, attempt INTEGER NOT NULL, reasons TEXT, created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, audit_id TEXT NOT NULL, actor TEXT NOT NULL, is_told INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (notification_id, attempt)) WITHOUT ROWID`,
  ],
  [
    // For the operator's status: notifications that aren't completed, and chunks that had to be sent again.
    "CREATE INDEX notifications_open ON notifications (id) WHERE completed_at IS NULL",
    "CREATE TABLE incidents (kind TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
  ],
  [WEBHOOK_OUTBOX_SCHEMA],
  WEBHOOK_QUEUE_SCHEMA,
  // A ledger has a duty for each batch that runs.
  [DUE_INDEX],
  QUEUE_WINDOW_SCHEMA,
  [
    // Realtime sends to one: a short row, whose texts stand once in `names`. Times count from the creation.
    "CREATE TABLE names (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name))",
    `CREATE TABLE singles (
      id BLOB PRIMARY KEY, part INTEGER NOT NULL, template INTEGER NOT NULL, tag INTEGER, title TEXT,
      expires_after INTEGER, version INTEGER NOT NULL, totals TEXT NOT NULL, completed_after INTEGER) WITHOUT ROWID`,
    "CREATE INDEX singles_by_template ON singles (template, id)",
    "CREATE INDEX singles_by_tag ON singles (tag, id) WHERE tag IS NOT NULL",
    "CREATE INDEX singles_open ON singles (id) WHERE completed_after IS NULL",
    // The other notifications, for lists. An index over those of earlier versions could take longer than an object may.
    `CREATE TABLE listings (
      id TEXT PRIMARY KEY, template_key TEXT NOT NULL, tag TEXT, mode TEXT NOT NULL) WITHOUT ROWID`,
    "CREATE INDEX listings_by_template ON listings (template_key, id)",
    "CREATE INDEX listings_by_tag ON listings (tag, id) WHERE tag IS NOT NULL",
    "CREATE INDEX listings_by_mode ON listings (mode, id)",
    "CREATE TABLE unlisted (until_id TEXT NOT NULL)",
    "INSERT INTO unlisted (until_id) SELECT id FROM notifications ORDER BY id DESC LIMIT 1",
  ],
  [
    // How large the shards were when they last reported.
    "CREATE TABLE shard_sizes (shard INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, share REAL NOT NULL)",
    "CREATE INDEX shard_sizes_by_bytes ON shard_sizes (bytes)",
  ],
  COUNTED_TAGS_SCHEMA,
  FAILING_SCHEMA,
  // The one user whose deliveries a retry is for, if it is for one; emptied when the retry is done.
  ["ALTER TABLE retries ADD COLUMN user_id TEXT"],
] as const;
