import type { Actor, UserAction } from "../../model/audit.ts";
import { groupByLedger, newId } from "../../model/ids.ts";
import type { DueTable } from "../kit/due.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";

/** At once: by the alarm, in the shard's next turn. Calls have times of their own, so the rest needs no pause. */
const LIMITS = { safetyMs: 0, pauseMs: 0, pauses: { firstMs: 1000, longestMs: 60_000 } };
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

type CallRow = { id: number; body: string; tries: number };

interface ErasureCallsParts {
  sql: SqlStorage;
  due: DueTable;
  /** Resolves when no report is on its way any more that still has what was blanked here. */
  flushReports: () => Promise<void>;
  /** Resolves when it was heard. Told twice, it changes nothing. */
  tell: (call: ErasureCall) => Promise<void>;
}

/**
 * What other objects are still to be told of deletions, revoked tokens and the like: written in their transaction,
 * told soon after, repeated until it was heard. One that can't be told holds up no other.
 */
export class ErasureCalls {
  readonly outbox: Outbox;
  readonly #sql: SqlStorage;

  constructor({ sql, due, flushReports, tell }: ErasureCallsParts) {
    this.#sql = sql;
    const rows = {
      list: (now: number, limit: number) =>
        sql
          .exec<CallRow>(
            "SELECT id, body, tries FROM erasure_calls WHERE next_at <= ? ORDER BY next_at LIMIT ? + 0",
            now,
            limit,
          )
          .toArray(),
      nextAt: () => this.#nextAt(),
      prepare: flushReports,
      tell: ({ body }: CallRow) => tell(JSON.parse(body)),
      remove: ({ id }: CallRow) => {
        sql.exec("DELETE FROM erasure_calls WHERE id = ?", id);
      },
      postpone: (row: CallRow, error: unknown) => this.#postpone(row, error),
    };
    this.outbox = new Outbox("erasure_calls", due, LIMITS, eachRow(rows, CALLS_PER_TURN));
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

  #nextAt(): number | null {
    const [next] = this.#sql
      .exec<{ at: number }>("SELECT next_at AS at FROM erasure_calls ORDER BY next_at LIMIT 1")
      .toArray();
    return next?.at ?? null;
  }

  #postpone({ id, tries }: CallRow, error: unknown): void {
    console.error({ message: "what was done to a user isn't told yet", tries: tries + 1, error });
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS);
    this.#sql.exec(
      "UPDATE erasure_calls SET tries = tries + 1, next_at = ? WHERE id = ?",
      Date.now() + pauseMs,
      id,
    );
  }

  #add(call: ErasureCall, at: number): void {
    this.#sql.exec(
      "INSERT INTO erasure_calls (kind, body, next_at) VALUES (?, ?, ?)",
      call.kind,
      JSON.stringify(call),
      at,
    );
    this.outbox.noteUrgent(at);
  }
}
