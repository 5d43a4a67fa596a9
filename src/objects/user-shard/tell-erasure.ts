import type { Bindings } from "../../env.ts";
import { openLedger } from "../ledger/contract.ts";
import { openRegistry } from "../registry/contract.ts";
import type { ErasureCall } from "./erasure-calls.ts";

/** Tells the ledger or the registry that a call is meant for. */
export async function tellErasure(env: Bindings, appId: string, call: ErasureCall): Promise<void> {
  if (call.kind === "forget") {
    const { day, slot = 0, userId, ids } = call;
    await openLedger(env, appId, { day, slot }).forgetUser(userId, ids);
  } else {
    const { auditId, action = "user.deleted", actor, uidHash } = call;
    await openRegistry(env, appId).recordUserChange(auditId, actor, action, uidHash);
  }
}
