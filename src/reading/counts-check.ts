import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { addToTotals, type ChannelCounts, emptyTotals, presentCounts } from "../model/counts.ts";
import type { DeliveryCounts } from "../model/delivery.ts";
import { NO_NOTIFICATION } from "../model/missing.ts";
import { type Outcome, succeed } from "../model/outcome.ts";
import { askAll } from "../objects/kit/ask-all.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { findNotification } from "./notifications.ts";

export interface CountsCheck {
  notificationId: string;
  /** True where both counts below are the same. */
  isEqual: boolean;
  /** What the ledger says. */
  ledger: Record<string, ChannelCounts>;
  /** What the shards' own rows say, counted one by one. */
  shards: Record<string, ChannelCounts>;
}

/** Counts a notification's deliveries in every shard and compares them with the ledger. */
export async function checkCounts(env: Bindings, app: AppRecord, id: string): Promise<Outcome<CountsCheck>> {
  const before = await findNotification(env, app, id);
  if (before === null) return NO_NOTIFICATION;
  const { header } = before;
  const counted = emptyTotals(header.channels);
  const shards = Array.from({ length: app.shardCount }, (_, shard) => shard);
  await askAll(shards, async (shard) => {
    const stub = getShardStub(env, app.id, shard);
    for (let after: string | null = ""; after !== null; ) {
      const page: DeliveryCounts = await stub.countDeliveries(id, after);
      for (const row of page.counts) {
        addToTotals(counted, row.channelKey, row.status, row.reason, row.count);
        addToTotals(counted, row.channelKey, "viewed", null, row.viewed);
        addToTotals(counted, row.channelKey, "clicked", null, row.clicked);
      }
      after = page.afterUser;
    }
    // The ledger is read after every shard has reported what was just counted.
    await stub.flush(id);
  });
  const after = (await findNotification(env, app, id)) ?? before;
  const ledger = presentCounts(header, after.totals);
  const rows = presentCounts(header, counted);
  return succeed({ notificationId: id, isEqual: isSame(ledger, rows), ledger, shards: rows });
}

function isSame(a: Record<string, ChannelCounts>, b: Record<string, ChannelCounts>): boolean {
  return JSON.stringify(a, sortedKeys) === JSON.stringify(b, sortedKeys);
}

// Reasons come in the order in which they first occurred, which differs from shard to shard.
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
