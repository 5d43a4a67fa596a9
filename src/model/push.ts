import type { FailureReason } from "./notification.ts";

/** The words that devices, shards, consumers and providers have in common. */

export const PROVIDERS = ["fcm", "apns", "webpush"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Where a push goes. */
export type DeviceAddress =
  | { provider: "fcm"; token: string }
  /** `topic` null: the channel's. */
  | { provider: "apns"; token: string; topic: string | null; sandbox: boolean }
  /** A browser's PushSubscription; the keys are base64url. */
  | { provider: "webpush"; endpoint: string; keys: { p256dh: string; auth: string } };

/** A device as its user's shard hands it to a sender. */
export interface PushDevice {
  /** SHA-256 of provider and address, in hex. */
  key: string;
  /** Of its registration: what a provider says of it isn't said of a later one. */
  version: string;
  /** See {@link scopeOf}. */
  scope: string;
  address: DeviceAddress;
}

/** One user's push of one notification and channel. */
export interface PushTarget {
  userId: string;
  /** The delivery's: a result counts only for the attempt that it is of. */
  attempt: number;
  /** The rendered content as JSON. */
  content: string;
  devices: PushDevice[];
}

/** What of a notification every push needs. Times in Unix ms. */
export interface PushNotification {
  id: string;
  priority: "high" | "normal" | "low";
  expiresAt: number;
  pushData: Record<string, string>;
}

/** Pushes that one sender has in hand, until `until`; then they are handed out again. */
export interface PushLease {
  id: string;
  channelKey: string;
  notification: PushNotification;
  /** See {@link DeviceReport.isSlow}. */
  isSlow: boolean;
  /** Unix ms. */
  until: number;
  targets: PushTarget[];
}

/** What became of one push to one device. `message` is the provider's. */
export type DeviceOutcome =
  | { outcome: "accepted" }
  /** The device is no more: it is removed. */
  | { outcome: "gone"; message: string }
  /** Another attempt would be refused too. */
  | { outcome: "rejected"; reason: FailureReason; message: string }
  /** The provider can't now. `afterMs`: its Retry-After. */
  | { outcome: "retry"; message: string; afterMs: number | null }
  /** The channel has no account with the device's provider: for it the device isn't there. */
  | { outcome: "unreachable" }
  /** Not sent: the provider fails, or the sender had no time left. `afterMs`: not again before that. */
  | { outcome: "untried"; afterMs?: number };

/** One device's outcome. */
export interface DeviceReport {
  key: string;
  version: string;
  outcome: DeviceOutcome;
  /** False where the outcome says nothing of how the provider is: it wasn't asked, or the user's others kept silent too. */
  wasAsked: boolean;
  /** Its service makes a sender wait: from now on the push goes by the queue that is for such. */
  isSlow?: boolean;
}

export interface TargetReport {
  userId: string;
  attempt: number;
  devices: DeviceReport[];
}

/** A scope that gets no pushes until then (Unix ms): see {@link scopeOf}. */
export type BlockedScope = [scope: string, until: number];

export interface PushReport {
  leaseId: string;
  notificationId: string;
  channelKey: string;
  /** The lease's: so is what is leased next. */
  isSlow: boolean;
  targets: TargetReport[];
  /** What the sender has learned of failing providers. */
  blocked: BlockedScope[];
}

/** What fails together: a provider, or one push service of the many that Web Push has. */
export function scopeOf(address: DeviceAddress): string {
  return address.provider === "webpush" ? new URL(address.endpoint).origin : address.provider;
}

/** The text that makes a device the same device: registered again or by another user. */
export function identityOfAddress(address: DeviceAddress): string {
  return address.provider === "webpush"
    ? `webpush:${address.endpoint}`
    : `${address.provider}:${address.token}`;
}

/** A provider, or a push service, that this shard leaves alone but for probes. */
export interface OpenCircuit {
  channelKey: string;
  scope: string;
  probeAt: number;
}

/** Pushes of one channel and notification. */
export type PushGroup = { channelKey: string; notificationId: string };

/** A consumer's wish for work. */
export interface PushLeaseRequest extends PushLane {
  /** What the lessee knows of failing providers. */
  blocked: readonly BlockedScope[];
  leaseMs: number;
}

/** Those of them that have a service that makes senders wait, or the others: each have their own queue. */
export type PushLane = PushGroup & { isSlow: boolean };
