import type { WebhookEvent } from "../../model/events.ts";
import { newId } from "../../model/ids.ts";
import { MAX_WEBHOOKS } from "../../model/limits.ts";
import { NO_WEBHOOK } from "../../model/missing.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type {
  DisabledReason,
  EndpointConfig,
  NewWebhook,
  Webhook,
  WebhookChange,
} from "../../model/webhook.ts";
import type { NewSecret } from "../../model/webhook-secrets.ts";
import type { SecretBox } from "../kit/secret-box.ts";

type Row = {
  id: string;
  url: string;
  description: string | null;
  events: string;
  events_per_call: number;
  enabled: number;
  secret: string;
  fingerprint: string;
  previous_secret: string | null;
  previous_until: number | null;
  revision: number;
  created_at: number;
  updated_at: number;
  disabled_at: number | null;
  disabled_reason: DisabledReason | null;
};

const COLUMNS = `id, url, description, events, events_per_call, enabled, secret, fingerprint, previous_secret,
  previous_until, revision, created_at, updated_at, disabled_at, disabled_reason`;

/**
 * An app's webhook endpoints, in its registry, their secrets sealed. Writing methods expect to run inside a
 * transaction.
 */
export class WebhookStore {
  readonly #sql: SqlStorage;
  readonly #box: SecretBox;

  constructor(sql: SqlStorage, box: SecretBox) {
    this.#sql = sql;
    this.#box = box;
  }

