import type { Device, DeviceRef, Registration } from "../../model/device.ts";
import { newId } from "../../model/ids.ts";
import { MAX_DEVICES } from "../../model/limits.ts";
import { type DeviceAddress, type PushDevice, scopeOf } from "../../model/push.ts";

/**
 * What another shard is to be told: the address's, that it is this user's (`own`) or nobody's (`release`); the
 * user's before, that the device has moved away (`remove`).
 */
export type DeviceCall = DeviceRef & { id: number; kind: "own" | "remove" | "release" };

type DeviceCallRow = {
  id: number;
  kind: DeviceCall["kind"];
  userId: string;
  addressKey: string;
  version: string;
};
type DeviceRow = { id: string; address: string; created_at: number; updated_at: number };

const COLUMNS = "id, address, created_at, updated_at";

/**
 * The devices of one shard's users, and the owners of the addresses that hash to this shard. Writing methods
 * expect to run inside a transaction.
 */
export class DeviceStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Newest registration first. */
  list(userId: string): Device[] {
    return this.#sql
      .exec<DeviceRow>(
        `SELECT ${COLUMNS} FROM devices WHERE user_id = ? ORDER BY version DESC, address_key`,
        userId,
      )
      .toArray()
      .map(toDevice);
  }

  /**
   * Adds the device, or renews it, and notes what its address's shard is to be told. The user's devices beyond
   * the limit leave, the oldest first.
   */
  put(
    userId: string,
    { addressKey, address, version }: Registration,
    now: number,
  ): { device: Device; isNew: boolean; call: DeviceCall } {
    const id = newId();
    const row = this.#sql
      .exec<DeviceRow>(
        `INSERT INTO devices
           (user_id, address_key, id, provider, scope, address, version, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
         ON CONFLICT DO UPDATE SET address = excluded.address, version = MAX(version, excluded.version),
           updated_at = excluded.updated_at
         RETURNING ${COLUMNS}`,
        userId,
        addressKey,
        id,
        address.provider,
        scopeOf(address),
        JSON.stringify(address),
        version,
        now,
      )
      .one();
    this.#removeWhere(userId, "true ORDER BY version DESC LIMIT -1 OFFSET ?", MAX_DEVICES);
    const call = this.#addCall("own", { userId, addressKey, version });
    return { device: toDevice(row), isNew: row.id === id, call };
  }

  /** By the device's id. False where the user has no such device. */
  remove(userId: string, id: string): boolean {
    return this.#removeWhere(userId, "id = ?", id) > 0;
  }

  /** Removes every device of a user; returns how many there were. */
  removeAll(userId: string): number {
    return this.#removeWhere(userId, "?", 1);
  }

  /** Removes devices, and notes that their addresses are nobody's now. */
  removeMany(devices: readonly DeviceRef[]): void {
    for (const { userId, addressKey, version } of devices) {
      const [removed] = this.#sql
        .exec<{ version: string }>(
          "DELETE FROM devices WHERE user_id = ? AND address_key = ? AND version <= ? RETURNING version",
          userId,
          addressKey,
          version,
        )
        .toArray();
      if (removed !== undefined) this.#addCall("release", { userId, addressKey, version: removed.version });
    }
  }

  /** The device has moved to another user: it leaves this one, unless it was registered anew here. */
  removeMoved({ userId, addressKey, version }: DeviceRef): void {
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
  own(ref: DeviceRef): DeviceCall | null {
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

  /** Of an address that hashes to this shard: its device is gone. */
  release({ userId, addressKey, version }: DeviceRef): void {
    this.#sql.exec(
      "DELETE FROM device_owners WHERE address_key = ? AND user_id = ? AND version <= ?",
      addressKey,
      userId,
      version,
    );
  }

  /** What other shards are still to be told, oldest first. */
  listCalls(limit: number): DeviceCall[] {
    return this.#sql
      .exec<DeviceCallRow>(
        `SELECT id, kind, user_id AS userId, address_key AS addressKey, version
         FROM device_calls ORDER BY id LIMIT ?`,
        limit,
      )
      .toArray();
  }

  deleteCall(id: number): void {
    this.#sql.exec("DELETE FROM device_calls WHERE id = ?", id);
  }

  has({ userId, addressKey }: DeviceRef): boolean {
    return (
      this.#sql
        .exec("SELECT 1 FROM devices WHERE user_id = ? AND address_key = ?", userId, addressKey)
        .toArray().length > 0
    );
  }

  /**
   * The address's shard was told that it is this user's. Where the device is gone meanwhile (its user was deleted),
   * the word of that may have come before: it is given once more.
   */
  noteOwned(call: DeviceCall): void {
    this.deleteCall(call.id);
    if (!this.has(call)) this.#addCall("release", call);
  }

  /** Which of these users have a device. */
  listOwners(userIds: readonly string[]): string[] {
    return this.#sql
      .exec<{ userId: string }>(
        `SELECT value AS userId FROM json_each(?)
         WHERE EXISTS (SELECT 1 FROM devices WHERE user_id = value)`,
        JSON.stringify(userIds),
      )
      .toArray()
      .map(({ userId }) => userId);
  }

  /** The devices of several users. */
  listForPush(userIds: readonly string[]): Map<string, PushDevice[]> {
    const rows = this.#sql
      .exec<{ user_id: string; address_key: string; version: string; scope: string; address: string }>(
        `SELECT user_id, address_key, version, scope, address FROM devices
         WHERE user_id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(userIds),
      )
      .toArray();
    const devices = new Map<string, PushDevice[]>();
    for (const { user_id, address_key, version, scope, address } of rows) {
      const device = { key: address_key, version, scope, address: JSON.parse(address) as DeviceAddress };
      const known = devices.get(user_id);
      if (known === undefined) devices.set(user_id, [device]);
      else known.push(device);
    }
    return devices;
  }

  #removeWhere(userId: string, condition: string, value: string | number): number {
    const rows = this.#sql
      .exec<{ addressKey: string; version: string }>(
        `SELECT address_key AS addressKey, version FROM devices WHERE user_id = ? AND ${condition}`,
        userId,
        value,
      )
      .toArray();
    this.removeMany(rows.map((row) => ({ userId, ...row })));
    return rows.length;
  }

  #addCall(kind: DeviceCall["kind"], ref: DeviceRef): DeviceCall {
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

function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    address: JSON.parse(row.address),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
