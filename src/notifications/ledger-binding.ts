import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import type { Ledger } from "./ledger.ts";

/** An app's ledger of one UTC day (`YYYY-MM-DD`). */
export function openLedger(env: Bindings, appId: string, day: string): Remote<Ledger> {
  return env.LEDGER.getByName(keys.ledger(appId, day)) as unknown as Remote<Ledger>;
}
