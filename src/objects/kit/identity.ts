import type { LedgerRef } from "../../model/ids.ts";

/** Whose user shard an object is: read from its own name, so no caller can mistake it. */
export interface ShardIdentity {
  appId: string;
  shard: number;
}

/** The parts of a name that keys.ts made. */
export function identityOf(id: DurableObjectId): ShardIdentity {
  const { appId, part } = splitName(id);
  return { appId, shard: Number(part) };
}

/** Whose ledger an object is. */
export function ledgerIdentityOf(id: DurableObjectId): LedgerRef & { appId: string } {
  const { appId, part, number } = splitName(id);
  return { appId, day: part, slot: Number(number ?? 0) };
}

/** Whose webhook endpoint an object is. */
export function webhookIdentityOf(id: DurableObjectId): { appId: string; webhookId: string } {
  const { appId, part } = splitName(id);
  return { appId, webhookId: part };
}

function splitName(id: DurableObjectId): { appId: string; part: string; number: string | undefined } {
  const [appId, part, number] = (id.name ?? "").split(":");
  if (appId === undefined || part === undefined) throw new Error("This object was not opened by its name");
  return { appId, part, number };
}
