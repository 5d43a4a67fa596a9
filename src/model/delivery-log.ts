import type { LoggedDelivery } from "./delivery.ts";
import type { ChannelType, DeliveryStatus } from "./notification.ts";
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
  deliveredAt: number | null;
  viewedAt: number | null;
  clickedAt: number | null;
}
