import type { Bindings } from "../env.ts";
import type { LedgerRef } from "../model/ids.ts";
import { keys } from "../model/keys.ts";
import type { NotificationRecord } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { TtlCache } from "./cache.ts";

/** A ledger that the registry knows stays known until its end, long after which nobody asks for it. */
const known = new TtlCache<true>({ ttlMs: 60 * 60 * 1000, maxEntries: 10_000 });

/**
 * Whether there is such a ledger. An id can name any: asking one that isn't there would make an object, with tables,
 * that nothing ever removes.
 */
async function isKnownLedger(env: Bindings, appId: string, ledger: LedgerRef): Promise<boolean> {
  const name = keys.ledger(appId, ledger.day, ledger.slot);
  if (known.get(name) === true) return true;
  const isKnown = await getRegistryStub(env, appId).hasLedger(ledger);
  if (isKnown) known.set(name, true);
  return isKnown;
}

/** A notification as its ledger has it; null where it or the ledger isn't there. */
export async function readFromLedger(
  env: Bindings,
  appId: string,
  ledger: LedgerRef,
  id: string,
): Promise<NotificationRecord | null> {
  if (!(await isKnownLedger(env, appId, ledger))) return null;
  return getLedgerStub(env, appId, ledger).get(id);
}
