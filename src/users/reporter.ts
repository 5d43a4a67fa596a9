import { parseNotificationId } from "../ids.ts";
import type { Totals } from "../notifications/counts.ts";
import type { NotificationHeader } from "../notifications/model.ts";
import type { DueTable } from "../objects/due.ts";
import type { ShardNotification } from "./delivery-model.ts";
import type { DeliveryStore } from "./delivery-store.ts";

/** One shard's absolute totals of one notification. Sent twice, it changes nothing. */
export interface ShardReport {
  notificationId: string;
  /** Grows with every change in the shard; the ledger ignores an older one. */
  version: number;
  totals: Totals;
  /** The newest attempt that has reopened failed deliveries here; 1: none has. */
  attempt: number;
  /** Deliveries that it reopened and that still wait for their chunk. */
  waiting: number;
  /** Of a realtime send that the ledger may not know yet. */
  header: NotificationHeader | null;
}

/** Takes a shard's reports of one UTC day; resolves when they are stored. */
export type ReportToLedger = (day: string, reports: ShardReport[]) => Promise<void>;

/**
 * How long a report waits for company after the last one, ms. A report costs a call and two commits, so
 * single sends and views wait longer than a batch, whose progress somebody watches. The first change after
 * a pause waits for nothing.
 */
const FLUSH_INTERVALS_MS = { now: 0, batch: 250, single: 2000 };
export type Urgency = keyof typeof FLUSH_INTERVALS_MS;
/** If the timer died with its instance, the alarm reports after this many ms. */
const SAFETY_MS = 5000;
/** Notifications in one call. */
const FLUSH_ROWS = 500;
/** The duty's kind in the shard's due table. */
export const FLUSH_DUTY = "flush";

/** Carries a shard's totals to the ledgers: soon, seldom, one flush in flight, and never lost. */
export class Reporter {
  readonly #deliveries: DeliveryStore;
  readonly #due: DueTable;
  readonly #report: ReportToLedger;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = 0;
  #running: Promise<void> | null = null;
  #lastFlushAt = 0;

  constructor(deliveries: DeliveryStore, due: DueTable, report: ReportToLedger) {
    this.#deliveries = deliveries;
    this.#due = due;
    this.#report = report;
  }

  hasUnreported(): boolean {
    return this.#deliveries.listUnreported(1).length > 0;
  }

  /** Inside the transaction that changes totals: whatever happens next, the alarm will report them. */
  noteChange(now: number): void {
    this.#due.ensure(FLUSH_DUTY, "", now + SAFETY_MS);
  }

  /** After that transaction: report soon, in one timer, the most urgent call's. */
  schedule(urgency: Urgency): void {
    const at = urgency === "now" ? 0 : this.#lastFlushAt + FLUSH_INTERVALS_MS[urgency];
    if (this.#timer !== null) {
      if (this.#timerAt <= at) return;
      clearTimeout(this.#timer);
    }
    this.#timerAt = at;
    const waitMs = Math.max(0, at - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A failed report stays unreported; the alarm tries again and logs.
      this.flush().catch(() => {});
    }, waitMs);
  }

  /** Reports all that is unreported. One flush at a time: a second call waits for the first, then runs. */
  async flush(): Promise<void> {
    while (this.#running !== null) await this.#running.catch(() => {});
    this.#running = this.#flushAll().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  async #flushAll(): Promise<void> {
    this.#lastFlushAt = Date.now();
    let unreported: ShardNotification[];
    do {
      unreported = this.#deliveries.listUnreported(FLUSH_ROWS);
      const days = Map.groupBy(unreported, ({ header }) => dayOf(header.id));
      const reports = [...days].map(([day, notifications]) => this.#flushDay(day, notifications));
      // One day's ledger that can't be reached doesn't hold up the others.
      const failed = (await Promise.allSettled(reports)).find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    } while (unreported.length === FLUSH_ROWS);
    // What changed meanwhile waits for its turn.
    if (this.hasUnreported()) this.schedule("single");
  }

  async #flushDay(day: string, notifications: ShardNotification[]): Promise<void> {
    await this.#report(day, notifications.map(toReport));
    this.#deliveries.markReported(notifications.map(({ header, version }) => ({ id: header.id, version })));
  }
}

function toReport(notification: ShardNotification): ShardReport {
  const { header, totals, version, reportedVersion, attempt, waiting } = notification;
  const isNewToLedger = header.mode === "realtime" && reportedVersion === 0;
  return {
    ...{ notificationId: header.id, version, totals, attempt, waiting },
    header: isNewToLedger ? header : null,
  };
}

function dayOf(notificationId: string): string {
  const parts = parseNotificationId(notificationId);
  if (parts === null) throw new Error("A stored notification has no valid id");
  return parts.day;
}
