import { DurableObject } from "cloudflare:workers";
import { handOver } from "../../delivering/hand-over.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { FinishedUnit, Handout, UnitRange } from "../../model/chunk-units.ts";
import { countFailed, mayFailAgain } from "../../model/counts.ts";
import { utcDay } from "../../model/ids.ts";
import type { LedgerPlan } from "../../model/notification.ts";
import type { ObjectSize } from "../../model/object-state.ts";
import { type Outcome, succeed } from "../../model/outcome.ts";
import type { CarriedReport, ShardReport } from "../../model/report.ts";
import type { SeriesPoint, SeriesQuery } from "../../model/series.ts";
import { DueTable } from "../kit/due.ts";
import { Duties } from "../kit/duties.ts";
import { WebhookOutbox } from "../kit/event-outbox.ts";
import { ledgerIdentityOf } from "../kit/identity.ts";
import { migrate } from "../kit/migrate.ts";
import type { Outbox } from "../kit/outbox.ts";
import { filledShare, isFull, requireRoom, sizeOf } from "../kit/room.ts";
import { getRegistryStub } from "../registry/contract.ts";
import { AudienceEnd } from "./audience-end.ts";
import type {
  LedgerContract,
  LedgerStatus,
  NotificationFilter,
  NotificationPage,
  NotificationRecord,
  RegisteredPlan,
  RegisteredRetry,
  RetryRequest,
} from "./contract.ts";
import { LedgerLifetime } from "./lifetime.ts";
import { LedgerLoad } from "./load.ts";
import { REFUSED_RETRY, refuseNothingFailed } from "./retries.ts";
import { makeRetryLines } from "./retry-lines.ts";
import { LEDGER_SCHEMA } from "./schema.ts";
import { SeriesChanges } from "./series-store.ts";
import { isInAudience, STALL_DUTY, StallWatchdog } from "./stall-watchdog.ts";
import { type LedgerStores, openLedgerStores } from "./stores.ts";

