/** What a call with an Idempotency-Key will do, fixed before it does anything. */
export interface ClaimRequest {
  key: string;
  /** SHA-256 of the canonical request. */
  requestHash: string;
  notificationId: string;
  /** The notification's header, as JSON: a call that is run again sends this and nothing else. */
  header: string;
}

/** What is known under an Idempotency-Key. */
export type ClaimState =
  | { state: "none" }
  | { state: "conflict" }
  | { state: "running" }
  /** An earlier call stopped before it finished: run it again, as it was. */
  | { state: "resume"; header: string }
  | { state: "done"; answer: string };
