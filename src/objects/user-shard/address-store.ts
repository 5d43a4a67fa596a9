import { findDispatched, requireDispatched } from "../../channels/table.ts";
import type { Address, AddressRef, Registration, StoredAddress, UserAddress } from "../../model/address.ts";
import { newId } from "../../model/ids.ts";

/**
 * What another shard is to be told: the address's, that it is this user's (`own`) or nobody's (`release`); the
 * user's before, that the address has moved away (`remove`).
 */
export type AddressCall = AddressRef & { id: number; kind: "own" | "remove" | "release" };

type AddressCallRow = {
  id: number;
  kind: AddressCall["kind"];
  userId: string;
  addressKey: string;
  version: string;
};
type AddressRow = { id: string; address: string; created_at: number; updated_at: number };

const COLUMNS = "id, address, created_at, updated_at";

/**
 * The addresses of one shard's users, and the owners of the addresses that hash to this shard. Writing methods
 * expect to run inside a transaction.
 */
export class AddressStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The user's addresses of a type, the newest registration first. */
  list(userId: string, channelType: string): UserAddress[] {
    return this.#sql
      .exec<AddressRow>(
        `SELECT ${COLUMNS} FROM devices WHERE user_id = ? AND channel_type = ?
         ORDER BY version DESC, address_key`,
        userId,
        channelType,
      )
      .toArray()
      .map(toUserAddress);
  }

  hasAny(userId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM devices WHERE user_id = ? LIMIT 1", userId).toArray().length > 0;
  }

  /**
   * Adds the address, or renews it, and notes what its own shard is to be told: nothing where others may have it too.
   * The user's beyond the limit leave, the oldest first.
   */
  put(
    userId: string,
    { channelType, addressKey, scope, address, version }: Registration,
    now: number,
  ): { entry: UserAddress; isNew: boolean; call: AddressCall | null } {
    const { maxOfUser, isExclusive } = requireDispatched(channelType).address;
    const id = newId();
    const row = this.#sql
      .exec<AddressRow>(
        `INSERT INTO devices
           (user_id, address_key, id, provider, scope, address, version, created_at, updated_at, channel_type)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)
         ON CONFLICT DO UPDATE SET address = excluded.address, scope = excluded.scope,
           version = MAX(version, excluded.version), updated_at = excluded.updated_at
         RETURNING ${COLUMNS}`,
        userId,
        addressKey,
        id,
        address.provider,
        scope,
        JSON.stringify(address),
        version,
        now,
        channelType,
      )
      .one();
    const beyond = "channel_type = ? ORDER BY version DESC LIMIT -1 OFFSET ?";
    this.#removeWhere(userId, beyond, channelType, maxOfUser);
    const call = isExclusive ? this.#addCall("own", { userId, addressKey, version }) : null;
    return { entry: toUserAddress(row), isNew: row.id === id, call };
  }

  /** By its id. False where the user has no such address. */
  remove(userId: string, channelType: string, id: string): boolean {
    return this.#removeWhere(userId, "channel_type = ? AND id = ?", channelType, id) > 0;
  }

  /** Removes every address of a user; returns how many there were. */
  removeAll(userId: string): number {
    return this.#removeWhere(userId, "true");
  }

  /** Removes addresses, and notes of those that one user has alone that they are nobody's now. */
  removeMany(refs: readonly AddressRef[]): void {
    for (const { userId, addressKey, version } of refs) {
      const [removed] = this.#sql
        .exec<{ version: string; channelType: string }>(
          `DELETE FROM devices WHERE user_id = ? AND address_key = ? AND version <= ?
           RETURNING version, channel_type AS channelType`,
          userId,
          addressKey,
          version,
        )
        .toArray();
      if (removed === undefined || findDispatched(removed.channelType)?.address.isExclusive !== true)
        continue;
      this.#addCall("release", { userId, addressKey, version: removed.version });
    }
  }

  /** The address has moved to another user: it leaves this one, unless it was registered anew here. */
  removeMoved({ userId, addressKey, version }: AddressRef): void {
    this.#sql.exec(
      "DELETE FROM devices WHERE user_id = ? AND address_key = ? AND version <= ?",
      userId,
      addressKey,
      version,
    );
  }

  /**
   * Of an address that hashes to this shard: it belongs to the newest registration, in whatever order and however
   * often they are told. Returns what the other user's shard is to be told, if anything.
   */
  own(ref: AddressRef): AddressCall | null {
    const { userId, addressKey, version } = ref;
    const [owner] = this.#sql
      .exec<{ userId: string; version: string }>(
        "SELECT user_id AS userId, version FROM device_owners WHERE address_key = ?",
        addressKey,
      )
      .toArray();
    const isNewest = owner === undefined || owner.version < version;
    if (isNewest) {
      this.#sql.exec(
        `INSERT INTO device_owners (address_key, user_id, version) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET user_id = excluded.user_id, version = excluded.version`,
        addressKey,
        userId,
        version,
      );
    }
    if (owner === undefined || owner.userId === userId) return null;
    return this.#addCall("remove", isNewest ? { ...owner, addressKey } : ref);
  }

  /** Forgets whose an address is that hashes to this shard. */
  release({ userId, addressKey, version }: AddressRef): void {
    this.#sql.exec(
      "DELETE FROM device_owners WHERE address_key = ? AND user_id = ? AND version <= ?",
      addressKey,
      userId,
      version,
    );
  }

  /** What other shards are still to be told, oldest first. */
  listCalls(limit: number): AddressCall[] {
    return this.#sql
      .exec<AddressCallRow>(
        `SELECT id, kind, user_id AS userId, address_key AS addressKey, version
         FROM device_calls ORDER BY id LIMIT ? + 0`,
        limit,
      )
      .toArray();
  }

  deleteCall(id: number): void {
    this.#sql.exec("DELETE FROM device_calls WHERE id = ?", id);
  }

  has({ userId, addressKey }: Pick<AddressRef, "userId" | "addressKey">): boolean {
    return (
      this.#sql
        .exec("SELECT 1 FROM devices WHERE user_id = ? AND address_key = ?", userId, addressKey)
        .toArray().length > 0
    );
  }

  /**
   * The address's shard was told that it is this user's. Where it is gone meanwhile (its user was deleted),
   * the word of that may have come before: it is given once more.
   */
  noteOwned(call: AddressCall): void {
    this.deleteCall(call.id);
    if (!this.has(call)) this.#addCall("release", call);
  }

  /** By type of channels, which of these users have an address. */
  listReachable(channelTypes: readonly string[], userIds: readonly string[]): Record<string, string[]> {
    const users = JSON.stringify(userIds);
    const listOf = (channelType: string): string[] =>
      this.#sql
        .exec<{ userId: string }>(
          `SELECT value AS userId FROM json_each(?)
           WHERE EXISTS (SELECT 1 FROM devices WHERE user_id = value AND channel_type = ?)`,
          users,
          channelType,
        )
        .toArray()
        .map(({ userId }) => userId);
    return Object.fromEntries(channelTypes.map((channelType) => [channelType, listOf(channelType)]));
  }

  /** The addresses of several users in a type of channels. */
  listForDispatch(channelType: string, userIds: readonly string[]): Map<string, StoredAddress[]> {
    const rows = this.#sql
      .exec<{ user_id: string; address_key: string; version: string; scope: string; address: string }>(
        `SELECT user_id, address_key, version, scope, address FROM devices
         WHERE user_id IN (SELECT value FROM json_each(?)) AND channel_type = ?`,
        JSON.stringify(userIds),
        channelType,
      )
      .toArray();
    const found = new Map<string, StoredAddress[]>();
    for (const { user_id, address_key, version, scope, address } of rows) {
      const entry = { key: address_key, version, scope, address: parseAddress(address) };
      const known = found.get(user_id);
      if (known === undefined) found.set(user_id, [entry]);
      else known.push(entry);
    }
    return found;
  }

  #removeWhere(userId: string, condition: string, ...values: (string | number)[]): number {
    const rows = this.#sql
      .exec<{ addressKey: string; version: string }>(
        `SELECT address_key AS addressKey, version FROM devices WHERE user_id = ? AND ${condition}`,
        userId,
        ...values,
      )
      .toArray();
    this.removeMany(rows.map((row) => ({ userId, ...row })));
    return rows.length;
  }

  #addCall(kind: AddressCall["kind"], ref: AddressRef): AddressCall {
    const { id } = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO device_calls (kind, user_id, address_key, version) VALUES (?, ?, ?, ?) RETURNING id",
        kind,
        ref.userId,
        ref.addressKey,
        ref.version,
      )
      .one();
    return { id, kind, ...ref };
  }
}

function toUserAddress(row: AddressRow): UserAddress {
  return {
    id: row.id,
    address: parseAddress(row.address),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Written by this store alone; its channel reads what is in it by a schema. */
function parseAddress(json: string): Address {
  return JSON.parse(json);
}
