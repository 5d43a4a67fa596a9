import type { Bindings } from "../env.ts";
import type { KeyRecord, Scope } from "../model/app.ts";
import { KEY_USE_MS } from "../model/limits.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { TtlCache } from "./cache.ts";

/** Keys whose use this isolate has told of lately, each with what it was used for. */
const told = new TtlCache<true>({ ttlMs: KEY_USE_MS, maxEntries: 5000 });

/** Tells the registry, once in some minutes, that a key is in use. Nobody waits for it: it is lost where that fails. */
export function noteKeyUse(
  { env, execution }: { env: Bindings; execution: ExecutionContext },
  { appId, keyId }: KeyRecord,
  scope: Scope,
): void {
  const use = `${keyId}:${scope}`;
  if (told.get(use)) return;
  told.set(use, true);
  execution.waitUntil(
    getRegistryStub(env, appId)
      .noteKeyUse(keyId, scope)
      .catch((error: unknown) => {
        told.delete(use);
        console.error({ message: "a key's use can't be noted", app: appId, error });
      }),
  );
}
