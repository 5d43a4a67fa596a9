import type { WebhookEvent } from "./events.ts";
import type { TemplateText } from "./template.ts";

/** The words that the objects and messages of a send have in common. */

/** One of the table of channels (channels/table.ts), which alone knows what each means. */
export type ChannelType = string;

export const PRIORITIES = ["high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const NOTIFICATION_STATES = ["sending", "completed"] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

export const MODES = ["realtime", "batch"] as const;
export type Mode = (typeof MODES)[number];

/** Where a call came from: a client of the API, or a page of the dashboard. */
export const CALL_ORIGINS = ["api", "dashboard"] as const;
export type CallOrigin = (typeof CALL_ORIGINS)[number];

/** Who made a send's call. The key's name stands here, as keys are revoked and this is asked after that too. */
export interface Sender {
  /** Null for the operator. */
  keyId: string | null;
  /** Null for the operator, and where a copy of the key was made before copies had its name. */
  keyName: string | null;
  via: CallOrigin;
}

export interface ChannelRef {
  key: string;
  type: ChannelType;
}

/** What is known of a notification when it is accepted; it never changes after. Times in Unix ms. */
export interface NotificationHeader {
  id: string;
  mode: Mode;
  templateKey: string;
  templateId: string;
  templateVersion: number;
  title: string | null;
  tag: string | null;
  /** Null in realtime. */
  priority: Priority | null;
  channels: ChannelRef[];
  /** Distinct targets. */
  total: number;
  /** Targets that named a user again. */
  duplicates: number;
  createdAt: number;
  /** What is pending then becomes `failed: expired`. */
  expiresAt: number;
  /** The API key's last four characters. */
  sentFrom: string;
  /** Absent in what an earlier version accepted. */
  sender?: Sender;
  /** The upload that a targets file's key stood for when it was sent to; null for all other sends. */
  fileAudience: AudienceRef | null;
  /** The webhook events that an endpoint wanted then; absent for none. */
  webhookEvents?: WebhookEvent[];
}

/** True of what was sent to one user alone: title and tag may say something of them. */
export function isToOne({ mode, total }: Pick<NotificationHeader, "mode" | "total">): boolean {
  return mode === "realtime" && total === 1;
}

export function withoutLabels(header: NotificationHeader): NotificationHeader {
  return { ...header, title: null, tag: null };
}

/** Closed lists: a new reason is a new entry here and in docs/api.md. */
export const FAILURE_REASONS = [
  "missing_variables",
  "invalid_variables",
  "provider_rejected",
  "provider_unavailable",
  "payload_too_large",
  "empty_content",
  "expired",
  "internal_error",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export const SKIP_REASONS = [
  "no_device",
  "channel_disabled",
  "user_deleted",
  "user_deactivated",
  "opted_out",
  // At the end: totals have the place of a reason in this list.
  "no_address",
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export const DELIVERY_STATUSES = ["pending", "delivered", "failed", "skipped", "cancelled"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** What becomes of one (target, channel), decided by rendering and routing before it is stored. */
export type DeliveryOutcome =
  /** It waits in the outbox, or is skipped where the user has no address in the channel. */
  | { status: "pending"; content: string }
  | { status: "delivered"; content: string }
  | { status: "failed"; reason: FailureReason }
  | { status: "skipped"; reason: SkipReason };

/** The stored list of a batch's targets. */
export interface AudienceRef {
  id: string;
  /** Of the audience object: a range of another object's bytes is never read as this one's. */
  etag: string;
}

/** The template as it was when the notification was accepted: later edits change nothing in flight. */
export type TemplateSnapshot = TemplateText;

/** A further attempt at a notification's failed deliveries. */
export interface Retry {
  /** 2 is the first. */
  attempt: number;
  /** Which failures; null: all. */
  reasons: FailureReason[] | null;
  /** Whose deliveries alone; null: everybody's. Empty where the attempt is over: then it is nobody's. */
  userId: string | null;
  /** In place of the header's, which may be past. Unix ms. */
  expiresAt: number;
}

/** What a plan renders with. It may have megabytes, so it isn't kept in the ledger, nor sent through it. */
export interface PlanDetails {
  template: TemplateSnapshot;
  pushData: Record<string, string>;
  /** The columns of a targets file's rows; none for all other sends. */
  columns: string[];
}

/** A plan as its ledger keeps it: small, whatever is sent. */
export interface LedgerPlan {
  header: NotificationHeader;
  source: TargetSource;
  /** Targets per shard, `[shard, targets]`. */
  expected: [number, number][];
  /** The newest attempt at the failed deliveries; absent: the send itself. */
  retry?: Retry;
  /** Absent: in R2. */
  details?: PlanDetails;
}

/** All that is needed to deliver a plan's targets. */
export interface SendPlan extends Omit<LedgerPlan, "details">, PlanDetails {}

/** How chunks are cut into units: of so many rows, and so many of them at most. */
export interface ChunkCut {
  rows: number;
  parts: number;
}

/** Targets that lie in R2. */
export type AudienceSource = {
  audience: AudienceRef;
  /** Absent: a chunk is a unit. */
  cut?: ChunkCut;
} & (
  | /** The targets of the call, their values in the order of the template's variables. */ { kind: "targets" }
  /** A targets file, whose values are its columns'; the body's exceptions, if any, are beside it. */
  | { kind: "file"; hasOverrides: boolean }
);

/** Where a plan's targets are. */
type TargetSource =
  | AudienceSource
  /** Here: the few targets of a realtime send. */
  | { kind: "inline"; rows: StoredRow[] };

/** A target as it is stored: the user id, then its values; no values at all is a target without variables. */
export type StoredRow = [userId: string, ...values: unknown[]];
