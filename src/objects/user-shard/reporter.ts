import type { ShardNotification } from "../../model/delivery.ts";
import { groupByLedger, type LedgerRef, requireIdParts } from "../../model/ids.ts";
import type { ShardReport } from "../../model/report.ts";
import type { DueTable } from "../kit/due.ts";
import { Outbox } from "../kit/outbox.ts";
import type { NotificationStore } from "./notification-store.ts";

/** Takes a shard's reports for one ledger; resolves with those that it had no room for, when the others are stored. */
export type ReportToLedger = (ledger: LedgerRef, reports: ShardReport[]) => Promise<string[]>;

/**
 * How long a report waits for company after the last one, ms. A report costs a call and two commits, so
 * single sends and views wait longer than a batch, whose progress somebody watches. The first single after
 * a pause waits for nothing.
 */
const FLUSH_INTERVALS_MS = { now: 0, batch: 250, single: 2000 };
/** Most shards have two parts or three of a batch, one after the other: a report waits so long for the last, ms. */
const BATCH_PARTS_MS = 150;
export type Urgency = keyof typeof FLUSH_INTERVALS_MS;
/** Ledgers that don't answer have pauses of their own: the others needn't wait. */
const LIMITS = { safetyMs: 5000, pauseMs: 1000, pauses: { firstMs: 1000, longestMs: 10_000 } };
/** Notifications in one call. */
const FLUSH_ROWS = 500;
/** Unreported notifications that are looked at together; most of them may be of ledgers that are stuck. */
const IDS_PER_SLICE = 5000;
/** Slices of one flush: where more is unreported, the next one goes on behind them. */
const SLICES_PER_FLUSH = 20;
/** Until a ledger that didn't take its reports is told again, ms: doubled each time. */
const FIRST_PAUSE_MS = 5000;
const MAX_PAUSE_MS = 5 * 60 * 1000;
/** Behind every notification's id. */
const END = "~";

/** Carries a shard's totals to the ledgers: soon, seldom, one flush in flight, and never lost. */
export class Reporter {
  readonly #notifications: NotificationStore;
  readonly outbox: Outbox;
  readonly #report: ReportToLedger;
  /** Ledgers that didn't take their reports, by name: nobody else waits for them. Lost with the instance. */
  readonly #stuck = new Map<string, { failures: number; until: number }>();
  /** Counts changes: a flush during which there was none needn't look for more. */
  #changes = 0;
  /** Where the next flush goes on, should the last one not have come to the end. */
  #goOnBefore: string | null = null;

  constructor(notifications: NotificationStore, due: DueTable, report: ReportToLedger) {
    this.#notifications = notifications;
    this.#report = report;
    this.outbox = new Outbox("flush", due, LIMITS, {
      nextAt: (now) => this.#nextAt(now),
      tell: (isRepeat) => this.#flushAll(isRepeat),
    });
  }

  /** Inside the transaction that changes totals: whatever happens next, the alarm will report them. */
  noteChange(now: number): void {
    this.#changes++;
    this.outbox.noteWritten(now);
  }

  /** Tells a notification's ledger what is here, whatever it was told before. */
  async repeat(notificationId: string): Promise<void> {
    const notification = this.#notifications.get(notificationId);
    if (notification === null) return;
    const { day, slot } = requireIdParts(notificationId);
    await this.#report({ day, slot }, [toReport(notification)]);
  }

  /** What the ledger is to hear of a notification that is here. */
  makeReport(notificationId: string): ShardReport {
    const notification = this.#notifications.get(notificationId);
    if (notification === null) throw new Error("A notification that is there can't be read");
    return toReport(notification);
  }

  /** After that transaction: report soon, in one timer, the most urgent call's. */
  schedule(urgency: Urgency): void {
    const at = this.outbox.lastTurnAt + FLUSH_INTERVALS_MS[urgency];
    if (urgency === "now") this.outbox.schedule(0);
    else this.outbox.schedule(urgency === "batch" ? Math.max(at, Date.now() + BATCH_PARTS_MS) : at);
  }

  /**
   * Reports what is unreported, newest first. Every ledger that isn't stuck is tried before it throws for one that
   * failed. One flush at a time: a second call waits for the first, then runs.
   */
  async flush(): Promise<void> {
    await this.outbox.tell();
  }

