import { isComplete } from "../../model/counts.ts";
import {
  type LedgerPlan,
  type NotificationHeader,
  type Retry,
  withoutLabels,
} from "../../model/notification.ts";
import type { CarriedReport, ShardReport } from "../../model/report.ts";
import type { RetryRequest } from "./contract.ts";
import type { FailingStore } from "./failing-store.ts";
import type { LedgerLists } from "./lists.ts";
import type { NotificationEvents } from "./notification-events.ts";
import { NotificationReads, type NotificationReadsParts } from "./notification-reads.ts";
import type { PlanStore } from "./plan-store.ts";
import type { LedgerRetries } from "./retries.ts";
import type { SeriesChanges } from "./series-store.ts";
import type { ShardReportStore } from "./shard-report-store.ts";
import type { SingleStore } from "./single-store.ts";

/**
 * What a shard's report did: `progressed` has new targets, `current` only news of old ones; `unknown` is a
 * notification that this ledger never had.
 */
export type ReportOutcome = "progressed" | "current" | "stale" | "completed" | "unknown";

interface LedgerStoreParts extends NotificationReadsParts {
  events: NotificationEvents;
  plans: PlanStore;
  retries: LedgerRetries;
  failing: FailingStore;
}

/**
 * A day's notifications, by what is registered and by the shards' reports on them. Writing methods expect to run in a
 * transaction.
 */
export class LedgerStore extends NotificationReads {
  readonly #sql: SqlStorage;
  readonly #events: NotificationEvents;
  readonly #plans: PlanStore;
  readonly #reports: ShardReportStore;
  readonly #retries: LedgerRetries;
  readonly #singles: SingleStore;
  readonly #lists: LedgerLists;
  readonly #failing: FailingStore;

  constructor(parts: LedgerStoreParts) {
    super(parts);
    const { sql, events, plans, reports, retries, singles, lists, failing } = parts;
    this.#plans = plans;
    this.#reports = reports;
    this.#retries = retries;
    this.#sql = sql;
    this.#events = events;
    this.#singles = singles;
    this.#lists = lists;
    this.#failing = failing;
  }

  /** Writes down a batch: from here on it will be delivered. */
  insertPlan(plan: LedgerPlan): void {
    const { header } = plan;
    this.#insertHeader(header, null);
    this.#events.noteAccepted(header);
    this.#plans.keep(plan);
    this.#reports.expect(plan);
  }

  /** Before a retry: a realtime send to one gets the rows in which further attempts are counted. */
  expand(id: string): void {
    const single = this.#singles.get(id);
    if (single === null) return;
    const { header, shard, version, totals, completedAt } = single;
    this.#singles.delete(id);
    this.#insertHeader(header, completedAt);
    this.#reports.insert(header, shard, version, totals);
  }

  /**
   * Opens another attempt at what failed: the notification isn't complete until every shard with such failures
   * has made it. Null where nothing failed for these reasons.
   */
  openRetry(id: string, request: RetryRequest, now: number): Retry | null {
    const { reasons, only } = request;
    const failed = this.#reports.listFailed(id, reasons);
    const shards = only === null ? failed : failed.filter((shard) => shard === only.shard);
    if (shards.length === 0) return null;
    const { attempt } = this.#sql
      .exec<{ attempt: number }>(
        `UPDATE notifications SET attempt = attempt + 1, completed_at = NULL, redrives = 0 WHERE id = ?
         RETURNING attempt`,
        id,
      )
      .one();
    this.#reports.want(id, shards, attempt);
    return this.#retries.add(id, attempt, request, now);
  }

