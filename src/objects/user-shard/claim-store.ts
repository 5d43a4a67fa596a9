import type { ClaimRequest, EarlierCall } from "../../model/claim.ts";
import { CLAIM_RUN_MS, CLAIM_TTL_MS } from "../../model/limits.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";

/**
 * Claims lie by the six hours in which they were made, so that what has expired is the beginning of the table: it
 * needs no index, which would be another row for each claim. A look-up asks the five slots that a day touches.
 */
const SLOT_MS = 6 * 60 * 60 * 1000;
const SLOTS = CLAIM_TTL_MS / SLOT_MS + 1;
/** Removed in one statement. */
const EXPIRY_ROWS = 1000;

const NO_CALL: EarlierCall = { answer: null, resumed: null };
const OTHER_BODY =
  "This Idempotency-Key was used within 24 hours with another body. Use a new key for a new send.";
const STILL_RUNNING = "A call with this Idempotency-Key is still running. Repeat it in a second.";

type ClaimRow = {
  request_hash: string;
  header: string;
  running_until: number;
  answer: string | null;
};

/**
 * Idempotency claims: they count for 24 h, and are removed within six more. Every method expects to run inside a
 * transaction.
 */
export class ClaimStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What an earlier call has left under a key; one that stopped is taken over by this call for another 30 s. */
  look(key: string, requestHash: string, now: number): Outcome<EarlierCall> {
    const found = this.#read(key, requestHash, now);
    if (!found.ok || found.value.resumed === null) return found;
    this.#sql.exec(
      "UPDATE claims SET running_until = ? WHERE slot IN (SELECT value FROM json_each(?)) AND key = ?",
      now + CLAIM_RUN_MS,
      slotsAt(now),
      key,
    );
    return found;
  }

  /** Claims the key, unless somebody else has meanwhile: returns the answer that they got, null where it is claimed. */
  claim(request: ClaimRequest, now: number): Outcome<string | null> {
    const found = this.#read(request.key, request.requestHash, now);
    if (!found.ok) return found;
    // It ran and stopped since this call looked: a repeat goes on with what it was about to send.
    if (found.value.resumed !== null) return refuse("ERR_CONFLICT", STILL_RUNNING, 1);
    if (found.value.answer !== null) return succeed(found.value.answer);
    this.#sql.exec(
      `INSERT OR REPLACE INTO claims
         (slot, key, request_hash, notification_id, header, created_at, running_until, answer)
       VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
      slotOf(now),
      request.key,
      request.requestHash,
      request.notificationId,
      request.header,
      now,
      now + CLAIM_RUN_MS,
    );
    return succeed(null);
  }

  #read(key: string, requestHash: string, now: number): Outcome<EarlierCall> {
    const [row] = this.#sql
      .exec<ClaimRow>(
        `SELECT request_hash, header, running_until, answer FROM claims
         WHERE slot IN (SELECT value FROM json_each(?)) AND key = ? AND created_at > ?`,
        slotsAt(now),
        key,
        now - CLAIM_TTL_MS,
      )
      .toArray();
    if (row === undefined) return succeed(NO_CALL);
    if (row.request_hash !== requestHash) return refuse("ERR_IDEMPOTENCY_CONFLICT", OTHER_BODY);
    if (row.answer !== null) return succeed({ answer: row.answer, resumed: null });
    if (row.running_until > now) return refuse("ERR_CONFLICT", STILL_RUNNING, 1);
    return succeed({ answer: null, resumed: row.header });
  }

  /** The call is done: a repeat gets this answer. */
  finish(key: string, notificationId: string, answer: string, now: number): void {
    this.#sql.exec(
      `UPDATE claims SET answer = ?
       WHERE slot IN (SELECT value FROM json_each(?)) AND key = ? AND notification_id = ?`,
      answer,
      slotsAt(now),
      key,
      notificationId,
    );
  }

  /** The call stopped: a repeat needn't wait for its 30 s. */
  release(key: string, notificationId: string, now: number): void {
    this.#sql.exec(
      `UPDATE claims SET running_until = 0
       WHERE slot IN (SELECT value FROM json_each(?)) AND key = ? AND notification_id = ? AND answer IS NULL`,
      slotsAt(now),
      key,
      notificationId,
    );
  }

  /** Removes a slice of the slots that have expired whole; says whether there is more, and when the next slot does. */
  deleteExpired(now: number): { hasMore: boolean; at: number | null } {
    const deleted = this.#sql
      .exec(
        `DELETE FROM claims WHERE (slot, key) IN
           (SELECT slot, key FROM claims WHERE slot <= ? ORDER BY slot, key LIMIT ${EXPIRY_ROWS}) RETURNING 1`,
        slotOf(now) - SLOTS,
      )
      .toArray().length;
    const [oldest] = this.#sql
      .exec<{ slot: number }>("SELECT slot FROM claims ORDER BY slot LIMIT 1")
      .toArray();
    const at = oldest === undefined ? null : (oldest.slot + 1) * SLOT_MS + CLAIM_TTL_MS;
    return { hasMore: deleted === EXPIRY_ROWS, at };
  }
}

function slotOf(timeMs: number): number {
  return Math.floor(timeMs / SLOT_MS);
}

/** The slots of claims that may still count, as a JSON array. */
function slotsAt(now: number): string {
  const last = slotOf(now);
  return JSON.stringify(Array.from({ length: SLOTS }, (_, index) => last - index));
}
