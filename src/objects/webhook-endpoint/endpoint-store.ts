import * as v from "valibot";
import { WEBHOOK_EVENTS } from "../../model/events.ts";
import { newId } from "../../model/ids.ts";
import type { EndpointConfig, EndpointState } from "../../model/webhook.ts";
import type { SecretBox } from "../kit/secret-box.ts";

const ConfigSchema = v.object({
  revision: v.number(),
  url: v.string(),
  events: v.array(v.picklist(WEBHOOK_EVENTS)),
  // Absent in what was stored before there was a choice.
  eventsPerCall: v.optional(v.number(), 1),
  isEnabled: v.boolean(),
  secrets: v.array(v.object({ secret: v.string(), until: v.nullable(v.number()) })),
});

const PURPOSE = "configuration";

/** One endpoint's configuration, its secrets sealed, and counters. Writing methods expect to run inside a transaction. */
export class EndpointStore {
  readonly #sql: SqlStorage;
  /** The configuration as it was last read, by its text. */
  #read: { text: string; config: EndpointConfig } | null = null;

  readonly #box: SecretBox;

  constructor(sql: SqlStorage, box: SecretBox) {
    this.#sql = sql;
    this.#box = box;
  }

  getConfig(): EndpointConfig | null {
    const [row] = this.#sql.exec<{ config: string }>("SELECT config FROM endpoint").toArray();
    if (row === undefined) return null;
    if (this.#read?.text !== row.config) {
      const config = v.parse(ConfigSchema, JSON.parse(row.config));
      const unseal = (secret: string): string => this.#box.unseal(secret, PURPOSE);
      const secrets = config.secrets.map(({ secret, until }) => ({ secret: unseal(secret), until }));
      this.#read = { text: row.config, config: { ...config, secrets } };
    }
    return this.#read.config;
  }

  setConfig(config: EndpointConfig): void {
    const secrets = config.secrets.map(({ secret, until }) => ({
      secret: this.#box.seal(secret, PURPOSE),
      until,
    }));
    const json = JSON.stringify({ ...config, secrets });
    const isThere = this.#sql.exec("SELECT 1 FROM endpoint LIMIT 1").toArray().length > 0;
    if (!isThere) this.#sql.exec("INSERT INTO endpoint (config) VALUES (?)", json);
    else this.#sql.exec("UPDATE endpoint SET config = ?", json);
  }

  /** Seals what was stored before the deployment had a key. */
  sealAll(): void {
    const config = this.getConfig();
    const text = this.#read?.text;
    if (config === null || text === undefined) return;
    const stored = v.parse(ConfigSchema, JSON.parse(text));
    if (stored.secrets.some(({ secret }) => this.#box.isUnsealed(secret))) this.setConfig(config);
  }

  getState(): EndpointState {
    const [row] = this.#sql
      .exec<{ since: number | null }>("SELECT failing_since AS since FROM endpoint")
      .toArray();
    const { waiting, dropped } = this.#sql
      .exec<{ waiting: number; dropped: number }>("SELECT waiting, dropped FROM counters")
      .one();
    return { failingSince: row?.since ?? null, waiting, dropped };
  }

  setFailingSince(timeMs: number | null): void {
    this.#sql.exec("UPDATE endpoint SET failing_since = ?", timeMs);
  }

  noteDropped(events: number): void {
    if (events > 0) this.#sql.exec("UPDATE counters SET dropped = dropped + ?", events);
  }

  /** It is disabled now: what is dropped from here on is counted anew. */
  noteDisabled(): void {
    this.#sql.exec("UPDATE counters SET dropped = 0, woken_id = NULL, wake_to = NULL");
  }

  /** It is enabled again: all that waits now is to be woken, slice by slice. */
  noteEnabled(now: number): void {
    this.#sql.exec("UPDATE counters SET enabled_at = ?, woken_id = '', wake_to = ?", now, newId());
  }

  /** Since when it has been enabled again, Unix ms; null where it was never disabled. */
  getEnabledAt(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT enabled_at AS at FROM counters").one().at;
  }

  /** The ids of waiting calls that are still to be woken; null where there are none. */
  getWaking(): { afterId: string; toId: string } | null {
    const { afterId, toId } = this.#sql
      .exec<{ afterId: string | null; toId: string | null }>(
        "SELECT woken_id AS afterId, wake_to AS toId FROM counters",
      )
      .one();
    return afterId === null || toId === null ? null : { afterId, toId };
  }

  /** Null: all are awake. */
  setWoken(id: string | null): void {
    this.#sql.exec("UPDATE counters SET woken_id = ?", id);
  }
}
