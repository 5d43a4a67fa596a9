import type {
  AccountFields,
  AccountStore,
  PreparedChange,
  ProviderToken,
  ShownAccount,
  StoredAccount,
} from "../../model/account.ts";
import type { SecretBox } from "../kit/secret-box.ts";

type Row = { config: string; token: string | null; issued_at: number | null; expires_at: number | null };

/**
 * The accounts of an app's channels with providers, in its registry: configurations and tokens are sealed there.
 * Writing methods expect to run inside a transaction.
 */
export class ProviderStore implements AccountStore {
  readonly #sql: SqlStorage;
  readonly #box: SecretBox;

  constructor(sql: SqlStorage, box: SecretBox) {
    this.#sql = sql;
    this.#box = box;
  }

  /** What may be shown, by provider. */
  list(channelId: string): Map<string, ShownAccount> {
    return new Map(
      this.#sql
        .exec<{ provider: string; shown: string }>(
          "SELECT provider, shown FROM push_providers WHERE channel_id = ? ORDER BY provider",
          channelId,
        )
        .toArray()
        .map(({ provider, shown }) => [provider, JSON.parse(shown)]),
    );
  }

  get(channelId: string, provider: string): StoredAccount | null {
    const [row] = this.#sql
      .exec<Row>(
        "SELECT config, token, issued_at, expires_at FROM push_providers WHERE channel_id = ? AND provider = ?",
        channelId,
        provider,
      )
      .toArray();
    if (row === undefined) return null;
    const { token, issued_at, expires_at } = row;
    const isThere = token !== null && issued_at !== null && expires_at !== null;
    const purpose = purposeOf(channelId, provider);
    return {
      config: JSON.parse(this.#box.unseal(row.config, purpose)),
      token: isThere
        ? { token: this.#box.unseal(token, purpose), issuedAt: issued_at, expiresAt: expires_at }
        : null,
    };
  }

  /**
   * Sets or removes accounts; `merge` makes of what was there and the change what is stored. A token belongs to the key
   * that it was made with, so it goes with it.
   */
  change(
    channelId: string,
    changes: readonly PreparedChange[],
    merge: (before: AccountFields | null, change: AccountFields) => AccountFields,
  ): void {
    for (const [provider, change, shown] of changes) {
      if (change === null) {
        this.#sql.exec(
          "DELETE FROM push_providers WHERE channel_id = ? AND provider = ?",
          channelId,
          provider,
        );
        continue;
      }
      const before = this.get(channelId, provider)?.config ?? null;
      const json = JSON.stringify(merge(before, change));
      const isSame = JSON.stringify(before) === json;
      this.#sql.exec(
        `INSERT INTO push_providers (channel_id, provider, config, shown) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET config = excluded.config, shown = excluded.shown, token = iif(?5, token, NULL)`,
        channelId,
        provider,
        this.#box.seal(json, purposeOf(channelId, provider)),
        JSON.stringify(shown),
        isSame ? 1 : 0,
      );
    }
  }

  setToken(channelId: string, provider: string, { token, issuedAt, expiresAt }: ProviderToken): void {
    this.#sql.exec(
      "UPDATE push_providers SET token = ?, issued_at = ?, expires_at = ? WHERE channel_id = ? AND provider = ?",
      this.#box.seal(token, purposeOf(channelId, provider)),
      issuedAt,
      expiresAt,
      channelId,
      provider,
    );
  }

  /** Seals what was stored before the deployment had a key. */
  sealAll(): void {
    const rows = this.#sql
      .exec<{ channelId: string; provider: string; config: string; token: string | null }>(
        "SELECT channel_id AS channelId, provider, config, token FROM push_providers",
      )
      .toArray();
    for (const { channelId, provider, config, token } of rows) {
      if (!this.#box.isUnsealed(config) && (token === null || !this.#box.isUnsealed(token))) continue;
      const purpose = purposeOf(channelId, provider);
      const reseal = (text: string): string => this.#box.seal(this.#box.unseal(text, purpose), purpose);
      this.#sql.exec(
        "UPDATE push_providers SET config = ?, token = ? WHERE channel_id = ? AND provider = ?",
        reseal(config),
        token === null ? null : reseal(token),
        channelId,
        provider,
      );
    }
    this.#sealApnsTokens();
  }

  #sealApnsTokens(): void {
    const tokens = this.#sql
      .exec<{ keyId: string; token: string }>("SELECT key_id AS keyId, token FROM apns_tokens")
      .toArray();
    for (const { keyId, token } of tokens) {
      if (!this.#box.isUnsealed(token)) continue;
      const sealed = this.#box.seal(token, apnsPurposeOf(keyId));
      this.#sql.exec("UPDATE apns_tokens SET token = ? WHERE key_id = ?", sealed, keyId);
    }
  }

  /** The provider token of a key of Apple's. */
  getApnsToken(keyId: string): ProviderToken | null {
    const [row] = this.#sql
      .exec<{ token: string; issued_at: number; expires_at: number }>(
        "SELECT token, issued_at, expires_at FROM apns_tokens WHERE key_id = ?",
        keyId,
      )
      .toArray();
    return row === undefined
      ? null
      : {
          token: this.#box.unseal(row.token, apnsPurposeOf(keyId)),
          issuedAt: row.issued_at,
          expiresAt: row.expires_at,
        };
  }

  /** Stores a provider token of Apple's, and removes those that have ended. */
  setApnsToken(keyId: string, { token, issuedAt, expiresAt }: ProviderToken, now: number): void {
    this.#sql.exec("DELETE FROM apns_tokens WHERE expires_at <= ?", now);
    this.#sql.exec(
      "INSERT OR REPLACE INTO apns_tokens (key_id, token, issued_at, expires_at) VALUES (?, ?, ?, ?)",
      keyId,
      this.#box.seal(token, apnsPurposeOf(keyId)),
      issuedAt,
      expiresAt,
    );
  }
}

function apnsPurposeOf(keyId: string): string {
  return `apns token ${keyId}`;
}

function purposeOf(channelId: string, provider: string): string {
  return `push provider ${channelId} ${provider}`;
}
