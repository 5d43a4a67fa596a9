import type { Bindings } from "../env.ts";
import { type KeyRecord, KeyRecordSchema } from "../model/app.ts";
import { appIdOfKey, hashApiKey, hasRightCheck } from "../model/credentials.ts";
import { keys } from "../model/keys.ts";
import { ISOLATE_CACHE_MS, UNKNOWN_KEY_MS } from "../model/limits.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { readCopy } from "./ages.ts";
import { TtlCache } from "./cache.ts";
import { findKeyCheck } from "./known-apps.ts";
import type { LookupGuard } from "./lookup-guard.ts";

const known = new TtlCache<KeyRecord>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 5000 });
/** Keys that a registry was asked about and doesn't have. Strangers' are few here: the guard limits who asks. */
const unknown = new TtlCache<true>({ ttlMs: UNKNOWN_KEY_MS, maxEntries: 5000 });

/** This isolate forgets an app's keys. */
export function forgetKeys(appId: string): void {
  known.deletePrefix(`oc_${appId}_`);
}

/**
 * What an API key may do, or null where it is unknown or revoked. A yes may be a copy of the isolate's or of KV's, so
 * a revoked key can go on for a while. What has neither a copy nor the app's check is asked about only where the
 * guard allows it.
 */
export async function getApiKey(
  env: Bindings,
  apiKey: string,
  guard: LookupGuard,
): Promise<KeyRecord | null> {
  const cached = known.get(apiKey);
  if (cached !== undefined) return cached;
  const appId = appIdOfKey(apiKey);
  if (appId === null || unknown.get(apiKey)) return null;
  const check = await findKeyCheck(env, appId, guard);
  if (check === null) return null;
  const isGenuine = check.secret !== null && (await hasRightCheck(apiKey, check.secret));
  if (!isGenuine && check.isComplete) return null;
  const sha256 = await hashApiKey(apiKey);
  const copy = await readCopy(env, appId, keys.kvApiKey(sha256), KeyRecordSchema);
  if (copy === null && !isGenuine) await guard(appId);
  const record = copy ?? (await getRegistryStub(env, appId).getKey(sha256));
  return note(apiKey, record?.appId === appId ? record : null);
}

/** The same key as its registry has it now, or null where that has it no more. */
export async function confirmApiKey(env: Bindings, apiKey: string): Promise<KeyRecord | null> {
  const appId = appIdOfKey(apiKey);
  if (appId === null) return null;
  return note(apiKey, await getRegistryStub(env, appId).getKey(await hashApiKey(apiKey)));
}

function note(apiKey: string, record: KeyRecord | null): KeyRecord | null {
  if (record === null) {
    known.delete(apiKey);
    unknown.set(apiKey, true);
  } else known.set(apiKey, record);
  return record;
}
