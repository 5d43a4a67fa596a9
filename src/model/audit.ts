/** The words of the audit log. */

/**
 * What stands in the registry: changes of an app's settings, written with the change itself, and retries, which their
 * ledger tells of.
 */
export const CHANGE_ACTIONS = [
  "app.created",
  "app.quotas_updated",
  "app.root_secret_rotated",
  "key.created",
  "key.revoked",
  "channel.created",
  "channel.updated",
  "channel.providers_updated",
  "template.created",
  "template.updated",
  "template.approved",
  "template.archived",
  "targets_file.uploaded",
  "targets_file.deleted",
  "webhook.created",
  "webhook.updated",
  "webhook.secret_rotated",
  "webhook.deleted",
  "webhook.disabled",
  "notification.retried",
  "dashboard.opened",
  "user.deleted",
  "user.tokens_revoked",
  "user.token_removed",
  "user.read_token_issued",
  "user.deactivated",
  "user.activated",
] as const;
type ChangeAction = (typeof CHANGE_ACTIONS)[number];

/** What is done to a user, of whom a line has a hash; their shard tells of it. */
export type UserAction = Extract<ChangeAction, `user.${string}`>;

/** Sends are read from the ledgers: they write nothing for the log. */
export const NOTIFICATION_ACTIONS = ["notification.sent"] as const;
export type NotificationAction = (typeof NOTIFICATION_ACTIONS)[number];

export const TARGET_TYPES = [
  "app",
  "key",
  "channel",
  "template",
  "targets_file",
  "webhook",
  "notification",
  "user",
] as const;
type TargetType = (typeof TARGET_TYPES)[number];

/** Who asks for a change, and in which request: carried from the credentials to the change's transaction. */
export interface Actor {
  /** `onecall`: the service itself, which nobody asked. */
  type: "api_key" | "admin" | "onecall";
  /** Masked (`****abcd`); null for the admin, and where it isn't known. */
  key: string | null;
  keyId: string | null;
  /** Null where it isn't known. */
  requestId: string | null;
}

/** The actor of what Onecall does by itself. */
export const ONECALL: Actor = { type: "onecall", key: null, keyId: null, requestId: null };

/** A change as the transaction that makes it describes it. */
export interface Change {
  action: ChangeAction;
  target: { type: TargetType; id: string };
  /** Names, numbers and small settings; never content, variables or secrets. */
  details: Record<string, unknown>;
}

/** One line of the log. Its id is a UUIDv7 of `at` (Unix ms): lines sort by their ids. */
export interface AuditEntry extends Omit<Change, "action"> {
  id: string;
  at: number;
  actor: Actor;
  action: ChangeAction | NotificationAction;
}

export interface AuditFilter {
  action: AuditEntry["action"] | null;
  targetType: TargetType | null;
  targetId: string | null;
  /** `admin`, `onecall`, a masked key or a key's id. */
  actor: string | null;
  /** Ids: from inclusive, before exclusive. */
  fromId: string | null;
  beforeId: string | null;
  limit: number;
}

/** Entries newest first. All from `nextBeforeId` on were looked at; null: there are no older ones. */
export interface AuditPage {
  entries: AuditEntry[];
  nextBeforeId: string | null;
}
