import type { Totals } from "./counts.ts";
import type { NotificationHeader } from "./notification.ts";
import type { ObjectSize } from "./object-state.ts";

/** One shard's absolute totals of one notification. Sent twice, it changes nothing. */
export interface ShardReport {
  notificationId: string;
  /** Grows with every change in the shard; the ledger ignores an older one. */
  version: number;
  totals: Totals;
  /** The newest attempt that has reopened failed deliveries here; 1: none has. */
  attempt: number;
  /** Deliveries that it reopened and that still wait for their chunk. */
  waiting: number;
  /** The header of a realtime send that the ledger may not know yet; null otherwise. */
  header: NotificationHeader | null;
}

/** A shard's report that whoever delivered to it takes along to the ledger. */
export interface CarriedReport {
  shard: number;
  report: SegmentReport;
}

/** What a shard answers when it has stored a segment. */
export interface SegmentReport extends ShardReport {
  /** How large the shard is. Absent where that is little: a row for each shard of a batch would be most of its cost. */
  shardSize?: ObjectSize;
}
