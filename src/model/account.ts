import type { Json } from "./template.ts";

/** An app's account with a provider of a channel, or what a call needs of it: the channel's folder knows its form. */
export type AccountFields = { [field: string]: Json };

/** By provider; null removes one, an absent one stays as it is. */
export type AccountChanges = { [provider: string]: AccountFields | null | undefined };

/** An account as it may be shown: all but its secret, of which there is a fingerprint. */
export type ShownAccount = { fingerprint: string } & Record<string, string | string[]>;

/** What a sender needs, or why it can't have it. */
export type Credentials =
  | { found: "yes"; credentials: AccountFields }
  /** The channel isn't configured for this provider. */
  | { found: "none" }
  /** The account is refused: other credentials are needed. */
  | { found: "refused"; message: string }
  /** The token service fails. */
  | { found: "later"; message: string; afterMs: number | null };

/** A change with what may be shown of it, made beforehand: hashing isn't for a transaction. */
export type PreparedChange = [provider: string, config: AccountFields | null, shown: ShownAccount | null];

/** A provider's token that was minted or fetched. Times in Unix ms. */
export interface ProviderToken {
  token: string;
  issuedAt: number;
  expiresAt: number;
}

export interface StoredAccount {
  config: AccountFields;
  token: ProviderToken | null;
}

/** Where an app's accounts with providers and their tokens are kept: the registry's table. */
export interface AccountStore {
  get(channelId: string, provider: string): StoredAccount | null;
  setToken(channelId: string, provider: string, token: ProviderToken): void;
  getApnsToken(keyId: string): ProviderToken | null;
  setApnsToken(keyId: string, token: ProviderToken, now: number): void;
}
