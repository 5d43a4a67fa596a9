import { newId } from "../../model/ids.ts";
import { NO_NOTIFICATION } from "../../model/missing.ts";
import type { FailureReason, Retry } from "../../model/notification.ts";
import { refuse } from "../../model/outcome.ts";
import type { RetryRecord } from "../registry/contract.ts";
import type { RetryRequest } from "./contract.ts";

/** Why a notification isn't retried. */
export const REFUSED_RETRY = {
  unknown: NO_NOTIFICATION,
  running: refuse("ERR_CONFLICT", "It is still being sent. Retry it when its state is completed."),
  tooOld: refuse("ERR_CONFLICT", "It was sent before realtime sends could be retried. Send it anew."),
};

export function refuseNothingFailed(reasons: readonly FailureReason[] | null) {
  const which = reasons === null ? "" : ` for these reasons: ${reasons.join(", ")}`;
  return refuse("ERR_CONFLICT", `No delivery of it has failed${which}.`);
}

/** A ledger's retries. Writing methods expect to run in a transaction. */
export class LedgerRetries {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Another attempt at what failed. */
  add(id: string, attempt: number, { reasons, only, expiresAt, actor }: RetryRequest, now: number): Retry {
    this.#sql.exec(
      `INSERT INTO retries
         (notification_id, attempt, reasons, user_id, created_at, expires_at, audit_id, actor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      attempt,
      reasons === null ? null : JSON.stringify(reasons),
      only?.userId ?? null,
      now,
      expiresAt,
      newId(),
      JSON.stringify(actor),
    );
    return { attempt, reasons, userId: only?.userId ?? null, expiresAt };
  }

  /** The newest attempt; null where there was but the send itself. */
  newest(id: string): Retry | null {
    const [row] = this.#sql
      .exec<{ attempt: number; reasons: string | null; user_id: string | null; expires_at: number }>(
        `SELECT attempt, reasons, user_id, expires_at FROM retries WHERE notification_id = ?
         ORDER BY attempt DESC LIMIT 1`,
        id,
      )
      .toArray();
    if (row === undefined) return null;
    const { attempt, reasons, user_id: userId, expires_at: expiresAt } = row;
    return { attempt, reasons: reasons === null ? null : JSON.parse(reasons), userId, expiresAt };
  }

  /** The attempts are over: whom they were for isn't needed, and what is repeated is for nobody. */
  forgetUsers(notificationId: string): void {
    this.#sql.exec(
      "UPDATE retries SET user_id = '' WHERE notification_id = ? AND user_id IS NOT NULL",
      notificationId,
    );
  }

  /** Retries of a notification that the audit log hasn't yet, and which attempts they are. */
  listUntold(notificationId: string, limit: number): { attempt: number; record: RetryRecord }[] {
    return this.#sql
      .exec<{
        audit_id: string;
        actor: string;
        attempt: number;
        reasons: string | null;
        is_of_one: number;
      }>(
        `SELECT audit_id, actor, attempt, reasons, user_id IS NOT NULL AS is_of_one FROM retries WHERE notification_id = ? AND is_told = 0
         ORDER BY attempt LIMIT ? + 0`,
        notificationId,
        limit,
      )
      .toArray()
      .map(({ audit_id: auditId, actor, attempt, reasons, is_of_one }) => {
        const of = is_of_one === 1 ? { users: 1 } : {};
        const details = { attempt, reasons: reasons === null ? null : JSON.parse(reasons), ...of };
        return { attempt, record: { auditId, actor: JSON.parse(actor), notificationId, details } };
      });
  }

  markTold(notificationId: string, attempt: number): void {
    this.#sql.exec(
      "UPDATE retries SET is_told = 1 WHERE notification_id = ? AND attempt = ?",
      notificationId,
      attempt,
    );
  }
}
