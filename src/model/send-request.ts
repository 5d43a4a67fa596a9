import type { Mode, Priority } from "./notification.ts";
import type { TemplateRef } from "./template.ts";
import type { UserIdRule, UserIds } from "./user-ids.ts";

/** A send as every API family hands it over, its form already checked. */
export interface SendRequest {
  template: TemplateRef;
  mode: Mode;
  audience: SendAudience;
  /** How the call spelt the users that it names. */
  userIds: UserIds;
  variables: SendVariables;
  /** String pairs for the push's `data`. */
  pushData: Record<string, string>;
  title: string | null;
  tag: string | null;
  /** Batch only. */
  priority: Priority;
  /** Unix ms, null: 24 h after the call. */
  expiresAt: number | null;
}

/** Who gets it: at least one user id, as it is stored, or an uploaded targets file. */
export type SendAudience = { kind: "targets"; targets: string[] } | { kind: "file"; fileKey: string };

/**
 * Variables per target, or (realtime in the business messaging family) of the one target alone. `field`: where they
 * stand in the family's body, for errors. Keys are ids as they are stored, but beside a targets file, which says how
 * ids in it were taken, and where they may be names of variables.
 */
export type SendVariables =
  | { shape: "none" }
  | { shape: "by_target"; field: string; values: Record<string, unknown> }
  | { shape: "flat_or_by_target"; field: string; values: Record<string, unknown>; rule: UserIdRule };
