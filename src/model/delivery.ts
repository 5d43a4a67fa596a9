import type { Totals } from "./counts.ts";
import type { DeliveryStatus, NotificationHeader, Retry } from "./notification.ts";

/** Rows of one notification for one shard. */
export interface DeliverRequest {
  header: NotificationHeader;
  /** Targets of this notification that this shard will get in all. */
  expected: number;
  /** One statement each. */
  slices: DeliverySlice[];
  /** Of exceptions to a segment: its part. Where that is stored, the rows change nothing. */
  part?: string | null;
  /** The request's push data; null where no channel sends anything out. */
  pushData: Record<string, string> | null;
  /** The user of a realtime send to one, whom no plan names; null for all others. */
  target: string | null;
  /** The raw values of that user, where a delivery may fail and be retried. */
  targetValues?: unknown[] | null;
}

/** Rows for one statement, and what they will count if all of them are new. */
export interface DeliverySlice {
  /** A JSON array of `[userId, channelKey, channelType, status, reason, content]`, mostly under SLICE_LENGTH. */
  json: string;
  rows: number;
  tallies: DeliveryTally[];
  /** The channel of deliveries that may wait in the outbox; null where they are settled at once. */
  outbox: { channelKey: string; channelType: string } | null;
}

/** A number of deliveries of one channel, status and reason. */
export type DeliveryTally = [
  channelKey: string,
  status: DeliveryStatus,
  reason: string | null,
  count: number,
];

export interface ShardNotification {
  header: NotificationHeader;
  totals: Totals;
  version: number;
  reportedVersion: number;
  /** The newest attempt that has reopened failed deliveries here; 1: none has. */
  attempt: number;
  waiting: number;
}

/** A retry's first word to a shard: reopens what failed there, once, and asks who of these users waits. */
export interface ReopenRequest {
  notificationId: string;
  retry: Retry;
  userIds: string[];
}

/** Deliveries of one channel, status and reason. */
export type DeliveryCount = {
  channelKey: string;
  status: DeliveryStatus;
  reason: string | null;
  count: number;
  viewed: number;
  clicked: number;
};

/** Of a page of a shard's users; `afterUser`: where the next page begins, null where this was the last. */
export interface DeliveryCounts {
  counts: DeliveryCount[];
  afterUser: string | null;
}

/** What a call's rows have become. */
export interface InsertedDeliveries {
  /** The header that stands in the shard: that of the first call. */
  header: NotificationHeader;
  /** The shard's, of this notification. */
  totals: Totals;
  /** Which of the watched users' rows are new. */
  fresh: DeliveryKey[];
  /** Users who were deleted since the notification was accepted: their new rows are skipped. */
  gone: string[];
  /** New rows that wait in the outbox, by channel. */
  pending: [channelKey: string, count: number][];
}

/** One delivery as a log shows it. Times in Unix ms. */
export interface LoggedDelivery {
  userId: string;
  /** The user was deleted since the notification was accepted: the uid may be another's now. */
  isUserGone: boolean;
  channelKey: string;
  status: DeliveryStatus;
  reason: string | null;
  /** The provider's words. */
  message: string | null;
  /** Attempts at a provider. */
  tries: number;
  deliveredAt: number | null;
  viewedAt: number | null;
  clickedAt: number | null;
}

/** One delivery of a notification. */
export interface DeliveryKey {
  userId: string;
  channelKey: string;
}

/** An outcome of deliveries that were pending, by user. */
export interface Settlement {
  userId: string;
  attempt: number;
  status: DeliveryStatus;
  reason: string | null;
  /** The provider's words. */
  message: string | null;
  tries: number;
}

/** What a retry's rows have become. */
export interface RedeliveredDeliveries {
  totals: Totals;
  /** Which of the watched users' rows are delivered now. */
  fresh: DeliveryKey[];
  /** Rows that wait in the outbox, by channel. */
  pending: [channelKey: string, count: number][];
}

/** Puts the pending rows of a slice into the outbox; returns how many. `userIds` null: of all that are pending. */
export type StoreDispatches = (slice: DeliverySlice, userIds: readonly string[] | null) => number;
