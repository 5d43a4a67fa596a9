import type { Provider } from "./model.ts";
import type { ProviderConfigs, ShownProvider } from "./provider-config.ts";

/** A provider's token that was minted or fetched. Times in Unix ms. */
export interface ProviderToken {
  token: string;
  issuedAt: number;
  expiresAt: number;
}

export interface StoredProvider<P extends Provider = Provider> {
  config: ProviderConfigs[P];
  token: ProviderToken | null;
}

/** A change with what may be shown of it, made beforehand: hashing isn't for a transaction. */
export type PreparedChange = [
  provider: Provider,
  config: ProviderConfigs[Provider] | null,
  shown: ShownProvider | null,
];

type Row = { config: string; token: string | null; issued_at: number | null; expires_at: number | null };

/** The providers of an app's push channels, in its registry. Writing methods expect to run inside a transaction. */
export class ProviderStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What may be shown, by provider. */
  list(channelId: string): Map<Provider, ShownProvider> {
    return new Map(
      this.#sql
        .exec<{ provider: Provider; shown: string }>(
          "SELECT provider, shown FROM push_providers WHERE channel_id = ? ORDER BY provider",
          channelId,
        )
        .toArray()
        .map(({ provider, shown }) => [provider, JSON.parse(shown)]),
    );
  }

  get<P extends Provider>(channelId: string, provider: P): StoredProvider<P> | null {
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
    return {
      config: JSON.parse(row.config),
      token: isThere ? { token, issuedAt: issued_at, expiresAt: expires_at } : null,
    };
  }

  /** Sets or removes providers. A token belongs to the key that it was made with, so it goes with it. */
  change(channelId: string, changes: readonly PreparedChange[]): void {
    for (const [provider, config, shown] of changes) {
      if (config === null) {
        this.#sql.exec(
          "DELETE FROM push_providers WHERE channel_id = ? AND provider = ?",
          channelId,
          provider,
        );
        continue;
      }
      const json = JSON.stringify(config);
      this.#sql.exec(
        `INSERT INTO push_providers (channel_id, provider, config, shown) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET config = excluded.config, shown = excluded.shown,
           token = iif(config = excluded.config, token, NULL)`,
        channelId,
        provider,
        json,
        JSON.stringify(shown),
      );
    }
  }

  setToken(channelId: string, provider: Provider, { token, issuedAt, expiresAt }: ProviderToken): void {
    this.#sql.exec(
      "UPDATE push_providers SET token = ?, issued_at = ?, expires_at = ? WHERE channel_id = ? AND provider = ?",
      token,
      issuedAt,
      expiresAt,
      channelId,
      provider,
    );
  }
}
