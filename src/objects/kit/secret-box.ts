import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { type Bindings, listSecretsKeys } from "../../env.ts";
import type { SecretsState } from "../../model/object-state.ts";

/**
 * SQL of the table that {@link SecretBox} keeps: at most one row, the object's data key as a Worker's secret seals
 * it.
 */
export const SECRET_BOX_SCHEMA = "CREATE TABLE data_key (wrapped TEXT NOT NULL)";

const SEALED = "sealed:1:";
const WRAPPED = "wrapped:1:";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals an object's secrets (AES-256-GCM) with a data key of the object's own, which stands in its table sealed with
 * a key derived (HKDF) from a secret of the deployment. Another secret wraps the data key anew; nothing else is
 * written. Without a secret of the deployment they are stored as they are.
 */
export class SecretBox {
  readonly #sql: SqlStorage;
  readonly #env: Bindings;
  readonly #name: string;
  /** The data key as it was last read, by the text that wraps it. */
  #read: { wrapped: string; key: Buffer } | null = null;

  /** `name`: the object's. What is sealed in one object can't be opened in another. */
  constructor(sql: SqlStorage, env: Bindings, name: string) {
    this.#sql = sql;
    this.#env = env;
    this.#name = name;
  }

  /** In a transaction. `purpose`: what it is of; it opens for that alone. */
  seal(text: string, purpose: string): string {
    const [newest] = listSecretsKeys(this.#env);
    if (newest === undefined) return text;
    const key = this.#readKey() ?? this.#makeKey(newest);
    return SEALED + encrypt(key, Buffer.from(text, "utf8"), purpose).toString("base64");
  }

  /**
   * Throws where the deployment has no key that it was sealed with. What was stored before there was one comes as it
   * is.
   */
  unseal(text: string, purpose: string): string {
    if (!text.startsWith(SEALED)) return text;
    const key = this.#readKey();
    if (key === null) throw new Error("A sealed secret has no key");
    return decrypt(key, Buffer.from(text.slice(SEALED.length), "base64"), purpose).toString("utf8");
  }

  /** True where this should be sealed and isn't. */
  isUnsealed(text: string): boolean {
    return !text.startsWith(SEALED) && listSecretsKeys(this.#env).length > 0;
  }

  /** Wraps the data key with the deployment's newest secret, where that is another one. In a transaction. */
  rewrap(): void {
    const [newest] = listSecretsKeys(this.#env);
    const wrapped = this.#readWrapped();
    if (newest === undefined || wrapped === null || wrapped.startsWith(this.#prefixOf(newest))) return;
    const key = this.#readKey();
    if (key !== null) this.#sql.exec("UPDATE data_key SET wrapped = ?", this.#wrap(key, newest));
  }

  getState(): SecretsState {
    const keys = listSecretsKeys(this.#env);
    const wrapped = this.#readWrapped();
    if (wrapped === null) return keys.length === 0 ? "plain" : "current";
    const place = keys.findIndex((key) => wrapped.startsWith(this.#prefixOf(key)));
    if (place < 0) return "unreadable";
    return place === 0 ? "current" : "old_key";
  }

  #readWrapped(): string | null {
    return (
      this.#sql.exec<{ wrapped: string }>("SELECT wrapped FROM data_key LIMIT 1").toArray()[0]?.wrapped ??
      null
    );
  }

  /** Null where there is none yet. */
  #readKey(): Buffer | null {
    const wrapped = this.#readWrapped();
    if (wrapped === null) return null;
    if (this.#read?.wrapped !== wrapped) this.#read = { wrapped, key: this.#unwrap(wrapped) };
    return this.#read.key;
  }

  #makeKey(secret: string): Buffer {
    const key = randomBytes(KEY_BYTES);
    this.#sql.exec("INSERT INTO data_key (wrapped) VALUES (?)", this.#wrap(key, secret));
    return key;
  }

  #wrap(key: Buffer, secret: string): string {
    const sealed = encrypt(derive(secret, `wrap ${this.#name}`), key, this.#name);
    return this.#prefixOf(secret) + sealed.toString("base64");
  }

  #unwrap(wrapped: string): Buffer {
    const secret = listSecretsKeys(this.#env).find((candidate) =>
      wrapped.startsWith(this.#prefixOf(candidate)),
    );
    if (secret === undefined) {
      throw new Error("The deployment's SECRETS_KEY isn't the one that this app's secrets are sealed with");
    }
    const sealed = Buffer.from(wrapped.slice(this.#prefixOf(secret).length), "base64");
    return decrypt(derive(secret, `wrap ${this.#name}`), sealed, this.#name);
  }

  /** Says which secret wraps, and nothing of it. */
  #prefixOf(secret: string): string {
    return `${WRAPPED}${derive(secret, `name ${this.#name}`).toString("hex").slice(0, 16)}:`;
  }
}

function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "onecall secrets", purpose, KEY_BYTES));
}

function encrypt(key: Buffer, data: Buffer, purpose: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(purpose, "utf8"));
  return Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, purpose: string): Buffer {
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(purpose, "utf8"));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