  /** At once where something is left that no ledger keeps waiting. */
  #nextAt(now: number): number | null {
    if (this.#notifications.listUnreported(END, 1).length === 0) return null;
    if (this.#goOnBefore !== null || this.#stuck.size === 0) return now;
    return Math.min(...[...this.#stuck.values()].map(({ until }) => until));
  }

  async #flushAll(isRepeat: boolean): Promise<void> {
    const failures: unknown[] = [];
    const goOnBefore = this.#goOnBefore;
    const changes = this.#changes;
    this.#goOnBefore = null;
    // What is new comes first; then what the last flush didn't come to.
    if (goOnBefore !== null) await this.#flushSlice(END, failures);
    let before: string | null = goOnBefore ?? END;
    for (let slices = 0; before !== null && slices < SLICES_PER_FLUSH; slices++) {
      before = await this.#flushSlice(before, failures);
    }
    this.#goOnBefore = before;
    // Notifications that changed during this flush are told by the next.
    if (before !== null || (this.#changes !== changes && this.#hasReady())) this.schedule("single");
    if (failures.length === 0) return;
    if (!isRepeat) throw failures[0];
    console.error({ message: "a ledger isn't told yet", failures: failures.length, error: failures[0] });
  }

  /** Returns where the next slice begins; null at the end. */
  async #flushSlice(before: string, failures: unknown[]): Promise<string | null> {
    const ids = this.#notifications.listUnreported(before, IDS_PER_SLICE);
    const now = Date.now();
    const byLedger = groupByLedger(ids, (id) => id).filter(([ledger]) => !this.#isStuck(ledger, now));
    const flushed = await Promise.allSettled(byLedger.map(([ledger, own]) => this.#flushLedger(ledger, own)));
    for (const result of flushed) if (result.status === "rejected") failures.push(result.reason);
    return ids.length < IDS_PER_SLICE ? null : (ids.at(-1) ?? null);
  }

  async #flushLedger(ledger: LedgerRef, ids: readonly string[]): Promise<void> {
    const name = nameOf(ledger);
    try {
      let refused = 0;
      for (let start = 0; start < ids.length; start += FLUSH_ROWS) {
        refused += await this.#reportPage(ledger, ids.slice(start, start + FLUSH_ROWS));
      }
      if (refused === 0) this.#stuck.delete(name);
      else {
        this.#keepWaiting(name);
        console.error({ message: "a ledger has no room", ledger: name, notifications: refused });
      }
    } catch (error) {
      this.#keepWaiting(name);
      throw error;
    }
  }

  #keepWaiting(ledgerName: string): void {
    const failures = (this.#stuck.get(ledgerName)?.failures ?? 0) + 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS);
    this.#stuck.set(ledgerName, { failures, until: Date.now() + pauseMs });
  }

  /** Returns how many the ledger had no room for: they stay unreported. */
  async #reportPage(ledger: LedgerRef, ids: readonly string[]): Promise<number> {
    const notifications = this.#notifications.list(ids);
    const refused = new Set(await this.#report(ledger, notifications.map(toReport)));
    const taken = notifications.filter(({ header }) => !refused.has(header.id));
    this.#notifications.markReported(taken.map(({ header, version }) => ({ id: header.id, version })));
    return refused.size;
  }

  #isStuck(ledger: LedgerRef, now: number): boolean {
    return (this.#stuck.get(nameOf(ledger))?.until ?? 0) > now;
  }

  #hasReady(): boolean {
    const now = Date.now();
    const ids = this.#notifications.listUnreported(END, FLUSH_ROWS);
    return groupByLedger(ids, (id) => id).some(([ledger]) => !this.#isStuck(ledger, now));
  }
}

function nameOf({ day, slot }: LedgerRef): string {
  return `${day}:${slot}`;
}

function toReport(notification: ShardNotification): ShardReport {
  const { header, totals, version, reportedVersion, attempt, waiting } = notification;
  const isNewToLedger = header.mode === "realtime" && reportedVersion === 0;
  return {
    notificationId: header.id,
    version,
    totals,
    attempt,
    waiting,
    header: isNewToLedger ? header : null,
  };
}
