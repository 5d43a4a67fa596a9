import type { Totals } from "../../model/counts.ts";
import { isToOne, type NotificationHeader, withoutLabels } from "../../model/notification.ts";
import type { LedgerLists } from "./lists.ts";
import type { LedgerStore } from "./notification-store.ts";
import type { PlanStore } from "./plan-store.ts";
import { SeriesChanges, type SeriesStore } from "./series-store.ts";
import type { ShardReportStore } from "./shard-report-store.ts";
import type { SingleStore } from "./single-store.ts";

interface LedgerPrivacyParts {
  store: LedgerStore;
  plans: PlanStore;
  reports: ShardReportStore;
  series: SeriesStore;
  singles: SingleStore;
  lists: LedgerLists;
}

/**
 * What a ledger holds of single users: title and tag of realtime sends to one, and the raw values of realtime targets
 * that are kept for a retry. Methods expect to run in a transaction; done again, they change nothing.
 */
export class LedgerPrivacy {
  readonly #parts: LedgerPrivacyParts;

  constructor(parts: LedgerPrivacyParts) {
    this.#parts = parts;
  }

  /** The user was deleted: nothing is kept of these notifications that says what was sent to them. */
  forgetUser(userId: string, ids: readonly string[]): void {
    this.blankLabels(ids);
    this.#parts.plans.forgetUser(userId, ids);
  }

  /** Takes title and tag from realtime sends to one: what happened to them counts without a tag from then on. */
  blankLabels(ids: readonly string[]): void {
    for (const id of ids) this.#blankSingle(id);
    const headers = this.#parts.store
      .listRealtime(ids)
      .filter((header) => isToOne(header) && (header.title !== null || header.tag !== null));
    for (const header of headers) {
      if (header.tag !== null) this.#moveSeries(header, this.#parts.reports.readTotals(header.id));
      this.#parts.store.blankLabels(header);
      this.#forgetTag(header.tag);
    }
    // Plans of retries hold a copy of the header, with its labels.
    this.#parts.plans.blankLabels(ids);
  }

  #blankSingle(id: string): void {
    const single = this.#parts.singles.get(id);
    if (single === null || (single.header.title === null && single.header.tag === null)) return;
    const { header, totals } = single;
    if (header.tag !== null) this.#moveSeries(header, totals);
    this.#parts.singles.blankLabels(id);
    this.#forgetTag(header.tag);
  }

  /** A tag that was this user's alone may say something of them. */
  #forgetTag(tag: string | null): void {
    if (tag !== null && !this.#parts.lists.hasTag(tag)) this.#parts.series.forgetTag(tag);
  }

  /** What happened to it counts without a tag from now on. */
  #moveSeries(header: NotificationHeader, totals: Totals): void {
    const { series } = this.#parts;
    const changes = new SeriesChanges();
    changes.take(header, totals);
    changes.note(withoutLabels(header), [], totals);
    series.add(changes.list());
    series.removeEmpty(changes.list());
  }
}
