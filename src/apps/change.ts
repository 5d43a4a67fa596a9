import type { Bindings } from "../env.ts";
import type { Remote } from "../objects/remote.ts";
import { type Outcome, requireValue } from "../outcome.ts";
import { forgetApp } from "./lookup.ts";
import { openRegistry } from "./registry-binding.ts";
import type { RegistryContract } from "./registry-contract.ts";

/** A change of an app's registry. This isolate forgets its copies, so its next call sees the change. */
export async function changeApp<T>(
  env: Bindings,
  appId: string,
  work: (registry: Remote<RegistryContract>) => Promise<Outcome<T>>,
): Promise<T> {
  try {
    return requireValue(await work(openRegistry(env, appId)));
  } finally {
    forgetApp(appId);
  }
}
