import type { CallType, WebhookEvent } from "./events.ts";

/** Why an endpoint is disabled: by a call; it failed for five days; it answered 410; too much waits for it. */
export const DISABLED_REASONS = ["requested", "failing", "gone", "backlog"] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** An endpoint as the registry knows it. Times in Unix ms. */
export interface Webhook {
  id: string;
  url: string;
  description: string | null;
  events: WebhookEvent[];
  /** Above 1: calls of up to so many events, in a form of their own. */
  eventsPerCall: number;
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
  eventsPerCall: number;
  isEnabled: boolean;
  /** `until`: Unix ms, null for the one that stays. */
  secrets: { secret: string; until: number | null }[];
}

/** What an endpoint's object knows of itself beside its configuration. */
export interface EndpointState {
  /** Since when every attempt has failed, Unix ms; null where the last one succeeded, or there was none. */
  failingSince: number | null;
  /** Events that it is still to get. */
  waiting: number;
  /** Events that it won't get: handed over while it was disabled or full. Begins anew when it is disabled. */
  dropped: number;
}

/** A call that an endpoint is to get, or didn't take at any attempt: one event, or several with an id of their own. */
export interface WebhookCall {
  /** The `webhook-id`. */
  id: string;
  type: CallType;
  /** Its events, both inclusive. */
  fromSeq: number;
  toSeq: number;
  /** How many events, and their bytes. */
  events: number;
  bytes: number;
  status: "waiting" | "failed";
  /** Attempts by the schedule: those by hand don't count. */
  tries: number;
  /** Unix ms; null where none is planned. */
  nextAt: number | null;
}

/** One call to an endpoint, and what came of it. Times in Unix ms. */
export interface Attempt {
  id: string;
  messageId: string;
  type: CallType;
  /** How many the call had. */
  events: number;
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

export interface NewWebhook {
  url: string;
  description: string | null;
  events: WebhookEvent[];
  eventsPerCall: number;
  isEnabled: boolean;
}

/** What is absent stays as it is. */
export type WebhookChange = Partial<NewWebhook>;
