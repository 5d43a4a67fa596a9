import type { Bindings } from "../../env.ts";
import { getLedgerStub } from "../ledger/contract.ts";
import { getRegistryStub } from "../registry/contract.ts";
import type { ErasureCall } from "./erasure-calls.ts";

/** Tells the ledger or the registry that a call is meant for. */
export async function tellErasure(env: Bindings, appId: string, call: ErasureCall): Promise<void> {
  if (call.kind === "forget") {
    const { day, slot = 0, userId, ids } = call;
    await getLedgerStub(env, appId, { day, slot }).forgetUser(userId, ids);
  } else {
    const { auditId, action = "user.deleted", actor, uidHash } = call;
    await getRegistryStub(env, appId).recordUserChange(auditId, actor, action, uidHash);
  }
}
