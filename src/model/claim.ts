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
  /** It is done, with this answer. */
  answer: string | null;
  /** It stopped before it finished: this header is to be sent, as it was. */
  resumed: string | null;
}
