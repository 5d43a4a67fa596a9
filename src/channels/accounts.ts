import type { AccountChanges, PreparedChange } from "../model/account.ts";
import type { Fault } from "../model/errors.ts";
import { findDispatched } from "./table.ts";

/**
 * The changes of a channel's accounts as a registry takes them, or what is wrong with them: keys are tried out here.
 * `type`: the channel's.
 */
export async function prepareAccounts(
  type: string,
  changes: AccountChanges,
): Promise<{ changes: PreparedChange[]; faults: Fault[] }> {
  const prepared: PreparedChange[] = [];
  const faults: Fault[] = [];
  const given = Object.entries(changes).filter(([, config]) => config !== undefined);
  const providers = findDispatched(type)?.account.providers ?? [];
  if (given.some(([name]) => providers.every((provider) => provider.name !== name))) {
    return { changes: [], faults: [{ field: "providers", message: "only a push channel has providers" }] };
  }
  for (const { name, keyField, findKeyFault, show } of providers) {
    const config = changes[name];
    if (config === undefined) continue;
    const fault = config === null ? null : await findKeyFault(config);
    if (fault !== null) faults.push({ field: `providers.${name}.${keyField}`, message: fault });
    prepared.push([name, config, config === null ? null : await show(config)]);
  }
  return { changes: prepared, faults };
}