  /** A send is kept without what says what it was about. */
  blankLabels(header: NotificationHeader): void {
    this.#sql.exec(
      "UPDATE notifications SET header = ?, tag = NULL WHERE id = ?",
      JSON.stringify(withoutLabels(header)),
      header.id,
    );
    this.#lists.blankTag(header.id);
  }

  /** A transaction that wrote here was undone. */
  forget(): void {
    this.#singles.forget();
  }

  /**
   * Takes shards' absolute totals over their earlier ones; an older report changes nothing. A realtime notification is
   * opened by its first report. `series` gets what has happened since the earlier ones.
   */
  applyReports(
    reports: readonly CarriedReport[],
    now: number,
    series: SeriesChanges,
  ): (CarriedReport & { outcome: ReportOutcome })[] {
    const opening = reports.flatMap(({ report }) => (report.header === null ? [] : [report.notificationId]));
    const known = this.listKnown(opening);
    return reports.map(({ shard, report }) => {
      const { notificationId: id, header } = report;
      if (header === null || known.has(id)) {
        return { shard, report, outcome: this.#applyReport(shard, report, now, series) };
      }
      known.add(id);
      return { shard, report, outcome: this.#open(shard, report, header, now, series) };
    });
  }

  #applyReport(shard: number, report: ShardReport, now: number, series: SeriesChanges): ReportOutcome {
    const { notificationId, totals } = report;
    const single = this.#singles.get(notificationId);
    if (single !== null) return this.#singles.update(single, report, now, series);
    const known = this.getRow(notificationId);
    if (known === null) return "unknown";
    const applied = this.#reports.apply(shard, report);
    if (applied === null) return "stale";
    series.note(JSON.parse(known.header), applied.before, totals);
    this.#failing.note(notificationId, applied.before, totals, () => this.#hasFailed(notificationId));
    if (known.completed_at !== null) return "current";
    if (this.#completeIfWhole(notificationId, now)) return "completed";
    return applied.hasMoved ? "progressed" : "current";
  }

  /** Counts one more re-drive; returns how many there are. */
  addRedrive(id: string): number {
    return this.#sql
      .exec<{ redrives: number }>(
        "UPDATE notifications SET redrives = redrives + 1 WHERE id = ? RETURNING redrives",
        id,
      )
      .one().redrives;
  }

  /** It moves again: forgets half of the re-drives, but not the last. Returns what is left, null where that's all. */
  forgetRedrives(id: string): number | null {
    const [changed] = this.#sql
      .exec<{ redrives: number }>(
        "UPDATE notifications SET redrives = (redrives + 1) / 2 WHERE id = ? AND redrives > 1 RETURNING redrives",
        id,
      )
      .toArray();
    return changed?.redrives ?? null;
  }

  #open(
    shard: number,
    report: ShardReport,
    header: NotificationHeader,
    now: number,
    series: SeriesChanges,
  ): ReportOutcome {
    if (this.#singles.fits(header, shard)) return this.#singles.insert(shard, report, header, now, series);
    return this.#openByReport(shard, report, header, now, series);
  }

  /** A realtime send that doesn't fit a short row: its first report mostly is all there will be. */
  #openByReport(
    shard: number,
    { version, totals }: ShardReport,
    header: NotificationHeader,
    now: number,
    series: SeriesChanges,
  ): ReportOutcome {
    const isWhole = isComplete(totals, header.total);
    series.note(header, [], totals);
    this.#failing.note(header.id, [], totals, () => false);
    this.#insertHeader(header, isWhole ? now : null);
    this.#reports.insert(header, shard, version, totals);
    this.#events.noteAccepted(header);
    if (isWhole) this.#events.noteCompleted(header, totals, now);
    return isWhole ? "completed" : "current";
  }

  #insertHeader(header: NotificationHeader, completedAt: number | null): void {
    this.#sql.exec(
      "INSERT INTO notifications (id, header, template_key, tag, mode, completed_at) VALUES (?, ?, ?, ?, ?, ?)",
      header.id,
      JSON.stringify(header),
      header.templateKey,
      header.tag,
      header.mode,
      completedAt,
    );
    this.#lists.add(header.id, header.templateKey, header.tag, header.mode);
  }

  #completeIfWhole(id: string, now: number): boolean {
    if (this.#reports.listShort(id).length > 0) return false;
    const record = this.get(id);
    if (record === null || !isComplete(record.totals, record.header.total)) return false;
    this.#sql.exec("UPDATE notifications SET completed_at = ? WHERE id = ?", now, id);
    if (record.attempt > 1) this.#retries.forgetUsers(id);
    this.#events.noteCompleted(record.header, record.totals, now);
    return true;
  }

  #hasFailed(id: string): boolean {
    return this.#reports.listFailed(id, null).length > 0;
  }
}
