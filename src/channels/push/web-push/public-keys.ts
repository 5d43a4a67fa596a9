import { TtlCache } from "../../../copies/cache.ts";
import type { Bindings } from "../../../env.ts";
import { APP_REFRESH_MS, ISOLATE_CACHE_MS } from "../../../model/limits.ts";
import { getRegistryStub } from "../../../objects/registry/contract.ts";
import { NAME } from "./provider.ts";

/** What a page gives its browser as `applicationServerKey`, for pushes of one channel. */
export interface WebPushKey {
  channelKey: string;
  publicKey: string;
}

const cache = new TtlCache<WebPushKey[]>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });
/** Apps that had none a moment ago. */
const without = new TtlCache<true>({ ttlMs: APP_REFRESH_MS, maxEntries: 1000 });

/** The VAPID public keys of an app's enabled push channels. Pages ask often: a registry is asked every 30 s only. */
export async function listWebPushKeys(env: Bindings, appId: string): Promise<WebPushKey[]> {
  const cached = cache.get(appId);
  if (cached !== undefined) return cached;
  if (without.get(appId)) return [];
  const channels = await getRegistryStub(env, appId).listChannels();
  const found = channels.flatMap(({ key: channelKey, enabled, providers }) => {
    const publicKey = providers.get(NAME)?.publicKey;
    return enabled && typeof publicKey === "string" ? [{ channelKey, publicKey }] : [];
  });
  // What isn't there yet may come any time.
  if (found.length > 0) cache.set(appId, found);
  else without.set(appId, true);
  return found;
}
