import { forgetApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import { type Outcome, requireValue } from "../model/outcome.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { RegistryContract } from "../objects/registry/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";

/** A change of an app's registry. This isolate forgets its copies, so its next call sees the change. */
export async function changeApp<T>(
  env: Bindings,
  appId: string,
  work: (registry: Remote<RegistryContract>) => Promise<Outcome<T>>,
): Promise<T> {
  try {
    return requireValue(await work(getRegistryStub(env, appId)));
  } finally {
    forgetApp(appId);
  }
}
