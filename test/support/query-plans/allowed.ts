import type { ObjectName } from "./plan.ts";

/** What may read more than it is asked for, and what bounds that. */
export interface Allowance {
  object: ObjectName | "any";
  /** A table that stays so small that to read all of it costs nothing, or one statement; `…` stands for anything. */
  of: { table: string } | { statement: string };
  bound: string;
}

const table = (object: Allowance["object"], name: string, bound: string): Allowance => ({
  ...{ object, of: { table: name }, bound },
});

const statement = (object: Allowance["object"], text: string, bound: string): Allowance => ({
  ...{ object, of: { statement: text }, bound },
});

const FIRST_ROWS = "the first rows in the order of the key, by its LIMIT";
const ONE_ROW = "one row";
const UPGRADE = "what stands there at the upgrade, once";

export const ALLOWED: readonly Allowance[] = [
  table("any", "sqlite_master", "the schema: the tables and indexes of schema.ts"),
  table("any", "schema_version", ONE_ROW),
  table("UserShard", "values_dropped", ONE_ROW),
  table("Registry", "app", ONE_ROW),
  table("Registry", "erasure", ONE_ROW),
  table("Registry", "root_secrets", "MAX_ROOT_SECRETS: 5"),
  table("Registry", "channels", "MAX_CHANNELS: 50"),
  table("Registry", "webhooks", "MAX_WEBHOOKS: 10"),
  table("Registry", "webhook_calls", "one row an endpoint, so MAX_WEBHOOKS and those just deleted"),
  table("Ledger", "registration", ONE_ROW),
  table("Ledger", "incidents", "a row a kind of incident"),
  table("WebhookEndpoint", "endpoint", ONE_ROW),
  table("WebhookEndpoint", "counters", ONE_ROW),
  table("any", "webhook_numbers", ONE_ROW),
  statement("any", "INSERT INTO webhook_outbox … FROM webhook_outbox_before", UPGRADE),
  statement("WebhookEndpoint", "INSERT INTO events … FROM messages …", UPGRADE),
  statement("WebhookEndpoint", "INSERT INTO calls … FROM events e JOIN messages m …", UPGRADE),
  statement("WebhookEndpoint", "INSERT INTO counters … FROM events", UPGRADE),

  statement("Registry", "SELECT 1 FROM kv_outbox LIMIT 1", FIRST_ROWS),
  statement("Registry", "SELECT key, value, revision FROM kv_outbox ORDER BY key LIMIT 100", FIRST_ROWS),
  statement("Registry", "SELECT at FROM audit_log ORDER BY id LIMIT 1", FIRST_ROWS),
  statement("Registry", "SELECT id FROM audit_log WHERE … LIMIT 1 OFFSET …", "ROWS_PER_PAGE: 10,000"),
  statement("Registry", "SELECT id, at, actor_type, … FROM audit_log WHERE …", "ROWS_PER_PAGE: 10,000"),
  statement("Registry", 'DELETE FROM "…"', "an app that is erased, once"),
  statement("Ledger", "SELECT notification_id AS id FROM plans LIMIT ?", FIRST_ROWS),
  statement(
    "Ledger",
    "SELECT hour / CAST(… FROM series WHERE hour BETWEEN …",
    "the hours asked for: at most a year",
  ),
  statement("UserShard", "UPDATE deleted_users SET before_id = …", "once, when the column comes"),
  statement("UserShard", "SELECT MAX(before_id) … FROM deleted_users", "the last entry of an index"),
  statement("UserShard", "SELECT uid FROM deleted_users WHERE erase_from IS NOT NULL …", FIRST_ROWS),
  statement("UserShard", "SELECT next_at AS at FROM erasure_calls ORDER BY next_at LIMIT 1", FIRST_ROWS),
  statement("UserShard", "SELECT id, kind, … FROM device_calls ORDER BY id LIMIT ?", FIRST_ROWS),
  statement("UserShard", "SELECT id, … FROM webhook_events ORDER BY id LIMIT ?", FIRST_ROWS),
  statement("UserShard", "WITH changed AS MATERIALIZED … UPDATE pushes …", "a claim's rows: PUSH_CLAIM_ROWS"),
  statement("UserShard", "WITH targets AS MATERIALIZED … UPDATE deliveries …", "a slice's rows"),
  statement("UserShard", "SELECT DISTINCT user_id FROM json_each(?3) AS targets …", "a chunk's targets"),
  statement(
    "WebhookEndpoint",
    "SELECT MIN(next_at) AS at FROM calls WHERE status = 'waiting'",
    "the first entry of an index",
  ),
  statement("UserShard", "SELECT id, address, … FROM devices WHERE user_id = ? …", "MAX_DEVICES: 20"),
  statement(
    "UserShard",
    "SELECT address_key AS addressKey, … FROM devices WHERE user_id = ? …",
    "MAX_DEVICES: 20",
  ),
];

const KEYS = "the app's keys: a quota is to bound them (apps)";
const OUTBOX = "the pushes of a shard: an index is to bound it (users/push-store)";
const LOG = "the deliveries of a shard: an index is to bound it (users)";

/** Not bounded yet, and whose it is to bound. */
export const KNOWN: readonly Allowance[] = [
  table("Registry", "api_keys", KEYS),
  table("any", "due", "an object's duties; in a ledger one for each batch that runs (objects/due)"),
  statement("any", "SELECT kind, id FROM due WHERE at <= ? ORDER BY at LIMIT ?", "the same"),
  statement(
    "Registry",
    "SELECT …, expires_at FROM targets_files WHERE …",
    "an app's files (audiences/file-store)",
  ),
  statement(
    "Registry",
    "DELETE FROM targets_files WHERE expires_at <= ?",
    "an app's files (audiences/file-store)",
  ),
  statement("Registry", "SELECT id, key FROM templates", "an app's templates (templates/store)"),
  statement("Registry", "SELECT t.id, … FROM templates t JOIN …", "an app's templates (templates/store)"),
  statement(
    "Ledger",
    "SELECT … FROM notifications WHERE completed_at IS NULL…",
    "what runs (notifications/incident-store)",
  ),
  statement("Ledger", "UPDATE retries SET is_told = 1 WHERE audit_id = ?", "a day's retries (notifications)"),
  statement(
    "Ledger",
    "SELECT id, header, … FROM notifications WHERE …",
    "a day's sends (notifications/ledger-store)",
  ),
  statement("UserShard", "DELETE FROM claims WHERE created_at <= ?", "claims of a day (users/claim-store)"),
  statement(
    "UserShard",
    "SELECT MIN(created_at) AS oldest FROM claims",
    "claims of a day (users/claim-store)",
  ),
  statement("UserShard", "SELECT channel_key AS channelKey, status, … FROM deliveries …", LOG),
  statement("UserShard", "DELETE FROM deliveries WHERE …", LOG),
  statement("UserShard", "SELECT user_id FROM deliveries WHERE notification_id = ? LIMIT 1", LOG),
  statement("UserShard", "SELECT uid, … FROM users WHERE …", "a shard's users (users/user-store)"),
  table("UserShard", "pushes", OUTBOX),
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
