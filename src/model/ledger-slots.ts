import type { AppRecord } from "./app.ts";

/**
 * The slot of a new notification: which of its day's ledgers will have it. It stands in the id, so an old copy of the
 * app's record only means that fewer of them are used. A shard's realtime sends go to few of the ledgers, so that it
 * has few to report to.
 */
export function chooseSlot({ ledgerSlots, shardCount }: AppRecord, shard: number | undefined): number {
  if (shard !== undefined && ledgerSlots <= shardCount) return shard % ledgerSlots;
  return Math.floor(Math.random() * ledgerSlots);
}
