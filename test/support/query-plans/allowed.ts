export type ObjectName = "Registry" | "Ledger" | "UserShard" | "WebhookEndpoint";

/** What may read more than it is asked for, and what bounds that. */
export interface Allowance {
  object: ObjectName | "any";
  /** A table that stays so small that to read all of it costs nothing, or one statement; `…` stands for anything. */
  of: { table: string } | { statement: string };
  bound: string;
}

const table = (object: Allowance["object"], name: string, bound: string): Allowance => ({
  object,
  of: { table: name },
  bound,
});

const statement = (object: Allowance["object"], text: string, bound: string): Allowance => ({
  object,
  of: { statement: text },
  bound,
});

const FIRST_ROWS = "the first rows in the order of the key, by its LIMIT";
const FIRST_ENTRY = "the first entry of an index";
const ONE_ROW = "one row";
const DUTIES = "a row a kind of duty";
const PAGE = "ROWS_PER_PAGE: 10,000";
const DEVICES = "MAX_DEVICES: 20";
const USERS =
  "?2: USERS_PER_TURN or USERS_PER_COUNT; of sends before their target was stored all of a shard's";
const GROUP = "a notification's pushes in the shard";

export const ALLOWED: readonly Allowance[] = [
  table("any", "sqlite_master", "the schema: the tables and indexes of schema.ts"),
  table("any", "schema_version", ONE_ROW),
  table("UserShard", "values_dropped", ONE_ROW),
  table("UserShard", "user_count", ONE_ROW),
  table("Registry", "user_counts", "one row a shard: MAX_SHARD_COUNT"),
  table("Registry", "app", ONE_ROW),
  table("Registry", "erasure", ONE_ROW),
  table("Registry", "sign_in_codes", "MAX_SIGN_IN_CODES: 20"),
  table("Registry", "root_secrets", "MAX_ROOT_SECRETS: 5"),
  table("Registry", "channels", "MAX_CHANNELS: 50"),
  table("Registry", "webhooks", "MAX_WEBHOOKS: 10"),
  table("Registry", "webhook_calls", "one row an endpoint, so MAX_WEBHOOKS and those just deleted"),
  table("Registry", "due", DUTIES),
  table("Registry", "apns_tokens", "a row a key that was used within the hour: MAX_CHANNELS, mostly"),
  table("UserShard", "due", DUTIES),
  table("WebhookEndpoint", "due", DUTIES),
  table("any", "data_key", ONE_ROW),
  statement(
    "Registry",
    "SELECT channel_id AS channelId, … FROM push_providers",
    "three for each of MAX_CHANNELS: 150",
  ),
  table("Ledger", "registration", ONE_ROW),
  table("Ledger", "tag_quota", ONE_ROW),
  table("Ledger", "incidents", "a row a kind of incident"),
  table("Ledger", "unlisted", ONE_ROW),
  table("Ledger", "failing_unlisted", ONE_ROW),
  statement(
    "Ledger",
    "SELECT shard, bytes, share FROM shard_sizes ORDER BY bytes DESC LIMIT ? + 0",
    FIRST_ROWS,
  ),
  statement(
    "Ledger",
    "SELECT COUNT(*) … FROM singles WHERE completed_after IS NULL",
    "an index of what runs",
  ),
  statement(
    "Ledger",
    "SELECT id FROM singles WHERE completed_after IS NULL ORDER BY id LIMIT ? + 0",
    FIRST_ROWS,
  ),
  table("Registry", "audit_size", ONE_ROW),
  table("WebhookEndpoint", "endpoint", ONE_ROW),
  table("WebhookEndpoint", "counters", ONE_ROW),
  table("any", "webhook_numbers", ONE_ROW),
  table("UserShard", "recount_place", ONE_ROW),

  statement("any", "SELECT kind, id, at FROM due WHERE at <= ? ORDER BY at LIMIT ? + 0", DUTIES),
  statement("Registry", "SELECT key, value, revision FROM kv_outbox ORDER BY key LIMIT ? + 0", FIRST_ROWS),
  statement("Registry", "SELECT at FROM audit_log ORDER BY id LIMIT 1", FIRST_ROWS),
  statement("Registry", "SELECT id FROM audit_log WHERE … LIMIT 1 OFFSET …", PAGE),
  statement("Registry", "SELECT id, at, actor_type, … FROM audit_log WHERE …", PAGE),
  statement(
    "Registry",
    "SELECT …, expires_at FROM targets_files WHERE … LIMIT ?3 + 0",
    "its LIMIT, and what an upload removes",
  ),
  statement("Registry", "SELECT ends_at AS at FROM file_audiences ORDER BY ends_at LIMIT 1", FIRST_ENTRY),
  statement("Registry", 'DELETE FROM "…"', "an app that is erased, once"),
  statement("Ledger", "SELECT MIN(at) AS at FROM due", FIRST_ENTRY),
  statement("Ledger", "SELECT notification_id AS id FROM plans LIMIT ? + 0", FIRST_ROWS),
  statement(
    "Ledger",
    "SELECT hour / CAST(… FROM series WHERE hour BETWEEN …",
    "the hours asked for: at most a year",
  ),
  statement("UserShard", "SELECT MAX(before_id) … FROM deleted_users", "the last entry of an index"),
  statement("UserShard", "SELECT uid FROM deleted_users WHERE erase_from IS NOT NULL …", FIRST_ROWS),
  statement("UserShard", "SELECT next_at AS at FROM erasure_calls ORDER BY next_at LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT id, kind, … FROM device_calls ORDER BY id LIMIT ? + 0", FIRST_ROWS),
  statement("UserShard", "SELECT bucket FROM socket_ends ORDER BY bucket LIMIT ? + 0", FIRST_ROWS),
  statement("UserShard", "SELECT id, … FROM webhook_events ORDER BY id LIMIT ? + 0", FIRST_ROWS),
  statement("any", "SELECT id FROM notifications ORDER BY id LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT seq FROM segments ORDER BY seq LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT seq FROM segments ORDER BY seq DESC LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT channel_key, COUNT(*) AS count FROM json_each(?) …", "a segment's targets"),
  statement("UserShard", "SELECT slot FROM claims ORDER BY slot LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT MIN(wake_at) AS at FROM pushes", FIRST_ENTRY),
  statement("UserShard", "SELECT … FROM (SELECT … FROM pushes WHERE channel_key = ?1 …", "PROBE_ROWS: 500"),
  statement("UserShard", "SELECT user_id, channel_type, … FROM pushes WHERE …", GROUP),
  statement(
    "UserShard",
    "WITH changed AS MATERIALIZED … UPDATE pushes …",
    "a claim's rows: DISPATCH_LEASE_ROWS",
  ),
  statement("UserShard", "WITH targets AS MATERIALIZED … UPDATE deliveries …", "a slice's rows"),
  statement("UserShard", "WITH RECURSIVE users_after (user_id) AS ( …", USERS),
  statement(
    "UserShard",
    "DELETE FROM pushes WHERE … IN ( WITH RECURSIVE channels …",
    "MAX_CHANNELS, and its LIMIT",
  ),
  statement(
    "UserShard",
    "SELECT channel_key AS channelKey, status, … FROM json_each(?) …",
    "USERS_PER_COUNT, one send",
  ),
  statement("UserShard", "SELECT DISTINCT user_id FROM json_each(?3) AS targets …", "a chunk's targets"),
  statement("UserShard", "SELECT id, address, … FROM devices WHERE user_id = ? …", DEVICES),
  statement("UserShard", "SELECT address_key AS addressKey, … FROM devices WHERE user_id = ? …", DEVICES),
  statement("WebhookEndpoint", "SELECT MIN(next_at) … WHERE status = 'waiting'", FIRST_ENTRY),
];

