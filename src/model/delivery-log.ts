import type { LoggedDelivery } from "./delivery.ts";
import type { ChannelType, DeliveryStatus, StoredRow } from "./notification.ts";
import type { RunRequest, SegmentOutcome } from "./segment.ts";

/** The one target of a realtime send. */
export interface RetryTarget {
  userId: string;
  /** Raw, in the order of the template's variables. */
  values: unknown[];
  pushData: Record<string, string>;
}

/** Deliveries of one shard's users, and who of those that were asked for was deleted since the send. */
export interface ShardLog {
  deliveries: LoggedDelivery[];
  gone: string[];
}

/** Some of a run's targets, by their places in it. */
export interface RunLogRequest extends RunRequest {
  from: number;
  to: number;
  /** Else their user ids alone. */
  withValues: boolean;
}

/** Targets as their segments have them, and what became of them. */
export interface RunLog {
  targets: StoredRow[];
  /** What became of the targets from this place on, where they have no row. `storedAt`: Unix ms. */
  defaults: { from: number; storedAt: number; outcomes: SegmentOutcome[] }[];
  rows: LoggedDelivery[];
  /** Who of them was deleted since the send. */
  gone: string[];
}

/**
 * What became of a user's notifications: all of them in numbers, and a page of them, newest first. Of an earlier
 * user of that uid it says nothing.
 */
export interface UserHistory {
  /** The user was deleted, and nobody has the uid now. */
  isUserGone: boolean;
  summary: { delivered: number; viewed: number; clicked: number };
  entries: HistoryEntry[];
}

/** One delivery in a user's history. Times in Unix ms. */
export interface HistoryEntry {
  notificationId: string;
  templateId: string;
  templateKey: string;
  channelKey: string;
  channelType: ChannelType;
  status: DeliveryStatus;
  /** Why it failed or was skipped, and the provider's words. */
  reason: string | null;
  message: string | null;
  deliveredAt: number | null;
  viewedAt: number | null;
  clickedAt: number | null;
}