/** An app's notifications of one UTC day: what was accepted, and what the user shards say became of it. */
export class Ledger extends DurableObject<Bindings> implements LedgerContract {
  readonly #stores: LedgerStores;
  readonly #lifetime: LedgerLifetime;
  readonly #due: DueTable;
  readonly #duties: Duties;
  readonly #webhooks: WebhookOutbox;
  readonly #retryLines: Outbox;
  readonly #watchdog: StallWatchdog;
  readonly #audiences: AudienceEnd;
  readonly #load = new LedgerLoad();
  /** How long messages waited in the queue of late, ms: what waits because of others isn't lost. */
  #waitedMs = 0;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    migrate(ctx.storage, LEDGER_SCHEMA);
    const { sql } = ctx.storage;
    const ledger = ledgerIdentityOf(ctx.id);
    const { appId } = ledger;
    this.#due = new DueTable(ctx.storage);
    const due = this.#due;
    this.#webhooks = new WebhookOutbox({
      sql,
      due,
      handOver: (request) => handOver(this.env, { appId, source: this.ctx.id.name ?? "" }, request),
    });
    this.#stores = openLedgerStores(sql, this.#webhooks);
    const { plans, series, retries } = this.#stores;
    const transaction = <T>(work: () => T): T => this.#transaction(work);
    this.#lifetime = new LedgerLifetime({
      sql,
      ledger,
      due,
      plans,
      series,
      transaction,
      env: () => this.env,
    });
    this.#retryLines = makeRetryLines(due, retries, (record) =>
      getRegistryStub(this.env, appId).recordRetry(record),
    );
    this.#watchdog = new StallWatchdog({
      appId,
      due,
      transaction,
      stores: this.#stores,
      env: () => this.env,
      leaseMs: () => this.#leaseMs(),
    });
    this.#audiences = new AudienceEnd({ appId, due, plans, env: () => this.env });
    this.#duties = new Duties(ctx.storage, due, ctx.id.name ?? "", [
      ...this.#lifetime.duties,
      this.#audiences.duty,
      { kind: STALL_DUTY, serve: (id) => this.#watchdog.watch(id) },
      this.#webhooks.outbox,
      this.#retryLines,
    ]);
  }

  async register(plan: LedgerPlan, units: UnitRange[]): Promise<RegisteredPlan> {
    if (!this.#stores.notifications.has(plan.header.id)) {
      requireRoom(this.ctx.storage, this.env);
      this.#stores.shardSizes.requireRoomIn(plan.expected);
    }
    await this.#lifetime.begin();
    const now = Date.now();
    const { id, priority } = plan.header;
    const batch = { notificationId: id, priority: priority ?? "normal", attempt: 1, todo: units };
    const handouts = this.#transaction(() => {
      if (this.#stores.notifications.has(id)) return this.#stores.window.listSent(id, batch.priority);
      this.#stores.notifications.insertPlan(plan);
      this.#watchdog.begin(id, now);
      this.#audiences.noteAccepted(plan);
      return units.length === 0 ? [] : this.#stores.window.add(batch, now, this.#leaseMs());
    });
    this.#noteLoad(1);
    return { header: this.#stores.notifications.get(id)?.header ?? plan.header, handouts };
  }

  // An earlier version's caller has no reports.
  finish(done: FinishedUnit[], waitedMs: number, reports: CarriedReport[] = []): Handout[] {
    const now = Date.now();
    this.#waitedMs = waitedMs;
    const isFullNow = isFull(this.ctx.storage, this.env);
    const handouts = this.#transaction(() => {
      for (const { shard, report } of reports) {
        if (report.shardSize !== undefined && !isFullNow)
          this.#stores.shardSizes.note(shard, report.shardSize);
      }
      this.#applyReports(reports, now);
      return this.#stores.window.finish(done, waitedMs, now, this.#leaseMs());
    });
    this.#noteLoad(reports.length);
    this.#watchdog.noteHandouts(handouts, now);
    if (this.#stores.window.isHeldBack()) this.#watchdog.sendOnSoon();
    return handouts;
  }

  async retry(id: string, request: RetryRequest, plan: LedgerPlan | null): Promise<Outcome<RegisteredRetry>> {
    const now = Date.now();
    const outcome = this.#transaction((): Outcome<{ plan: LedgerPlan; shards: number[] }> => {
      const record = this.#stores.notifications.get(id);
      if (record === null) return REFUSED_RETRY.unknown;
      if (record.completedAt === null) return REFUSED_RETRY.running;
      const known = this.#stores.plans.get(id) ?? plan;
      this.#stores.notifications.expand(id);
      const retry = known === null ? null : this.#stores.notifications.openRetry(id, request, now);
      if (known === null && countFailed(record.totals, request.reasons) > 0) return REFUSED_RETRY.tooOld;
      if (known === null || retry === null) return refuseNothingFailed(request.reasons);
      this.#stores.plans.keep(known);
      this.#watchdog.begin(id, now);
      this.#retryLines.noteWritten(now, id);
      return succeed({ plan: { ...known, retry }, shards: this.#stores.reports.listShort(id) });
    });
    if (!outcome.ok) return outcome;
    await this.#retryLines.tellIfPossible(id);
    const { plan: registered, shards } = outcome.value;
    return succeed({ plan: registered, handouts: await this.#handOutRetry(registered, shards) });
  }

  async report(shard: number, reports: ShardReport[], shardSize?: ObjectSize): Promise<string[]> {
    const now = Date.now();
    const isFullNow = isFull(this.ctx.storage, this.env);
    const isRefused = ({ header, notificationId }: ShardReport): boolean =>
      isFullNow && header !== null && this.#stores.notifications.get(notificationId) === null;
    const refused = this.#transaction(() => {
      if (shardSize !== undefined && !isFullNow) this.#stores.shardSizes.note(shard, shardSize);
      const without = new Set(reports.filter(isRefused));
      const taken = reports.filter((report) => !without.has(report));
      this.#applyReports(
        taken.map((report) => ({ shard, report })),
        now,
      );
      this.#lifetime.noteExistence();
      return [...without].map(({ notificationId }) => notificationId);
    });
    this.#noteLoad(reports.length);
    await this.#lifetime.registerIfPossible();
    return refused;
  }

  readSeries(query: SeriesQuery): SeriesPoint[] {
    return this.#stores.series.read(query);
  }

  get(id: string): NotificationRecord | null {
    return this.#stores.notifications.get(id);
  }

  getWithHours(id: string): NotificationRecord | null {
    return this.#stores.notifications.get(id, true);
  }

  getPlan(id: string): LedgerPlan | null {
    return this.#stores.plans.get(id);
  }

  list(filter: NotificationFilter): NotificationPage {
    return this.#stores.notifications.list(filter);
  }

  forgetUser(userId: string, ids: readonly string[]): void {
    this.#transaction(() => this.#stores.privacy.forgetUser(userId, ids));
  }

  noteDeadLetters(count: number): void {
    // A ledger that the registry doesn't know is none: its app may be erased.
    if (!this.#lifetime.isRegistered) return;
    this.ctx.storage.transactionSync(() => this.#stores.incidents.add("dead_letters", count));
  }

  readStatus(): LedgerStatus {
    const size = sizeOf(this.ctx.storage, this.env);
    return {
      ...this.#stores.incidents.readStatus(),
      size,
      shardSizes: this.#stores.shardSizes.listLargest(),
    };
  }

  async erase(): Promise<void> {
    await this.#due.eraseObject();
  }

  async ensureAlarm(): Promise<void> {
    await this.#due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#duties.run(info);
  }

  /** In a transaction. */
  #applyReports(reports: readonly CarriedReport[], now: number): void {
    const series = new SeriesChanges();
    for (const { shard, report, outcome } of this.#stores.notifications.applyReports(reports, now, series)) {
      const { notificationId: id, header } = report;
      if (outcome === "unknown") console.error({ message: "report on an unknown notification", id, shard });
      else if (outcome === "completed") {
        if (header === null) this.#noteCompleted(id, now);
      } else if (outcome === "progressed") this.#watchdog.noteProgress(id, now);
    }
    this.#stores.series.add(series.list());
  }

  /** In the transaction of the report. */
  #noteCompleted(id: string, now: number): void {
    this.#watchdog.end(id);
    const record = this.#stores.notifications.get(id);
    if (record?.header.mode === "batch") this.#audiences.noteCompleted(id, now);
    else if (record !== null && !mayFailAgain(record.totals)) this.#stores.plans.dropValues([id]);
  }

  /** What can't be handed out now is when it is watched. */
  async #handOutRetry(plan: LedgerPlan, shards: readonly number[]): Promise<Handout[]> {
    if (!isInAudience(plan)) return [];
    return this.#watchdog.sendShort(plan, new Set(shards)).catch((error: unknown) => {
      console.error({ message: "a retry is left to the watchdog", notificationId: plan.header.id, error });
      return [];
    });
  }

  /** After one that was rolled back the memory of what it wrote is wrong. */
  #transaction<T>(work: () => T): T {
    try {
      return this.#due.transaction(work);
    } catch (error) {
      this.#stores.window.forgetMemory();
      this.#stores.notifications.forget();
      this.#stores.series.forget();
      throw error;
    }
  }

  /** How long a message has its place in the queue without being heard of. */
  #leaseMs(): number {
    return readConfig(this.env).stallMs + 2 * this.#waitedMs;
  }

  /**
   * Has new notifications spread among more ledgers, should this one get large or busy. Not waited for: it only matters
   * to what is sent next.
   */
  #noteLoad(count: number): void {
    const { appId, day } = ledgerIdentityOf(this.ctx.id);
    const now = Date.now();
    if (day < utcDay(now) || !this.#load.note(count, filledShare(this.ctx.storage, this.env), now)) return;
    this.ctx.waitUntil(
      getRegistryStub(this.env, appId)
        .growLedgerSlots()
        .catch((error: unknown) => {
          console.error({ message: "more ledgers can't be asked for", app: appId, error });
        }),
    );
  }
}
