import { requireDispatched } from "../../channels/table.ts";
import type { PreparedChange } from "../../model/account.ts";
import type { AppChannel, ChannelChange, NewChannel } from "../../model/channel.ts";
import { newId } from "../../model/ids.ts";
import { MAX_CHANNELS } from "../../model/limits.ts";
import { NO_CHANNEL } from "../../model/missing.ts";
import type { ChannelType } from "../../model/notification.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import type { ProviderStore } from "./provider-store.ts";

type ChannelRow = {
  id: string;
  key: string;
  name: string;
  type: ChannelType;
  enabled: number;
  created_at: number;
  updated_at: number;
};

const COLUMNS = "id, key, name, type, enabled, created_at, updated_at";

/** An app's channels, in its registry. Writing methods expect to run inside a transaction. */
export class ChannelStore {
  readonly #sql: SqlStorage;
  readonly #providers: ProviderStore;

  constructor(sql: SqlStorage, providers: ProviderStore) {
    this.#sql = sql;
    this.#providers = providers;
  }

  list(): AppChannel[] {
    return this.#sql
      .exec<ChannelRow>(`SELECT ${COLUMNS} FROM channels ORDER BY id`)
      .toArray()
      .map((row) => this.#present(row));
  }

  /** By id or key. */
  get(idOrKey: string): AppChannel | null {
    const [row] = this.#sql
      .exec<ChannelRow>(`SELECT ${COLUMNS} FROM channels WHERE id = ?1 OR key = ?1`, idOrKey)
      .toArray();
    return row === undefined ? null : this.#present(row);
  }

  create(
    { key, name, type, enabled }: NewChannel,
    providers: readonly PreparedChange[],
    now: number,
  ): Outcome<AppChannel> {
    const channels = this.list();
    if (channels.some((channel) => channel.key === key)) {
      return refuse("ERR_CONFLICT", `A channel with the key "${key}" exists. Choose another key.`);
    }
    if (channels.length >= MAX_CHANNELS) {
      return refuseFaults([{ field: "name", message: `an app has at most ${MAX_CHANNELS} channels` }]);
    }
    const id = newId();
    this.#sql.exec(
      `INSERT INTO channels (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      key,
      name,
      type,
      enabled ? 1 : 0,
      now,
      now,
    );
    this.#changeAccounts(id, type, providers);
    return succeed(this.#require(id));
  }

  update(idOrKey: string, change: ChannelChange, now: number): Outcome<AppChannel> {
    const channel = this.get(idOrKey);
    if (channel === null) return NO_CHANNEL;
    this.#sql.exec(
      "UPDATE channels SET name = ?, enabled = ?, updated_at = ? WHERE id = ?",
      change.name ?? channel.name,
      (change.enabled ?? channel.enabled) ? 1 : 0,
      now,
      channel.id,
    );
    this.#changeAccounts(channel.id, channel.type, change.providers);
    return succeed(this.#require(channel.id));
  }

  #changeAccounts(id: string, type: ChannelType, changes: readonly PreparedChange[]): void {
    if (changes.length > 0) this.#providers.change(id, changes, requireDispatched(type).account.merge);
  }

  #require(id: string): AppChannel {
    const channel = this.get(id);
    if (channel === null) throw new Error("A channel that is there can't be read");
    return channel;
  }

  #present(row: ChannelRow): AppChannel {
    return {
      id: row.id,
      key: row.key,
      name: row.name,
      type: row.type,
      enabled: row.enabled === 1,
      providers: this.#providers.list(row.id),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }
}
