import { DurableObject } from "cloudflare:workers";
import { deleteAudiences } from "../../audiences/store.ts";
import { handOver } from "../../delivering/hand-over.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { FinishedUnit, Handout, UnitRange } from "../../model/chunk-units.ts";
import { countFailed, mayFailAgain } from "../../model/counts.ts";
import { utcDay } from "../../model/ids.ts";
import type { LedgerPlan } from "../../model/notification.ts";
import type { ObjectSize } from "../../model/object-state.ts";
import { type Outcome, succeed } from "../../model/outcome.ts";
import type { ShardReport } from "../../model/report.ts";
import { retriesEndAt } from "../../model/retry-window.ts";
import type { SeriesPoint, SeriesQuery } from "../../model/series.ts";
import { DueTable } from "../kit/due.ts";
import { Duties } from "../kit/duties.ts";
import { WebhookOutbox } from "../kit/event-outbox.ts";
import { ledgerIdentityOf } from "../kit/identity.ts";
import { migrate } from "../kit/migrate.ts";
import type { Outbox } from "../kit/outbox.ts";
import { filledShare, isFull, requireRoom, sizeOf } from "../kit/room.ts";
import { getRegistryStub } from "../registry/contract.ts";
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
import { IncidentStore } from "./incident-store.ts";
import { LedgerLists } from "./lists.ts";
import { LedgerLoad } from "./load.ts";
import { NotificationEvents } from "./notification-events.ts";
import { LedgerStore } from "./notification-store.ts";
import { LedgerPrivacy } from "./privacy.ts";
import { QueueWindow } from "./queue-window.ts";
import { LedgerRetries, REFUSED_RETRY, refuseNothingFailed } from "./retries.ts";
import { makeRetryLines } from "./retry-lines.ts";
import { LEDGER_SCHEMA } from "./schema.ts";
import { SeriesChanges, SeriesStore } from "./series-store.ts";
import { ShardSizeStore } from "./shard-size-store.ts";
import { SingleStore } from "./single-store.ts";
import { isInAudience, STALL_DUTY, StallWatchdog } from "./stall-watchdog.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** A ledger outlives its last deliveries by this much. */
const AFTER_RETENTION_MS = 30 * DAY_MS;
/** The duty's kind: raw values of realtime targets go when no retry can need them any more. */
const VALUES_DUTY = "values";
/** The duty's kind: the registry is to learn of this ledger. */
const REGISTER_DUTY = "register";
/** The duty's kind: the ledger has outlived what it tells of. */
const DELETE_DUTY = "delete";
const PLANS_PER_SLICE = 500;
/** R2 deletes up to 1,000 keys in a call (developers.cloudflare.com/r2/api/workers/workers-api-reference); four each. */
const AUDIENCES_PER_DELETE = 250;

