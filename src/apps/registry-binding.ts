import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import type { Registry } from "./registry.ts";

/** An app's registry. */
export function openRegistry(env: Bindings, appId: string): Remote<Registry> {
  return env.REGISTRY.getByName(keys.registry(appId)) as unknown as Remote<Registry>;
}
