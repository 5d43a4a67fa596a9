import type { Bindings } from "../env.ts";
import { ISOLATE_CACHE_MS } from "../model/limits.ts";
import type { RootSecret } from "../model/root-secret.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { TtlCache } from "./cache.ts";
import { findKeyCheck, noteUnknownApp } from "./known-apps.ts";
import type { LookupGuard } from "./lookup-guard.ts";

const cache = new TtlCache<RootSecret[]>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });

export function forgetRootSecrets(appId: string): void {
  cache.delete(appId);
}

/** The root secret that signs now, or null where there is no such app. For callers who are known to be the app's. */
export async function getSigningSecret(env: Bindings, appId: string): Promise<RootSecret | null> {
  const [newest] = cache.get(appId) ?? (await ask(env, appId));
  return newest ?? null;
}

/**
 * The root secrets of these generations that still count; one that isn't known here yet was made elsewhere. For callers
 * who are known to be the app's.
 */
export async function listRootSecrets(
  env: Bindings,
  appId: string,
  generations: readonly number[],
): Promise<RootSecret[]> {
  const known = cache.get(appId);
  const isNew = (generation: number) => generation > (known?.[0]?.generation ?? 0);
  const secrets = known === undefined || generations.some(isNew) ? await ask(env, appId) : known;
  const now = Date.now();
  return secrets.filter(
    ({ generation, endsAt }) => generations.includes(generation) && (endsAt === null || endsAt > now),
  );
}

/**
 * The root secret of the generation that something claims to be signed with; `ended` where that counts no more, null
 * where there never was one. `guard`: asked before a registry is, about an app or a generation that nothing is known
 * of.
 */
export async function findRootSecret(
  env: Bindings,
  appId: string,
  generation: number,
  guard: LookupGuard,
): Promise<RootSecret | "ended" | null> {
  let secrets = cache.get(appId);
  if (secrets === undefined) {
    if ((await findKeyCheck(env, appId, guard)) === null) return null;
    secrets = await ask(env, appId);
  } else if (generation > (secrets[0]?.generation ?? 0)) {
    // Rotated elsewhere, or made up.
    await guard(appId);
    secrets = await ask(env, appId);
  }
  const found = secrets.find((secret) => secret.generation === generation);
  if (found !== undefined && (found.endsAt === null || found.endsAt > Date.now())) return found;
  return generation >= 1 && generation <= (secrets[0]?.generation ?? 0) ? "ended" : null;
}

async function ask(env: Bindings, appId: string): Promise<RootSecret[]> {
  const secrets = await getRegistryStub(env, appId).listRootSecrets();
  if (secrets.length === 0) noteUnknownApp(appId);
  else cache.set(appId, secrets);
  return secrets;
}
