import { CLAIM_RUN_MS, CLAIM_TTL_MS } from "../limits.ts";

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

type ClaimRow = {
  request_hash: string;
  header: string;
  running_until: number;
  answer: string | null;
};

/** Idempotency claims: 24 h each. Every method expects to run inside a transaction. */
export class ClaimStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The claim under a key; a stopped one is taken over by this call for another 30 s. */
  look(key: string, requestHash: string, now: number): ClaimState {
    const [row] = this.#sql
      .exec<ClaimRow>(
        `SELECT request_hash, header, running_until, answer FROM claims WHERE key = ? AND created_at > ?`,
        key,
        now - CLAIM_TTL_MS,
      )
      .toArray();
    if (row === undefined) return { state: "none" };
    if (row.request_hash !== requestHash) return { state: "conflict" };
    if (row.answer !== null) return { state: "done", answer: row.answer };
    if (row.running_until > now) return { state: "running" };
    this.#sql.exec("UPDATE claims SET running_until = ? WHERE key = ?", now + CLAIM_RUN_MS, key);
    return { state: "resume", header: row.header };
  }

  /** Claims the key, unless somebody else has: then says what they did. */
  claim(request: ClaimRequest, now: number): ClaimState {
    const state = this.look(request.key, request.requestHash, now);
    if (state.state !== "none") return state;
    this.#sql.exec(
      `INSERT OR REPLACE INTO claims
         (key, request_hash, notification_id, header, created_at, running_until, answer)
       VALUES (?, ?, ?, ?, ?, ?, NULL)`,
      request.key,
      request.requestHash,
      request.notificationId,
      request.header,
      now,
      now + CLAIM_RUN_MS,
    );
    return { state: "none" };
  }

  /** The call is done: a repeat gets this answer. */
  finish(key: string, notificationId: string, answer: string): void {
    this.#sql.exec(
      "UPDATE claims SET answer = ? WHERE key = ? AND notification_id = ?",
      answer,
      key,
      notificationId,
    );
  }

  /** The call stopped: a repeat needn't wait for its 30 s. */
  release(key: string, notificationId: string): void {
    this.#sql.exec(
      "UPDATE claims SET running_until = 0 WHERE key = ? AND notification_id = ? AND answer IS NULL",
      key,
      notificationId,
    );
  }

  /** Returns when the oldest claim that is left was made (Unix ms), or null. */
  deleteExpired(now: number): number | null {
    this.#sql.exec("DELETE FROM claims WHERE created_at <= ?", now - CLAIM_TTL_MS);
    return this.#sql.exec<{ oldest: number | null }>("SELECT MIN(created_at) AS oldest FROM claims").one()
      .oldest;
  }
}
