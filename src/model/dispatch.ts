import type { StoredAddress } from "./address.ts";
import type { FailureReason } from "./notification.ts";

/** The words that shards, consumers and channels have in common for what goes to a user by a provider's call. */

/** One user's delivery of one notification and channel, on its way. */
export interface DispatchTarget {
  userId: string;
  /** The delivery's: a result counts only for the attempt that it is of. */
  attempt: number;
  /** The rendered content as JSON. */
  content: string;
  addresses: StoredAddress[];
}

/** What of a notification every dispatch needs. Times in Unix ms. */
export interface DispatchNotification {
  id: string;
  priority: "high" | "normal" | "low";
  expiresAt: number;
  pushData: Record<string, string>;
}

/** Dispatches that one sender has in hand, until `until`; then they are handed out again. */
export interface DispatchLease {
  id: string;
  channelKey: string;
  channelType: string;
  notification: DispatchNotification;
  /** See {@link AddressReport.isSlow}. */
  isSlow: boolean;
  /** Unix ms. */
  until: number;
  targets: DispatchTarget[];
}

/** What became of one dispatch at one address. `message` is the provider's. */
export type AddressOutcome =
  | { outcome: "accepted" }
  /** The address is no more: it is removed. */
  | { outcome: "gone"; message: string }
  /** Another attempt would be refused too. */
  | { outcome: "rejected"; reason: FailureReason; message: string }
  /** The provider can't now. `afterMs`: its Retry-After. */
  | { outcome: "retry"; message: string; afterMs: number | null }
  /** The channel has no account with the address's provider: for it the address isn't there. */
  | { outcome: "unreachable" }
  /** Not sent: the provider fails, or the sender had no time left. `afterMs`: not again before that. */
  | { outcome: "untried"; afterMs?: number };

/** One address's outcome. */
export interface AddressReport {
  key: string;
  version: string;
  outcome: AddressOutcome;
  /**
   * False where the outcome says nothing of how the provider is: it wasn't asked, or the user's others kept silent
   * too.
   */
  wasAsked: boolean;
  /** Its service makes a sender wait: from now on the dispatch goes by the queue that is for such. */
  isSlow?: boolean;
}

export interface TargetReport {
  userId: string;
  attempt: number;
  addresses: AddressReport[];
}

/** A scope that gets no calls until then (Unix ms). */
export type BlockedScope = [scope: string, until: number];

export interface DispatchReport {
  leaseId: string;
  notificationId: string;
  channelKey: string;
  channelType: string;
  /** The lease's: so is what is leased next. */
  isSlow: boolean;
  targets: TargetReport[];
  /** What the sender has learned of failing providers. */
  blocked: BlockedScope[];
}

/** A provider, or a service of the many that a provider has, that this shard leaves alone but for probes. */
export interface OpenCircuit {
  channelKey: string;
  scope: string;
  probeAt: number;
}

/** Dispatches of one channel and notification. */
export type DispatchGroup = { channelKey: string; notificationId: string };

/** Those of them that have a service that makes senders wait, or the others: each have their own queue. */
export type DispatchLane = DispatchGroup & { isSlow: boolean };

/** A consumer's wish for work. */
export interface DispatchLeaseRequest extends DispatchLane {
  /** What the lessee knows of failing providers. */
  blocked: readonly BlockedScope[];
  leaseMs: number;
}
