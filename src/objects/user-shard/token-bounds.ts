import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";

const FORGET_SLICE = 1000;

/** Which of a shard's tokens count no more: those that were revoked, and tickets that were used. */
export class TokenBounds {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Refuses every token of the user that was issued until now; returns from when on tokens count, Unix ms. */
  revoke(uid: string, now: number): number {
    const validFrom = Math.max(now, this.validFrom(uid)) + 1;
    this.#sql.exec(
      `INSERT INTO token_bounds (uid, valid_from) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET valid_from = excluded.valid_from`,
      uid,
      validFrom,
    );
    return validFrom;
  }

  /** The earliest time at which a token of this user may have been issued, Unix ms. */
  validFrom(uid: string): number {
    const [row] = this.#sql
      .exec<{ validFrom: number }>("SELECT valid_from AS validFrom FROM token_bounds WHERE uid = ?", uid)
      .toArray();
    return row?.validFrom ?? 0;
  }

  /** False for a ticket that was used before. Those that have expired go by the way. Inside a transaction. */
  spendTicket(id: string, expiresAt: number, now: number): boolean {
    this.#sql.exec("DELETE FROM used_tickets WHERE expires_at < ?", now);
    const used = this.#sql
      .exec("INSERT OR IGNORE INTO used_tickets (expires_at, id) VALUES (?, ?) RETURNING 1", expiresAt, id)
      .toArray();
    return used.length > 0;
  }

  /** Removes bounds that every token from before has reached the end of, a slice; true where there are more. */
  forget(now: number): boolean {
    this.#sql.exec("DELETE FROM used_tickets WHERE expires_at < ?", now);
    const removed = this.#sql
      .exec(
        `DELETE FROM token_bounds WHERE uid IN (
           SELECT uid FROM token_bounds WHERE valid_from < ? LIMIT ? + 0) RETURNING 1`,
        now - MAX_TOKEN_TTL_SECONDS * 1000,
        FORGET_SLICE,
      )
      .toArray();
    return removed.length === FORGET_SLICE;
  }
}