/** Not bounded yet, and whose it is to bound. */
export const KNOWN: readonly Allowance[] = [
  table("Registry", "api_keys", "the app's keys: by a quota (apps)"),
  statement("Registry", "SELECT id, key FROM templates", "an app's templates: by a quota (templates)"),
  statement(
    "Registry",
    "SELECT t.id, … FROM templates t JOIN …",
    "an app's templates: by a quota (templates)",
  ),
  statement(
    "Ledger",
    "SELECT … FROM notifications WHERE completed_at IS NULL…",
    "what runs (incident-store)",
  ),
  statement("UserShard", "SELECT uid, … FROM users WHERE …", "a shard's users (user-store)"),
];

/** What allows a step, if anything does. */
export function findAllowance(object: ObjectName, text: string, step: string): Allowance | null {
  const name = /^(?:SCAN|SEARCH) (\S+)/.exec(step)?.[1];
  const isMeant = ({ object: owner, of }: Allowance): boolean => {
    if (owner !== "any" && owner !== object) return false;
    return "table" in of ? of.table === name : matches(of.statement, text);
  };
  return ALLOWED.find(isMeant) ?? KNOWN.find(isMeant) ?? null;
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("…");
  if (parts.length === 1) return pattern === text;
  let at = 0;
  return parts.every((part, index) => {
    const found = index === 0 ? (text.startsWith(part) ? 0 : -1) : text.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}
