import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { KV_WRITE_INTERVAL_MS } from "../model/limits.ts";
import { TtlCache } from "./cache.ts";

/** Apps that this isolate changed a moment ago: KV may not have the change yet, so the registry is asked. */
const changed = new TtlCache<true>({ ttlMs: 3 * KV_WRITE_INTERVAL_MS, maxEntries: 1000 });

export function noteChange(appId: string): void {
  changed.set(appId, true);
}

/** KV's copy, or null: none, not of its form, out of reach, or perhaps older than this isolate's own change. */
export async function readCopy<S extends v.GenericSchema>(
  env: Bindings,
  appId: string,
  key: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  return changed.get(appId) ? null : readOldCopy(env, appId, key, schema);
}

/** KV's copy of what never changes, whatever its age; null as for {@link readCopy}. */
export async function readOldCopy<S extends v.GenericSchema>(
  env: Bindings,
  appId: string,
  key: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  try {
    const copy = v.safeParse(schema, await env.CONFIG.get(key, "json"));
    return copy.success ? copy.output : null;
  } catch (error) {
    // The registry has it too.
    console.error({ message: "KV can't be read", app: appId, error });
    return null;
  }
}
