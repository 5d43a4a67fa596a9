import type { DueTable } from "../kit/due.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";
import type { RetryRecord } from "../registry/contract.ts";
import type { LedgerRetries } from "./retries.ts";

/** Before the audit log is told again, ms. */
const REPEAT_MS = 10_000;
const LIMITS = {
  safetyMs: REPEAT_MS,
  pauseMs: REPEAT_MS,
  pauses: { firstMs: REPEAT_MS, longestMs: REPEAT_MS },
};
const LINES_PER_TURN = 20;

interface RetryLine {
  notificationId: string;
  attempt: number;
  record: RetryRecord;
}

/** The audit log's lines of retries: an outbox for each notification that was retried. */
export function makeRetryLines(
  due: DueTable,
  retries: LedgerRetries,
  tell: (record: RetryRecord) => Promise<void>,
): Outbox {
  const rows = {
    list: (_: number, limit: number, notificationId: string): RetryLine[] =>
      retries.listUntold(notificationId, limit).map((line) => ({ notificationId, ...line })),
    tell: ({ record }: RetryLine) => tell(record),
    remove: ({ notificationId, attempt }: RetryLine) => retries.markTold(notificationId, attempt),
  };
  return new Outbox("audit", due, LIMITS, eachRow(rows, LINES_PER_TURN));
}
