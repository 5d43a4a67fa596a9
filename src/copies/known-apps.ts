import type { Bindings } from "../env.ts";
import { type AppRecord, AppRecordSchema, type KeyCheck } from "../model/app.ts";
import { keys } from "../model/keys.ts";
import { ISOLATE_CACHE_MS, KEY_CHECK_MS, UNKNOWN_APP_MS } from "../model/limits.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { readOldCopy } from "./ages.ts";
import { TtlCache } from "./cache.ts";
import type { LookupGuard } from "./lookup-guard.ts";

/**
 * Which apps there are, as far as credentials need it before anybody is authenticated: from the isolate, else from
 * KV, and from a registry only where the guard lets it be asked.
 */

/** Of apps that there are: what their API keys are checked by. Only what is true gets in, so nobody can push it out. */
const checks = new TtlCache<KeyCheck>({ ttlMs: KEY_CHECK_MS, maxEntries: 5000 });
/** Checks that may still become complete: asked for again sooner. */
const openChecks = new TtlCache<KeyCheck>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 5000 });
const unknown = new TtlCache<true>({ ttlMs: UNKNOWN_APP_MS, maxEntries: 5000 });

/** What an app's API keys are checked by, or null where there is no such app. */
export async function findKeyCheck(
  env: Bindings,
  appId: string,
  guard: LookupGuard,
): Promise<KeyCheck | null> {
  const cached = checks.get(appId) ?? openChecks.get(appId);
  if (cached !== undefined) return cached;
  if (unknown.get(appId)) return null;
  const copy = await readOldCopy(env, appId, keys.kvApp(appId), AppRecordSchema);
  if (copy !== null) return noteApp(copy);
  await guard(appId);
  const record = await getRegistryStub(env, appId).getApp();
  if (record === null) {
    noteUnknownApp(appId);
    return null;
  }
  return noteApp(record);
}

/** Notes that there is this app, and what its keys are checked by. */
export function noteApp({ id, keyCheck }: AppRecord): KeyCheck {
  unknown.delete(id);
  (keyCheck.isComplete ? checks : openChecks).set(id, keyCheck);
  return keyCheck;
}

/** Notes that there is no such app now, as its registry says. */
export function noteUnknownApp(appId: string): void {
  forgetKnownApp(appId);
  unknown.set(appId, true);
}

export function forgetKnownApp(appId: string): void {
  checks.delete(appId);
  openChecks.delete(appId);
  unknown.delete(appId);
}
