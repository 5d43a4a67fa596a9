import { DUE_SCHEMA } from "../kit/due.ts";
import { SECRET_BOX_SCHEMA } from "../kit/secret-box.ts";
import { AUDIT_SIZE_SCHEMA } from "./audit-store.ts";
import { FILE_AUDIENCES_SCHEMA } from "./file-audience-store.ts";
import { QUOTAS_SCHEMA } from "./quota-store.ts";
import { SIGN_IN_CODES_SCHEMA } from "./sign-in-code-store.ts";

/** The registry's database, step by step (docs/storage.md says what each table is for). */
export const REGISTRY_SCHEMA = [
  [
    `CREATE TABLE app (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, shard_count INTEGER NOT NULL, hash TEXT NOT NULL,
      root_secret TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE api_keys (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
      last_four TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE channels (
      id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, type TEXT NOT NULL,
      enabled INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE templates (
      id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, category TEXT, status TEXT NOT NULL,
      version INTEGER NOT NULL, approved_version INTEGER, created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE template_versions (
      template_id TEXT NOT NULL, version INTEGER NOT NULL, channel_keys TEXT NOT NULL, content TEXT NOT NULL,
      variable_schema TEXT NOT NULL, created_at INTEGER NOT NULL, approved_at INTEGER,
      PRIMARY KEY (template_id, version)) WITHOUT ROWID`,
    "CREATE TABLE ledgers (day TEXT PRIMARY KEY) WITHOUT ROWID",
    // What KV is still to be told. A null value: delete the key.
    "CREATE TABLE kv_outbox (key TEXT PRIMARY KEY, value TEXT, revision INTEGER NOT NULL) WITHOUT ROWID",
    DUE_SCHEMA,
  ],
  [
    `CREATE TABLE targets_files (
      file_key TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, audience_id TEXT NOT NULL, audience_etag TEXT NOT NULL,
      size INTEGER NOT NULL, rows INTEGER NOT NULL, columns TEXT NOT NULL, duplicates INTEGER NOT NULL,
      uploaded_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID`,
  ],
  [
    // `shown` is all of the configuration that any answer gives.
    `CREATE TABLE push_providers (
      channel_id TEXT NOT NULL, provider TEXT NOT NULL, config TEXT NOT NULL, shown TEXT NOT NULL,
      token TEXT, issued_at INTEGER, expires_at INTEGER, PRIMARY KEY (channel_id, provider)) WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE audit_log (
      id TEXT PRIMARY KEY, at INTEGER NOT NULL, actor_type TEXT NOT NULL, actor_key TEXT, actor_key_id TEXT,
      action TEXT NOT NULL, target_type TEXT NOT NULL, target_id TEXT NOT NULL, details TEXT NOT NULL,
      request_id TEXT) WITHOUT ROWID`,
  ],
  [
    // A row while the app is being erased: the step, and how far it is.
    "CREATE TABLE erasure (started_at INTEGER NOT NULL, step TEXT NOT NULL, position INTEGER NOT NULL)",
  ],
  [
    `CREATE TABLE webhooks (
      id TEXT PRIMARY KEY, url TEXT NOT NULL, description TEXT, events TEXT NOT NULL, enabled INTEGER NOT NULL,
      secret TEXT NOT NULL, fingerprint TEXT NOT NULL, previous_secret TEXT, previous_until INTEGER,
      revision INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
      disabled_at INTEGER, disabled_reason TEXT) WITHOUT ROWID`,
    // What the endpoints' objects are still to be told of changes.
    "CREATE TABLE webhook_calls (webhook_id TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",
  ],
  ["ALTER TABLE template_versions ADD COLUMN placeholders TEXT NOT NULL DEFAULT 'double'"],
  [
    // The key of the hash that says which shard a user is in; null in apps of before, whose hash has none.
    "ALTER TABLE app ADD COLUMN hash_key TEXT",
  ],
  [
    // What the app's API keys are checked by, and how many keys of earlier versions have no check.
    "ALTER TABLE app ADD COLUMN key_check TEXT",
    "ALTER TABLE app ADD COLUMN unchecked_keys INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE api_keys ADD COLUMN is_checked INTEGER NOT NULL DEFAULT 0",
    "UPDATE app SET unchecked_keys = (SELECT COUNT(*) FROM api_keys)",
  ],
  [
    // A null end: the one that signs. They have a table of their own; the app's column is empty from here on.
    "CREATE TABLE root_secrets (generation INTEGER PRIMARY KEY, secret TEXT NOT NULL, ends_at INTEGER)",
    "INSERT INTO root_secrets (generation, secret, ends_at) SELECT 1, root_secret, NULL FROM app",
    "UPDATE app SET root_secret = ''",
  ],
  ["ALTER TABLE webhooks ADD COLUMN events_per_call INTEGER NOT NULL DEFAULT 1"],
  [
    // The number of ledgers that an app has for a day: new notifications are spread among them.
    "ALTER TABLE app ADD COLUMN ledger_slots INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE app ADD COLUMN slots_grown_at INTEGER NOT NULL DEFAULT 0",
  ],
  // For the removal of what has expired.
  ["CREATE INDEX targets_files_expiry ON targets_files (expires_at)"],
  [SECRET_BOX_SCHEMA],
  [
    // The provider token of each of Apple's keys, by a hash of it, its id and its team.
    `CREATE TABLE apns_tokens (
      key_id TEXT PRIMARY KEY, token TEXT NOT NULL, issued_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL) WITHOUT ROWID`,
  ],
  [
    // How many active users each shard has, as it says.
    `CREATE TABLE user_counts (
      shard INTEGER PRIMARY KEY, active INTEGER NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID`,
    // A shard that has said nothing has no users; one of an app of an earlier version has to be asked.
    "ALTER TABLE app ADD COLUMN counts_users INTEGER NOT NULL DEFAULT 1",
    "UPDATE app SET counts_users = 0",
  ],
  QUOTAS_SCHEMA,
  [
    // Users that a shard has stored, deactivated ones too: for the quota, which counts them all.
    "ALTER TABLE user_counts ADD COLUMN stored INTEGER NOT NULL DEFAULT 0",
    "UPDATE user_counts SET stored = active",
    "INSERT INTO usage (name, count) SELECT 'users', COALESCE(SUM(stored), 0) FROM user_counts",
  ],
  // Stays 0 in apps that were there before: they may have users whose ids differ in nothing but case.
  ["ALTER TABLE app ADD COLUMN folds_user_ids INTEGER NOT NULL DEFAULT 0"],
  ["ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER"],
  FILE_AUDIENCES_SCHEMA,
  SIGN_IN_CODES_SCHEMA,
  [
    // When a key was last used, by scope; whether KV's copy of it has its name.
    "ALTER TABLE api_keys ADD COLUMN last_send_at INTEGER",
    "ALTER TABLE api_keys ADD COLUMN last_read_at INTEGER",
    "ALTER TABLE api_keys ADD COLUMN last_manage_at INTEGER",
    "ALTER TABLE api_keys ADD COLUMN is_copied_with_name INTEGER NOT NULL DEFAULT 0",
  ],
  AUDIT_SIZE_SCHEMA,
] as const;
