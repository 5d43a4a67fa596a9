import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import type { RegistryContract } from "./registry-contract.ts";

/** An app's registry. */
export function openRegistry(env: Bindings, appId: string): Remote<RegistryContract> {
  return env.REGISTRY.getByName(keys.registry(appId)) as unknown as Remote<RegistryContract>;
}
