import { newId } from "../ids.ts";
import { NEW_USER_HASH, newHashKey, type UserHash } from "../users/hash.ts";
import { randomToken } from "./credentials.ts";
import { type ApiKey, type AppRecord, type KeyRecord, maskKey, type Scope } from "./records.ts";

/** A key that was just generated: its hash, never itself. */
export interface NewApiKey {
  name: string;
  sha256: string;
  scopes: Scope[];
  lastFour: string;
}

type AppRow = {
  id: string;
  name: string;
  shard_count: number;
  hash: UserHash;
  hash_key: string | null;
  root_secret: string;
  created_at: number;
};
type KeyRow = {
  id: string;
  name: string;
  sha256: string;
  scopes: string;
  last_four: string;
  created_at: number;
};

/** An app as it is created. */
export interface NewApp {
  id: string;
  name: string;
  shardCount: number;
}

const APP_COLUMNS = "id, name, shard_count, hash, hash_key, root_secret, created_at";

/** The app's own row and its API keys. Writing methods expect to run inside a transaction. */
export class AppStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  exists(): boolean {
    return this.#row() !== null;
  }

  create({ id, name, shardCount }: NewApp, now: number): void {
    this.#sql.exec(
      `INSERT INTO app (${APP_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      name,
      shardCount,
      NEW_USER_HASH,
      newHashKey(),
      randomToken(),
      now,
    );
  }

  /** The app as KV holds it. Throws where there is none. */
  getRecord(parts: Pick<AppRecord, "channels" | "webhooks">): AppRecord {
    const row = this.#row();
    if (row === null) throw new Error("This registry isn't an app's");
    const { id, name, shard_count: shardCount, hash, hash_key: hashKey, created_at: createdAt } = row;
    return { ...{ id, name, shardCount, hash, hashKey, createdAt }, ...parts };
  }

  getRootSecret(): string | null {
    return this.#row()?.root_secret ?? null;
  }

  addKey({ name, sha256, scopes, lastFour }: NewApiKey, now: number): { record: KeyRecord; listed: ApiKey } {
    const id = newId();
    this.#sql.exec(
      "INSERT INTO api_keys (id, name, sha256, scopes, last_four, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      id,
      name,
      sha256,
      JSON.stringify(scopes),
      lastFour,
      now,
    );
    const appId = this.#row()?.id ?? "";
    return {
      record: { appId, keyId: id, scopes, lastFour },
      listed: { id, name, scopes, key: maskKey(lastFour), createdAt: now },
    };
  }

  listKeys(): ApiKey[] {
    return this.#sql
      .exec<KeyRow>("SELECT id, name, sha256, scopes, last_four, created_at FROM api_keys ORDER BY id")
      .toArray()
      .map(toApiKey);
  }

  listKeyHashes(): string[] {
    return this.#sql
      .exec<{ sha256: string }>("SELECT sha256 FROM api_keys")
      .toArray()
      .map(({ sha256 }) => sha256);
  }

  getKey(sha256: string): KeyRecord | null {
    const [row] = this.#sql
      .exec<KeyRow>(
        "SELECT id, name, sha256, scopes, last_four, created_at FROM api_keys WHERE sha256 = ?",
        sha256,
      )
      .toArray();
    const app = this.#row();
    if (row === undefined || app === null) return null;
    return { appId: app.id, keyId: row.id, scopes: JSON.parse(row.scopes), lastFour: row.last_four };
  }

  deleteKey(keyId: string): { key: ApiKey; sha256: string } | null {
    const [row] = this.#sql
      .exec<KeyRow>(
        "DELETE FROM api_keys WHERE id = ? RETURNING id, name, sha256, scopes, last_four, created_at",
        keyId,
      )
      .toArray();
    return row === undefined ? null : { key: toApiKey(row), sha256: row.sha256 };
  }

  #row(): AppRow | null {
    return this.#sql.exec<AppRow>(`SELECT ${APP_COLUMNS} FROM app LIMIT 1`).toArray()[0] ?? null;
  }
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    key: maskKey(row.last_four),
    createdAt: row.created_at,
  };
}
