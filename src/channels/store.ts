import { newId } from "../ids.ts";
import { MAX_CHANNELS } from "../limits.ts";
import type { ChannelType } from "../notifications/model.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../outcome.ts";

/** A way to reach users. Times in Unix ms. */
export interface Channel {
  id: string;
  key: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
  createdAt: number;
  updatedAt: number;
}

export interface NewChannel {
  key: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
}

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

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  list(): Channel[] {
    return this.#sql.exec<ChannelRow>(`SELECT ${COLUMNS} FROM channels ORDER BY id`).toArray().map(toChannel);
  }

  /** By id or key. */
  get(idOrKey: string): Channel | null {
    const [row] = this.#sql
      .exec<ChannelRow>(`SELECT ${COLUMNS} FROM channels WHERE id = ?1 OR key = ?1`, idOrKey)
      .toArray();
    return row === undefined ? null : toChannel(row);
  }

  create({ key, name, type, enabled }: NewChannel, now: number): Outcome<Channel> {
    const channels = this.list();
    if (channels.some((channel) => channel.key === key)) {
      return refuse("ERR_CONFLICT", `A channel with the key "${key}" exists. Choose another key.`);
    }
    if (channels.length >= MAX_CHANNELS) {
      return refuseFaults([{ field: "name", message: `an app has at most ${MAX_CHANNELS} channels` }]);
    }
    const channel: Channel = { id: newId(), key, name, type, enabled, createdAt: now, updatedAt: now };
    this.#sql.exec(
      `INSERT INTO channels (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      channel.id,
      key,
      name,
      type,
      enabled ? 1 : 0,
      now,
      now,
    );
    return succeed(channel);
  }

  update(idOrKey: string, change: { name?: string; enabled?: boolean }, now: number): Outcome<Channel> {
    const channel = this.get(idOrKey);
    if (channel === null) return refuse("ERR_NOT_FOUND", "There is no such channel.");
    const updated = {
      ...channel,
      name: change.name ?? channel.name,
      enabled: change.enabled ?? channel.enabled,
      updatedAt: now,
    };
    this.#sql.exec(
      "UPDATE channels SET name = ?, enabled = ?, updated_at = ? WHERE id = ?",
      updated.name,
      updated.enabled ? 1 : 0,
      now,
      channel.id,
    );
    return succeed(updated);
  }
}

function toChannel(row: ChannelRow): Channel {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    type: row.type,
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
