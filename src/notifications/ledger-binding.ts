import type { Bindings } from "../env.ts";
import type { LedgerRef } from "../ids.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import type { LedgerContract } from "./ledger-contract.ts";

/** One of an app's ledgers. */
export function openLedger(env: Bindings, appId: string, { day, slot }: LedgerRef): Remote<LedgerContract> {
  return env.LEDGER.getByName(keys.ledger(appId, day, slot)) as unknown as Remote<LedgerContract>;
}
