import { MAX_LISTED_TOKENS } from "../../model/limits.ts";
import type { IssuedToken, TokenTimes } from "../../model/user-token.ts";

/** Tokens of a user that were removed and haven't ended: each is a row until then, and so they have a bound too. */
export const MAX_REMOVED_TOKENS = 1000;

/**
 * The tokens of one shard's users: which there are, for the server's list, and which were removed. Tokens are checked
 * by their signature; a row that is missing here refuses none. Methods expect to run inside a transaction.
 */
export class UserTokens {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False where so many of the user's were removed that another, which might be removed too, would be one too many. */
  mayIssue(uid: string, now: number): boolean {
    const removed = this.#sql.exec(
      "SELECT 1 FROM user_tokens WHERE uid = ? AND is_removed = 1 AND expires_at > ? LIMIT 1 OFFSET ?",
      uid,
      now,
      MAX_REMOVED_TOKENS - 1,
    );
    return removed.toArray().length === 0;
  }

  /**
   * Notes a token issued at `now`, or as soon after as no other of the user was and `notBefore` allows. It ends with a
   * second. What has expired is forgotten.
   */
  issue(
    uid: string,
    { ttlMs, generation }: { ttlMs: number; generation: number },
    now: number,
    notBefore: number,
  ): TokenTimes {
    this.#sql.exec("DELETE FROM user_tokens WHERE uid = ? AND expires_at <= ?", uid, now);
    const newest = this.#sql
      .exec<{ at: number }>(
        "SELECT issued_at AS at FROM user_tokens WHERE uid = ? ORDER BY issued_at DESC LIMIT 1",
        uid,
      )
      .toArray()[0]?.at;
    const issuedAt = Math.max(now, notBefore, (newest ?? 0) + 1);
    const expiresAt = Math.floor(now / 1000) * 1000 + ttlMs;
    this.#sql.exec(
      "INSERT INTO user_tokens (uid, issued_at, expires_at, generation) VALUES (?, ?, ?, ?)",
      uid,
      issuedAt,
      expiresAt,
      generation,
    );
    this.#sql.exec(
      `DELETE FROM user_tokens WHERE uid = ?1 AND is_removed = 0 AND issued_at <= (
         SELECT issued_at FROM user_tokens WHERE uid = ?1 AND is_removed = 0
         ORDER BY issued_at DESC LIMIT 1 OFFSET ${MAX_LISTED_TOKENS})`,
      uid,
    );
    return { issuedAt, expiresAt };
  }

  /** The user's tokens that can be used, newest first. */
  list(uid: string, now: number): IssuedToken[] {
    return this.#sql
      .exec<IssuedToken>(
        `SELECT issued_at AS issuedAt, expires_at AS expiresAt, generation FROM user_tokens
         WHERE uid = ? AND is_removed = 0 AND expires_at > ? ORDER BY issued_at DESC`,
        uid,
        now,
      )
      .toArray();
  }

  /** From here on it is refused. */
  remove(uid: string, { issuedAt, expiresAt }: TokenTimes): void {
    this.#sql.exec(
      `INSERT INTO user_tokens (uid, issued_at, expires_at, is_removed) VALUES (?, ?, ?, 1)
       ON CONFLICT DO UPDATE SET is_removed = 1`,
      uid,
      issuedAt,
      expiresAt,
    );
  }

  isRemoved(uid: string, issuedAt: number): boolean {
    return (
      this.#sql
        .exec("SELECT 1 FROM user_tokens WHERE uid = ? AND issued_at = ? AND is_removed = 1", uid, issuedAt)
        .toArray().length > 0
    );
  }

  /** The user was deleted, or all that was issued was revoked: none of them is accepted any more. */
  forget(uid: string): void {
    this.#sql.exec("DELETE FROM user_tokens WHERE uid = ?", uid);
  }
}
