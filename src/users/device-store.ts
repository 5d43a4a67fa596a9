import { newId } from "../ids.ts";
import { MAX_DEVICES } from "../limits.ts";
import { type DeviceAddress, type Provider, type PushDevice, scopeOf } from "../push/model.ts";

/** A push address of a user. Times in Unix ms. */
export interface Device {
  id: string;
  address: DeviceAddress;
  createdAt: number;
  /** When it was registered last. */
  updatedAt: number;
}

/** A registration: every one has a version of its own, and a later one a greater. */
export interface Registration {
  /** SHA-256 of provider and address, in hex. */
  addressKey: string;
  address: DeviceAddress;
  version: string;
}

/** One device of one user, in one registration or an earlier one. */
export interface DeviceRef {
  userId: string;
  addressKey: string;
  version: string;
}

/** What another shard is to be told: that a device has moved away, or that an address is nobody's. */
export type DeviceCall = DeviceRef & { id: number; kind: "remove" | "release" };

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

  /** Adds the device, or renews it. The user's devices beyond the limit leave, the oldest first. */
  put(userId: string, { addressKey, address, version }: Registration, now: number): [Device, isNew: boolean] {
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
    const beyond = this.#sql
      .exec<{ address_key: string }>(
        "SELECT address_key FROM devices WHERE user_id = ? ORDER BY version DESC LIMIT -1 OFFSET ?",
        userId,
        MAX_DEVICES,
      )
      .toArray();
    this.removeMany(beyond.map(({ address_key }) => ({ userId, addressKey: address_key })));
    return [toDevice(row), row.id === id];
  }

  /** By the device's id. False where the user has no such device. */
  remove(userId: string, id: string): boolean {
    const [row] = this.#sql
      .exec<{ address_key: string }>(
        "SELECT address_key FROM devices WHERE user_id = ? AND id = ?",
        userId,
        id,
      )
      .toArray();
    if (row === undefined) return false;
    this.removeMany([{ userId, addressKey: row.address_key }]);
    return true;
  }

  /** Removes every device of a user; returns how many there were. */
  removeAll(userId: string): number {
    const rows = this.#sql
      .exec<{ address_key: string }>("SELECT address_key FROM devices WHERE user_id = ?", userId)
      .toArray();
    this.removeMany(rows.map(({ address_key }) => ({ userId, addressKey: address_key })));
    return rows.length;
  }

  /** Removes devices, and notes that their addresses are nobody's now. */
  removeMany(devices: readonly Pick<DeviceRef, "userId" | "addressKey">[]): void {
    if (devices.length === 0) return;
    const removed = this.#sql
      .exec<{ user_id: string; address_key: string; version: string }>(
        `DELETE FROM devices WHERE (user_id, address_key) IN
           (SELECT value ->> 0, value ->> 1 FROM json_each(?)) RETURNING user_id, address_key, version`,
        JSON.stringify(devices.map(({ userId, addressKey }) => [userId, addressKey])),
      )
      .toArray();
    for (const { user_id, address_key, version } of removed) {
      this.#addCall("release", { userId: user_id, addressKey: address_key, version });
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

  /** Of an address that hashes to this shard: it is this user's now, and the one before is to be told. */
  own(ref: DeviceRef): void {
    const { userId, addressKey, version } = ref;
    const [before] = this.#sql
      .exec<{ user_id: string; version: string }>(
        "SELECT user_id, version FROM device_owners WHERE address_key = ?",
        addressKey,
      )
      .toArray();
    const isMove = before !== undefined && before.user_id !== userId;
    if (isMove) this.#addCall("remove", { userId: before.user_id, addressKey, version: before.version });
    this.#sql.exec(
      `INSERT INTO device_owners (address_key, user_id, version) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET user_id = excluded.user_id,
         version = CASE WHEN user_id = excluded.user_id THEN MAX(version, excluded.version)
           ELSE excluded.version END`,
      addressKey,
      userId,
      version,
    );
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

  /** The devices of several users that the channel's providers reach. */
  listForPush(userIds: readonly string[], providers: readonly Provider[]): Map<string, PushDevice[]> {
    const rows = this.#sql
      .exec<{ user_id: string; address_key: string; address: string }>(
        `SELECT user_id, address_key, address FROM devices
         WHERE user_id IN (SELECT value FROM json_each(?))
           AND provider IN (SELECT value FROM json_each(?))`,
        JSON.stringify(userIds),
        JSON.stringify(providers),
      )
      .toArray();
    const devices = new Map<string, PushDevice[]>();
    for (const { user_id, address_key, address } of rows) {
      const device = { key: address_key, address: JSON.parse(address) as DeviceAddress };
      const known = devices.get(user_id);
      if (known === undefined) devices.set(user_id, [device]);
      else known.push(device);
    }
    return devices;
  }

  #addCall(kind: DeviceCall["kind"], { userId, addressKey, version }: DeviceRef): void {
    this.#sql.exec(
      "INSERT INTO device_calls (kind, user_id, address_key, version) VALUES (?, ?, ?, ?)",
      kind,
      userId,
      addressKey,
      version,
    );
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
