import type { WebhookEvent, WebhookMessage } from "./events.ts";

/** Why an endpoint is disabled: by a call; it failed for five days; it answered 410. */
export const DISABLED_REASONS = ["requested", "failing", "gone"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** An endpoint as the registry knows it. Times in Unix ms. */
export interface Webhook {
  id: string;
  url: string;
  description: string | null;
  events: WebhookEvent[];
  isEnabled: boolean;
  /** The first 16 hex digits of the secret's SHA-256. */
  secretFingerprint: string;
  /** Until then the secret before signs too; null where there is none. */
  previousSecretUntil: number | null;
  createdAt: number;
  updatedAt: number;
  disabledAt: number | null;
  disabledReason: DisabledReason | null;
}

/** What the endpoint's object works by. */
export interface EndpointConfig {
  /** Grows with every change: an older one that comes later changes nothing. */
  revision: number;
  url: string;
  events: WebhookEvent[];
  isEnabled: boolean;
  /** `until`: Unix ms, null for the one that stays. */
  secrets: { secret: string; until: number | null }[];
}

/** A message that an endpoint is to get or has got. */
export interface StoredMessage extends WebhookMessage {
  status: "waiting" | "succeeded" | "failed";
  /** Attempts by the schedule: those by hand don't count. */
  tries: number;
}

/** One call to an endpoint, and what came of it. Times in Unix ms. */
export interface Attempt {
  id: string;
  messageId: string;
  type: WebhookMessage["type"];
  status: "succeeded" | "failed";
  /** Null where there was no answer. */
  httpStatus: number | null;
  durationMs: number;
  /** The first KB of the answer, null where there was none. */
  response: string | null;
  /** Why there was no answer. */
  error: string | null;
  at: number;
  /** Null after a success and where none is planned. */
  nextAttemptAt: number | null;
}