  /** Newest first. */
  list(beforeId: string | null, limit: number, now: number): Webhook[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM webhooks WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2 + 0`,
        beforeId,
        limit,
      )
      .toArray()
      .map((row) => toWebhook(row, now));
  }

  listIds(): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM webhooks")
      .toArray()
      .map(({ id }) => id);
  }

  /** The enabled ones as sends need to know them. */
  listEnabled(): { id: string; events: WebhookEvent[]; revision: number }[] {
    return this.#sql
      .exec<{ id: string; events: string; revision: number }>(
        "SELECT id, events, revision FROM webhooks WHERE enabled = 1 ORDER BY id",
      )
      .toArray()
      .map(({ id, events, revision }) => ({ id, events: JSON.parse(events), revision }));
  }

  get(id: string, now: number): Webhook | null {
    const row = this.#row(id);
    return row === null ? null : toWebhook(row, now);
  }

  getConfig(id: string): EndpointConfig | null {
    const row = this.#row(id);
    if (row === null) return null;
    const { revision, url, events, events_per_call: eventsPerCall, enabled } = row;
    const unseal = (sealed: string): string => this.#box.unseal(sealed, purposeOf(id));
    const secrets: EndpointConfig["secrets"] = [{ secret: unseal(row.secret), until: null }];
    if (row.previous_secret !== null) {
      secrets.push({ secret: unseal(row.previous_secret), until: row.previous_until });
    }
    return { revision, url, events: JSON.parse(events), eventsPerCall, isEnabled: enabled === 1, secrets };
  }

  create(
    { url, description, events, eventsPerCall, isEnabled }: NewWebhook,
    { secret, fingerprint }: NewSecret,
    now: number,
  ): Outcome<Webhook> {
    if (this.#count() >= MAX_WEBHOOKS) {
      return refuse("ERR_CONFLICT", `An app has at most ${MAX_WEBHOOKS} webhooks. Delete one first.`);
    }
    const id = newId();
    this.#sql.exec(
      `INSERT INTO webhooks (id, url, description, events, events_per_call, enabled, secret, fingerprint, revision,
         created_at, updated_at, disabled_at, disabled_reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)`,
      id,
      url,
      description,
      JSON.stringify(events),
      eventsPerCall,
      isEnabled ? 1 : 0,
      this.#box.seal(secret, purposeOf(id)),
      fingerprint,
      now,
      now,
      isEnabled ? null : now,
      isEnabled ? null : "requested",
    );
    return this.#require(id, now);
  }

  update(id: string, change: WebhookChange, now: number): Outcome<Webhook> {
    const row = this.#row(id);
    if (row === null) return NO_WEBHOOK;
    const wasEnabled = row.enabled === 1;
    const isEnabled = change.isEnabled ?? wasEnabled;
    // One that is disabled already keeps its time and reason.
    const isDisabledNow = wasEnabled && !isEnabled;
    this.#sql.exec(
      `UPDATE webhooks SET url = ?, description = ?, events = ?, events_per_call = ?, enabled = ?,
         disabled_at = ?, disabled_reason = ?, updated_at = ?, revision = revision + 1 WHERE id = ?`,
      change.url ?? row.url,
      change.description === undefined ? row.description : change.description,
      change.events === undefined ? row.events : JSON.stringify(change.events),
      change.eventsPerCall ?? row.events_per_call,
      isEnabled ? 1 : 0,
      isEnabled ? null : isDisabledNow ? now : row.disabled_at,
      isEnabled ? null : isDisabledNow ? "requested" : row.disabled_reason,
      now,
      id,
    );
    return this.#require(id, now);
  }

  /** The secret until now signs beside the new one for `graceMs`. */
  rotateSecret(
    id: string,
    { secret, fingerprint }: NewSecret,
    graceMs: number,
    now: number,
  ): Outcome<Webhook> {
    this.#sql.exec(
      `UPDATE webhooks SET previous_secret = iif(?1 > 0, secret, NULL), previous_until = iif(?1 > 0, ?2, NULL),
         secret = ?3, fingerprint = ?4, updated_at = ?5, revision = revision + 1 WHERE id = ?6`,
      graceMs,
      now + graceMs,
      this.#box.seal(secret, purposeOf(id)),
      fingerprint,
      now,
      id,
    );
    return this.#require(id, now);
  }

  /** By the endpoint's own word. Null where it has changed since `revision`: it may be another one by now. */
  disable(id: string, reason: DisabledReason, revision: number, now: number): Webhook | null {
    const [row] = this.#sql
      .exec<Row>(
        `UPDATE webhooks SET enabled = 0, disabled_at = ?, disabled_reason = ?, revision = revision + 1
         WHERE id = ? AND revision = ? AND enabled = 1 RETURNING ${COLUMNS}`,
        now,
        reason,
        id,
        revision,
      )
      .toArray();
    return row === undefined ? null : toWebhook(row, now);
  }

  delete(id: string): Outcome<{ id: string }> {
    const deleted = this.#sql.exec("DELETE FROM webhooks WHERE id = ? RETURNING 1", id).toArray();
    return deleted.length > 0 ? succeed({ id }) : NO_WEBHOOK;
  }

  /** Seals what was stored before the deployment had a key. */
  sealAll(): void {
    const rows = this.#sql
      .exec<{ id: string; secret: string; previous: string | null }>(
        "SELECT id, secret, previous_secret AS previous FROM webhooks",
      )
      .toArray();
    for (const { id, secret, previous } of rows) {
      if (!this.#box.isUnsealed(secret) && (previous === null || !this.#box.isUnsealed(previous))) continue;
      const reseal = (text: string): string =>
        this.#box.seal(this.#box.unseal(text, purposeOf(id)), purposeOf(id));
      this.#sql.exec(
        "UPDATE webhooks SET secret = ?, previous_secret = ? WHERE id = ?",
        reseal(secret),
        previous === null ? null : reseal(previous),
        id,
      );
    }
  }

  #count(): number {
    return this.#sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM webhooks").one().count;
  }

  #row(id: string): Row | null {
    return this.#sql.exec<Row>(`SELECT ${COLUMNS} FROM webhooks WHERE id = ?`, id).toArray()[0] ?? null;
  }

  #require(id: string, now: number): Outcome<Webhook> {
    const webhook = this.get(id, now);
    return webhook === null ? NO_WEBHOOK : succeed(webhook);
  }
}

function purposeOf(id: string): string {
  return `webhook ${id}`;
}

function toWebhook(row: Row, now: number): Webhook {
  const { previous_until: until } = row;
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    events: JSON.parse(row.events),
    eventsPerCall: row.events_per_call,
    isEnabled: row.enabled === 1,
    secretFingerprint: row.fingerprint,
    previousSecretUntil: until !== null && until > now ? until : null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
  };
}
