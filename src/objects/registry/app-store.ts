import {
  type ApiKey,
  type AppRecord,
  type KeyRecord,
  maskKey,
  type NewApiKey,
  type NewApp,
  type Scope,
} from "../../model/app.ts";
import { randomToken } from "../../model/credentials.ts";
import { newId } from "../../model/ids.ts";
import { KEY_USE_MS, MAX_LEDGER_SLOTS, SLOTS_GROW_PAUSE_MS } from "../../model/limits.ts";
import { NEW_USER_HASH, newHashKey, type UserHash } from "../../model/user-hash.ts";

type AppRow = {
  id: string;
  name: string;
  shard_count: number;
  hash: UserHash;
  hash_key: string | null;
  folds_user_ids: number;
  ledger_slots: number;
  created_at: number;
  key_check: string | null;
  unchecked_keys: number;
};
type KeyRow = {
  id: string;
  name: string;
  sha256: string;
  scopes: string;
  last_four: string;
  created_at: number;
  is_checked: number;
  last_used_at: number | null;
  last_send_at: number | null;
  last_read_at: number | null;
  last_manage_at: number | null;
};

const APP_COLUMNS =
  "id, name, shard_count, hash, hash_key, folds_user_ids, created_at, key_check, unchecked_keys";
const KEY_COLUMNS = `id, name, sha256, scopes, last_four, created_at, is_checked, last_used_at, last_send_at,
  last_read_at, last_manage_at`;
const LAST_USE_COLUMNS = { send: "last_send_at", read: "last_read_at", manage: "last_manage_at" } as const;

