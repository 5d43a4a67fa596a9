import * as v from "valibot";
import { WEBHOOK_EVENTS } from "../../model/events.ts";
import type { EndpointConfig, EndpointState } from "../../model/webhook.ts";
import type { SecretBox } from "../kit/secret-box.ts";
import type { Counters } from "./counters.ts";

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

/**
 * One endpoint's configuration, its secrets sealed, and how it does. Writing methods expect to run inside a
 * transaction.
 */
export class EndpointStore {
  readonly #sql: SqlStorage;
  readonly #counters: Counters;
  /** The configuration as it was last read, by its text. */
  #read: { text: string; config: EndpointConfig } | null = null;

  readonly #box: SecretBox;

  constructor(sql: SqlStorage, box: SecretBox, counters: Counters) {
    this.#sql = sql;
    this.#counters = counters;
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
    return { failingSince: row?.since ?? null, ...this.#counters.readState() };
  }

  setFailingSince(timeMs: number | null): void {
    this.#sql.exec("UPDATE endpoint SET failing_since = ?", timeMs);
  }
}