/** An app's notifications of one UTC day: what was accepted, and what the user shards say became of it. */
export class Ledger extends DurableObject<Bindings> implements LedgerContract {
  readonly #store: LedgerStore;
  readonly #series: SeriesStore;
  readonly #incidents: IncidentStore;
  readonly #retries: LedgerRetries;
  readonly #retryLines: Outbox;
  readonly #privacy: LedgerPrivacy;
  readonly #due: DueTable;
  readonly #duties: Duties;
  readonly #webhooks: WebhookOutbox;
  readonly #load = new LedgerLoad();
  readonly #shardSizes: ShardSizeStore;
  readonly #window: QueueWindow;
  readonly #watchdog: StallWatchdog;
  /** How long messages waited in the queue of late, ms: what waits because of others isn't lost. */
  #waitedMs = 0;
  #isRegistered = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    migrate(ctx.storage, LEDGER_SCHEMA);
    this.#series = new SeriesStore(ctx.storage.sql);
    this.#retries = new LedgerRetries(ctx.storage.sql);
    this.#due = new DueTable(ctx.storage);
    this.#retryLines = makeRetryLines(this.#due, this.#retries, async (record) => {
      await getRegistryStub(this.env, ledgerIdentityOf(this.ctx.id).appId).recordRetry(record);
    });
    this.#webhooks = new WebhookOutbox({
      sql: ctx.storage.sql,
      due: this.#due,
      handOver: (request) => {
        const { appId } = ledgerIdentityOf(this.ctx.id);
        return handOver(this.env, { appId, source: this.ctx.id.name ?? "" }, request);
      },
    });
    const events = new NotificationEvents(this.#webhooks);
    const { sql } = ctx.storage;
    const singles = new SingleStore(sql, events);
    const lists = new LedgerLists(sql, singles);
    this.#store = new LedgerStore({ sql, events, retries: this.#retries, singles, lists });
    this.#privacy = new LedgerPrivacy({ sql, series: this.#series, singles, lists });
    this.#incidents = new IncidentStore(sql, singles);
    this.#shardSizes = new ShardSizeStore(sql);
    this.#window = new QueueWindow({ sql, runningAttempt: (id) => this.#store.getRunningAttempt(id) });
    this.#watchdog = new StallWatchdog({
      appId: ledgerIdentityOf(ctx.id).appId,
      env: () => this.env,
      ...{ store: this.#store, window: this.#window, due: this.#due, incidents: this.#incidents },
      transaction: (work) => this.#transaction(work),
      leaseMs: () => this.#leaseMs(),
    });
    this.#duties = new Duties(ctx.storage, this.#due, ctx.id.name ?? "", [
      { kind: STALL_DUTY, serve: (id) => this.#watchdog.watch(id) },
      this.#webhooks.outbox,
      { kind: REGISTER_DUTY, serve: () => this.#register() },
      this.#retryLines,
      { kind: VALUES_DUTY, serve: (position) => this.#dropEndedValues(position) },
      { kind: DELETE_DUTY, serve: () => this.#delete() },
    ]);
    this.#isRegistered = ctx.storage.sql.exec("SELECT 1 FROM registration").toArray().length > 0;
  }

  async register(plan: LedgerPlan, units: UnitRange[]): Promise<RegisteredPlan> {
    if (!this.#store.has(plan.header.id)) requireRoom(this.ctx.storage, this.env);
    await this.#registerFirst();
    const now = Date.now();
    const { id, priority } = plan.header;
    const batch = { notificationId: id, priority: priority ?? "normal", attempt: 1, todo: units };
    const handouts = this.#transaction(() => {
      if (this.#store.has(id)) return this.#window.listSent(id, batch.priority);
      this.#store.insertPlan(plan);
      this.#watchdog.begin(id, now);
      return units.length === 0 ? [] : this.#window.add(batch, now, this.#leaseMs());
    });
    this.#noteLoad(1);
    return { header: this.#store.get(id)?.header ?? plan.header, handouts };
  }

  finish(done: FinishedUnit[], waitedMs: number): Handout[] {
    const now = Date.now();
    this.#waitedMs = waitedMs;
    const handouts = this.#transaction(() => this.#window.finish(done, waitedMs, now, this.#leaseMs()));
    this.#watchdog.noteHandouts(handouts, now);
    return handouts;
  }

  async retry(id: string, request: RetryRequest, plan: LedgerPlan | null): Promise<Outcome<RegisteredRetry>> {
    const now = Date.now();
    const outcome = this.#transaction((): Outcome<{ plan: LedgerPlan; shards: number[] }> => {
      const record = this.#store.get(id);
      if (record === null) return REFUSED_RETRY.unknown;
      if (record.completedAt === null) return REFUSED_RETRY.running;
      const known = this.#store.getPlan(id) ?? plan;
      this.#store.expand(id);
      const retry = known === null ? null : this.#retries.add(id, request, now);
      if (known === null && countFailed(record.totals, request.reasons) > 0) return REFUSED_RETRY.tooOld;
      if (known === null || retry === null) return refuseNothingFailed(request.reasons);
      this.#store.keepPlan(known);
      this.#watchdog.begin(id, now);
      this.#retryLines.noteWritten(now, id);
      return succeed({ plan: { ...known, retry }, shards: this.#store.listShortShards(id) });
    });
    if (!outcome.ok) return outcome;
    await this.#retryLines.tellIfPossible(id);
    const { plan: registered, shards } = outcome.value;
    return succeed({ plan: registered, handouts: await this.#handOutRetry(registered, shards) });
  }

  async report(shard: number, reports: ShardReport[], shardSize?: ObjectSize): Promise<string[]> {
    const now = Date.now();
    const isFullNow = isFull(this.ctx.storage, this.env);
    const refused: string[] = [];
    this.#transaction(() => {
      const series = new SeriesChanges();
      if (shardSize !== undefined && !isFullNow) this.#shardSizes.note(shard, shardSize);
      for (const report of reports) {
        if (isFullNow && report.header !== null && this.#store.get(report.notificationId) === null) {
          refused.push(report.notificationId);
          continue;
        }
        const outcome = this.#store.applyReport(shard, report, now, series);
        if (outcome === "unknown") {
          console.error({ message: "report on an unknown notification", id: report.notificationId, shard });
        } else if (outcome === "completed") {
          if (report.header === null) this.#noteCompleted(report.notificationId);
        } else if (outcome === "progressed") this.#watchdog.noteProgress(report.notificationId, now);
      }
      this.#series.add(series.list());
      this.#noteExistence();
    });
    this.#noteLoad(reports.length);
    await this.#register();
    return refused;
  }

  readSeries(query: SeriesQuery): SeriesPoint[] {
    return this.#series.read(query);
  }

  get(id: string): NotificationRecord | null {
    return this.#store.get(id);
  }

  getWithHours(id: string): NotificationRecord | null {
    return this.#store.get(id, true);
  }

  getPlan(id: string): LedgerPlan | null {
    return this.#store.getPlan(id);
  }

  list(filter: NotificationFilter): NotificationPage {
    return this.#store.list(filter);
  }

  forgetUser(userId: string, ids: readonly string[]): void {
    this.#transaction(() => this.#privacy.forgetUser(userId, ids));
  }

  noteDeadLetters(count: number): void {
    // A ledger that the registry doesn't know is none: its app may be erased.
    if (!this.#isRegistered) return;
    this.ctx.storage.transactionSync(() => this.#incidents.add("dead_letters", count));
  }

  readStatus(): LedgerStatus {
    const size = sizeOf(this.ctx.storage, this.env);
    return { ...this.#incidents.readStatus(), size, shardSizes: this.#shardSizes.listLargest() };
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

  /** In the transaction of the report. */
  #noteCompleted(id: string): void {
    this.#watchdog.end(id);
    const record = this.#store.get(id);
    if (record?.header.mode === "realtime" && !mayFailAgain(record.totals)) this.#privacy.dropValues([id]);
  }

  /** The time for retries of this day is over. A slice in a turn of the alarm. */
  #dropEndedValues(position: string): void {
    this.#transaction(() => {
      const next = this.#privacy.dropEndedValues(position, PLANS_PER_SLICE);
      this.#due.remove(VALUES_DUTY, position);
      if (next !== null) this.#due.set(VALUES_DUTY, next, Date.now());
    });
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
      this.#window.forgetMemory();
      this.#store.forget();
      this.#series.forget();
      throw error;
    }
  }

  /** How long a message has its place in the queue without being heard of. */
  #leaseMs(): number {
    return readConfig(this.env).stallMs + 2 * this.#waitedMs;
  }

  /** Before the first plan: what is answered can be read at once, and reads ask the registry which ledgers there are. */
  async #registerFirst(): Promise<void> {
    if (this.#isRegistered) return;
    this.#due.transaction(() => this.#noteExistence());
    await this.#register();
    if (!this.#isRegistered) throw new Error("The registry can't be told of this ledger");
  }

  /** Among more ledgers, should this one get large or busy. Not waited for: it only matters to what is sent next. */
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

  /** First write of the day: the registry must learn of this ledger, and it ends when its data does. */
  #noteExistence(): void {
    if (this.#isRegistered) return;
    const { day } = ledgerIdentityOf(this.ctx.id);
    this.#due.ensure(REGISTER_DUTY, "", Date.now());
    const endMs = Date.parse(day) + DAY_MS + readConfig(this.env).retentionMs + AFTER_RETENTION_MS;
    this.#due.ensure(DELETE_DUTY, "", endMs);
    const retriesEnd = retriesEndAt(Date.parse(day) + DAY_MS, readConfig(this.env).retentionMs);
    this.#due.ensure(VALUES_DUTY, "", Math.max(retriesEnd, Date.now()));
  }

  async #register(): Promise<void> {
    if (this.#isRegistered) return;
    const { appId, ...ledger } = ledgerIdentityOf(this.ctx.id);
    let mostTags: number | null;
    try {
      mostTags = await getRegistryStub(this.env, appId).registerLedger(ledger);
    } catch (error) {
      console.error({ message: "registering the ledger failed", app: appId, ...ledger, error });
      this.#due.set(REGISTER_DUTY, "", Date.now() + 10_000);
      return;
    }
    if (this.#isRegistered) return;
    this.#due.transaction(() => {
      this.ctx.storage.sql.exec("INSERT INTO registration (registered_at) VALUES (?)", Date.now());
      if (mostTags !== null) this.#series.setMostTags(mostTags);
      this.#due.remove(REGISTER_DUTY, "");
    });
    this.#isRegistered = true;
  }

  async #delete(): Promise<void> {
    const { appId, ...ledger } = ledgerIdentityOf(this.ctx.id);
    const ids = this.#store.listPlanned(AUDIENCES_PER_DELETE);
    if (ids.length > 0) {
      await deleteAudiences(this.env, appId, ids);
      this.#store.deletePlans(ids);
      this.#due.set(DELETE_DUTY, "", Date.now());
      return;
    }
    await getRegistryStub(this.env, appId).forgetLedger(ledger);
    await this.#due.eraseObject();
  }
}