/** The app's own row and its API keys. Writing methods expect to run inside a transaction. */
export class AppStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  exists(): boolean {
    return this.#row() !== null;
  }

  create({ id, name, shardCount, foldsUserIds }: NewApp, checkSecret: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO app (${APP_COLUMNS}, root_secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '')`,
      id,
      name,
      shardCount,
      NEW_USER_HASH,
      newHashKey(),
      foldsUserIds ? 1 : 0,
      now,
      checkSecret,
    );
  }

  /** The app as KV holds it. Throws where there is none. */
  getRecord(parts: Pick<AppRecord, "channels" | "webhooks">): AppRecord {
    const row = this.#row();
    if (row === null) throw new Error("This registry isn't an app's");
    const { id, name, shard_count: shardCount, hash, hash_key: hashKey, created_at: createdAt } = row;
    const { key_check: secret, unchecked_keys: unchecked, ledger_slots: ledgerSlots } = row;
    const keyCheck = { secret, isComplete: secret !== null && unchecked === 0 };
    const foldsUserIds = row.folds_user_ids === 1;
    const users = { shardCount, hash, hashKey, foldsUserIds };
    return { id, name, ledgerSlots, createdAt, keyCheck, ...users, ...parts };
  }

  /** What new keys are to be checked by. An app of an earlier version gets its secret now. */
  ensureKeyCheck(): string {
    const given = this.#row()?.key_check;
    if (given) return given;
    const secret = randomToken();
    this.#sql.exec("UPDATE app SET key_check = ?", secret);
    return secret;
  }

  addKey(key: NewApiKey, now: number): { record: KeyRecord; listed: ApiKey } {
    const { name, sha256, scopes, lastFour, checkSecret } = key;
    const id = newId();
    if (checkSecret !== this.#row()?.key_check) throw new Error("The key's check isn't this app's");
    this.#sql.exec(
      `INSERT INTO api_keys (id, name, sha256, scopes, last_four, created_at, is_checked, is_copied_with_name)
       VALUES (?, ?, ?, ?, ?, ?, 1, 1)`,
      id,
      name,
      sha256,
      JSON.stringify(scopes),
      lastFour,
      now,
    );
    const appId = this.#row()?.id ?? "";
    return {
      record: { appId, keyId: id, scopes, lastFour, name },
      listed: {
        id,
        name,
        scopes,
        key: maskKey(lastFour),
        createdAt: now,
        lastUsedAt: null,
        uses: { send: null, read: null, manage: null },
      },
    };
  }

  listKeys(): ApiKey[] {
    return this.#sql.exec<KeyRow>(`SELECT ${KEY_COLUMNS} FROM api_keys ORDER BY id`).toArray().map(toApiKey);
  }

  listKeyHashes(): string[] {
    return this.#sql
      .exec<{ sha256: string }>("SELECT sha256 FROM api_keys")
      .toArray()
      .map(({ sha256 }) => sha256);
  }

  getKey(sha256: string): KeyRecord | null {
    const [row] = this.#sql
      .exec<KeyRow>(`SELECT ${KEY_COLUMNS} FROM api_keys WHERE sha256 = ?`, sha256)
      .toArray();
    return row === undefined ? null : this.#toRecord(row);
  }

  getKeyById(keyId: string): ApiKey | null {
    const [row] = this.#sql.exec<KeyRow>(`SELECT ${KEY_COLUMNS} FROM api_keys WHERE id = ?`, keyId).toArray();
    return row === undefined ? null : toApiKey(row);
  }

  /** The key was used. Written at most once in so long for each scope, whoever tells of it. */
  noteKeyUse(keyId: string, scope: Scope, now: number): void {
    const column = LAST_USE_COLUMNS[scope];
    this.#sql.exec(
      `UPDATE api_keys SET last_used_at = ?1, ${column} = ?1
       WHERE id = ?2 AND (${column} IS NULL OR ${column} <= ?3)`,
      now,
      keyId,
      now - KEY_USE_MS,
    );
  }

  /** The key where its copy in KV is of a version that gave it no name; null the next time. */
  takeNameless(keyId: string): { sha256: string; record: KeyRecord } | null {
    const [row] = this.#sql
      .exec<KeyRow>(
        `UPDATE api_keys SET is_copied_with_name = 1 WHERE id = ? AND is_copied_with_name = 0
         RETURNING ${KEY_COLUMNS}`,
        keyId,
      )
      .toArray();
    const record = row === undefined ? null : this.#toRecord(row);
    return row === undefined || record === null ? null : { sha256: row.sha256, record };
  }

  deleteKey(keyId: string): { key: ApiKey; sha256: string; isChecked: boolean } | null {
    const [row] = this.#sql
      .exec<KeyRow>(`DELETE FROM api_keys WHERE id = ? RETURNING ${KEY_COLUMNS}`, keyId)
      .toArray();
    if (row?.is_checked === 0) this.#sql.exec("UPDATE app SET unchecked_keys = unchecked_keys - 1");
    return row === undefined
      ? null
      : { key: toApiKey(row), sha256: row.sha256, isChecked: row.is_checked === 1 };
  }

  /**
   * Doubles the ledgers among which a day's new notifications are spread. False where that was done a moment ago
   * (copies of the app's record still have to learn of it), or where there are as many as there may be.
   */
  growLedgerSlots(now: number): boolean {
    const grown = this.#sql.exec(
      `UPDATE app SET ledger_slots = ledger_slots * 2, slots_grown_at = ?1
       WHERE ledger_slots * 2 <= ?2 AND slots_grown_at <= ?3 RETURNING 1`,
      now,
      MAX_LEDGER_SLOTS,
      now - SLOTS_GROW_PAUSE_MS,
    );
    return grown.toArray().length > 0;
  }

  #toRecord({ id: keyId, name, scopes, last_four: lastFour }: KeyRow): KeyRecord | null {
    const app = this.#row();
    return app === null ? null : { appId: app.id, keyId, scopes: JSON.parse(scopes), lastFour, name };
  }

  #row(): AppRow | null {
    return (
      this.#sql.exec<AppRow>(`SELECT ${APP_COLUMNS}, ledger_slots FROM app LIMIT 1`).toArray()[0] ?? null
    );
  }
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    key: maskKey(row.last_four),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    uses: { send: row.last_send_at, read: row.last_read_at, manage: row.last_manage_at },
  };
}
