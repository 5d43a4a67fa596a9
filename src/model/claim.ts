/** What a call with an Idempotency-Key will do, fixed before it does anything. */
export interface ClaimRequest {
  key: string;
  /** SHA-256 of the canonical request. */
  requestHash: string;
  notificationId: string;
  /** The notification's header, as JSON: a call that is run again sends this and nothing else. */
  header: string;
}

/** What an earlier call under an Idempotency-Key has left to this one; nothing where there was none. */
export interface EarlierCall {
  /** The answer of a call that is done, as JSON; null where none is. */
  answer: string | null;
  /** The header of a call that stopped before it was done, as JSON: this one sends it; null where there is none. */
  resumed: string | null;
}
