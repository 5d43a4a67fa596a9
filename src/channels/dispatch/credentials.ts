import { TtlCache } from "../../copies/cache.ts";
import type { Bindings } from "../../env.ts";
import type { AccountFields } from "../../model/account.ts";
import type { AddressOutcome } from "../../model/dispatch.ts";
import { ISOLATE_CACHE_MS } from "../../model/limits.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";

/** Usable credentials of this isolate's senders: the registry isn't asked for every lease. */
const found = new TtlCache<AccountFields>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });

/** What a refused account was told: 100,000 calls aren't 100,000 exchanges with the token service. */
const refusals = new TtlCache<string>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });

/** Credentials for a provider of a channel, or the outcome of every call without them. */
export type CredentialsResult =
  | { credentials: AccountFields }
  /** `wasAsked`: the provider's own token service failed. */
  | { outcome: AddressOutcome; wasAsked: boolean };

/** What this isolate knows of a channel's account, null where the registry is to be asked. */
export function getCachedCredentials(
  appId: string,
  channelKey: string,
  provider: string,
): CredentialsResult | null {
  const cacheKey = `${appId}:${channelKey}:${provider}`;
  const cached = found.get(cacheKey);
  if (cached !== undefined) return { credentials: cached };
  const refusal = refusals.get(cacheKey);
  return refusal === undefined ? null : rejectAccount(refusal);
}

/** Asks the registry. `refused`: a token that the provider didn't take; then it gives another, or says why not. */
export async function fetchCredentials(
  env: Bindings,
  appId: string,
  channelKey: string,
  provider: string,
  refused: string | null,
): Promise<CredentialsResult> {
  const cacheKey = `${appId}:${channelKey}:${provider}`;
  const result = await getRegistryStub(env, appId).getCredentials(channelKey, provider, refused);
  if (result.found === "yes") {
    found.set(cacheKey, result.credentials);
    return { credentials: result.credentials };
  }
  found.delete(cacheKey);
  if (result.found === "none") return { outcome: { outcome: "unreachable" }, wasAsked: false };
  if (result.found === "later") {
    const { message, afterMs } = result;
    return { outcome: { outcome: "retry", message, afterMs }, wasAsked: true };
  }
  refusals.set(cacheKey, result.message);
  return rejectAccount(result.message);
}

function rejectAccount(message: string): { outcome: AddressOutcome; wasAsked: boolean } {
  return { outcome: { outcome: "rejected", reason: "provider_rejected", message }, wasAsked: false };
}

/** This isolate forgets a channel's credentials: its next call uses what was just configured. */
export function forgetCredentials(appId: string, channelKey: string): void {
  found.deletePrefix(`${appId}:${channelKey}:`);
  refusals.deletePrefix(`${appId}:${channelKey}:`);
}
