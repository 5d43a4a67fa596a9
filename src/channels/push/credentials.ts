import { TtlCache } from "../../copies/cache.ts";
import type { Bindings } from "../../env.ts";
import { ISOLATE_CACHE_MS } from "../../model/limits.ts";
import type { DeviceOutcome, Provider } from "../../model/push.ts";
import type { Credentials, CredentialsOf } from "../../model/push-provider.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";

/** Usable credentials of this isolate's senders: the registry isn't asked for every lease. */
const found = new TtlCache<CredentialsOf[Provider]>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });

/** What a refused account was told: 100,000 pushes aren't 100,000 exchanges with the token service. */
const refusals = new TtlCache<string>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });

/** Credentials for a provider of a channel, or the outcome of every push without them. */
export type CredentialsResult<P extends Provider> =
  | { credentials: CredentialsOf[P] }
  /** `wasAsked`: the provider's own token service failed. */
  | { outcome: DeviceOutcome; wasAsked: boolean };

/** What this isolate knows of a channel's account, null where the registry is to be asked. */
export function getCachedCredentials(
  appId: string,
  channelKey: string,
  provider: Provider,
): CredentialsResult<Provider> | null {
  const cacheKey = `${appId}:${channelKey}:${provider}`;
  const cached = found.get(cacheKey);
  if (cached !== undefined) return { credentials: cached };
  const refusal = refusals.get(cacheKey);
  return refusal === undefined ? null : rejectAccount(refusal);
}

/** Asks the registry. `refused`: a token that the provider didn't take; then it gives another, or says why not. */
export async function fetchCredentials<P extends Provider>(
  env: Bindings,
  appId: string,
  channelKey: string,
  provider: P,
  refused: string | null,
): Promise<CredentialsResult<P>> {
  const cacheKey = `${appId}:${channelKey}:${provider}`;
  const result = (await getRegistryStub(env, appId).getPushCredentials(
    channelKey,
    provider,
    refused,
  )) as Credentials<P>;
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

function rejectAccount(message: string): { outcome: DeviceOutcome; wasAsked: boolean } {
  return { outcome: { outcome: "rejected", reason: "provider_rejected", message }, wasAsked: false };
}

/** This isolate forgets a channel's credentials: its next push uses what was just configured. */
export function forgetPushCredentials(appId: string, channelKey: string): void {
  found.deletePrefix(`${appId}:${channelKey}:`);
  refusals.deletePrefix(`${appId}:${channelKey}:`);
}
