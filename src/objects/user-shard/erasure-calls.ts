import type { Actor, UserAction } from "../../model/audit.ts";
import { groupByLedger, newId } from "../../model/ids.ts";
import type { DueTable } from "../kit/due.ts";

/** The duty's kind in the shard's due table. */
export const ERASURE_CALLS_DUTY = "erasure_calls";

/** Calls in one turn of the alarm, and the ids of one call. */
const CALLS_PER_TURN = 20;
const IDS_PER_CALL = 500;
/** Before a call that failed is repeated, ms: doubled each time, to an hour. */
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60 * 60 * 1000;

/** A ledger is to forget what it holds of a user in these notifications. */
interface ForgetCall {
  kind: "forget";
  day: string;
  /** Absent: the day's first. */
  slot?: number;
  userId: string;
  ids: string[];
}

/** The registry is to write into the audit log what was done to a user. The uid itself is in no line. */
interface AuditCall {
  kind: "audit";
  /** Absent in what an earlier version stored: a deletion. */
  action?: UserAction;
  auditId: string;
  actor: Actor;
  uidHash: string;
}

export type ErasureCall = ForgetCall | AuditCall;

interface ErasureCallsParts {
  sql: SqlStorage;
  due: DueTable;
  /** Resolves when no report is on its way any more that still has what was blanked here. */
  flushReports: () => Promise<void>;
  /** Resolves when it was heard. Told twice, it changes nothing. */
  tell: (call: ErasureCall) => Promise<void>;
}

/**
 * What other objects are still to be told of deletions, revoked tokens and the like: written in their transaction, told soon after,
 * repeated until it was heard. One that can't be told holds up no other.
 */
export class ErasureCalls {
  readonly #parts: ErasureCallsParts;

  constructor(parts: ErasureCallsParts) {
    this.#parts = parts;
  }

  /** The ledgers of these notifications are to forget the user. In a transaction. */
  addForgotten(userId: string, notificationIds: readonly string[], now: number): void {
    for (const [{ day, slot }, ids] of groupByLedger(notificationIds, (id) => id)) {
      for (let start = 0; start < ids.length; start += IDS_PER_CALL) {
        this.#add({ kind: "forget", day, slot, userId, ids: ids.slice(start, start + IDS_PER_CALL) }, now);
      }
    }
  }

  /** The audit log gets a line of this. In the transaction that does it. */
  addAudit(action: UserAction, actor: Actor, uidHash: string, now: number): void {
    this.#add({ kind: "audit", auditId: newId(), action, actor, uidHash }, now);
  }

  /** The alarm's turn. */
  async serve(now: number): Promise<void> {
    const rows = this.#parts.sql
      .exec<{ id: number; body: string; tries: number }>(
        "SELECT id, body, tries FROM erasure_calls WHERE next_at <= ? ORDER BY next_at LIMIT ?",
        now,
        CALLS_PER_TURN,
      )
      .toArray();
    await this.#parts.flushReports();
    await Promise.all(rows.map((row) => this.#tell(row, now)));
    const [next] = this.#parts.sql
      .exec<{ at: number }>("SELECT next_at AS at FROM erasure_calls ORDER BY next_at LIMIT 1")
      .toArray();
    if (next === undefined) this.#parts.due.remove(ERASURE_CALLS_DUTY, "");
    else this.#parts.due.set(ERASURE_CALLS_DUTY, "", next.at);
  }

  async #tell({ id, body, tries }: { id: number; body: string; tries: number }, now: number): Promise<void> {
    try {
      await this.#parts.tell(JSON.parse(body));
      this.#parts.sql.exec("DELETE FROM erasure_calls WHERE id = ?", id);
    } catch (error) {
      console.error({ message: "what was done to a user isn't told yet", tries: tries + 1, error });
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS);
      this.#parts.sql.exec(
        "UPDATE erasure_calls SET tries = tries + 1, next_at = ? WHERE id = ?",
        now + pauseMs,
        id,
      );
    }
  }

  #add(call: ErasureCall, at: number): void {
    const { sql, due } = this.#parts;
    sql.exec(
      "INSERT INTO erasure_calls (kind, body, next_at) VALUES (?, ?, ?)",
      call.kind,
      JSON.stringify(call),
      at,
    );
    due.bringForward(ERASURE_CALLS_DUTY, "", at);
  }
}
