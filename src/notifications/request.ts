import type { TemplateRef } from "../apps/registry.ts";
import type { Mode, Priority } from "./model.ts";

/** A send as every API family hands it over, its form already checked. */
export interface SendRequest {
  template: TemplateRef;
  mode: Mode;
  audience: SendAudience;
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

/** Who gets it: at least one user id, or an uploaded targets file. */
export type SendAudience = { kind: "targets"; targets: string[] } | { kind: "file"; fileKey: string };

/** `field`: where the variables stand in the family's body, for errors. Variables per target, or (realtime in the business messaging family) of the one target alone. */
export type SendVariables =
  | { shape: "none" }
  | { shape: "by_target"; field: string; values: Record<string, unknown> }
  | { shape: "flat_or_by_target"; values: Record<string, unknown> };
