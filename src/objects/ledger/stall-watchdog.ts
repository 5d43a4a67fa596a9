import { loadPlan } from "../../audiences/plan-details.ts";
import { readAudienceIndex } from "../../audiences/store.ts";
import { getApp } from "../../copies/app.ts";
import { deliverRows } from "../../delivering/deliver.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { Handout } from "../../model/chunk-units.ts";
import {
  addUnit,
  eachUnit,
  findUnit,
  listUnits,
  shardsOfUnit,
  type UnitRange,
} from "../../model/chunk-units.ts";
import type { AudienceSource, LedgerPlan } from "../../model/notification.ts";
import { enqueueHandouts } from "../../queues/chunks.ts";
import type { DueTable } from "../kit/due.ts";
import { getShardStub } from "../user-shard/contract.ts";
import { LOWER_EVERY_MS } from "./queue-window.ts";
import type { LedgerStores } from "./stores.ts";

const HOUR_MS = 60 * 60 * 1000;
/** The duty's kind in the ledger's due table; its id is the notification's. */
export const STALL_DUTY = "stall";

interface Surroundings {
  appId: string;
  /** A function, as an object's bindings may be others at its next call. */
  env: () => Bindings;
  stores: LedgerStores;
  due: DueTable;
  /** A transaction of the ledger. */
  transaction: <T>(work: () => T) => T;
  leaseMs: () => number;
}

/** Makes up for what became of a batch's messages: looks at each one that doesn't move, and sends what is missing. */
export class StallWatchdog {
  readonly #its: Surroundings;
  /** When a notification last moved, Unix ms: a batch that moves isn't stalled. Lost with the instance. */
  readonly #lastProgress = new Map<string, number>();

  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(surroundings: Surroundings) {
    this.#its = surroundings;
  }

  /** In the transaction that opens a notification or a retry. */
  begin(id: string, now: number): void {
    this.#its.due.set(STALL_DUTY, id, now + this.#pauseMs(0));
  }

  /** In the transaction of a report that has news. */
  noteProgress(id: string, now: number): void {
    this.#lastProgress.set(id, now);
    const redrives = this.#its.stores.notifications.forgetRedrives(id);
    // After re-drives the next look may be an hour away.
    if (redrives !== null) this.#its.due.bringForward(STALL_DUTY, id, now + this.#pauseMs(redrives));
  }

  /** Units have just been handed out: their notifications aren't stalled before another pause is over. */
  noteHandouts(handouts: readonly Handout[], now: number): void {
    for (const { notificationId } of handouts) this.#lastProgress.set(notificationId, now);
  }

  /** In the transaction of the report that completes it. */
  end(id: string): void {
    this.#its.due.remove(STALL_DUTY, id);
    this.#its.stores.window.drop(id);
    this.#lastProgress.delete(id);
  }

  /** The duty. What it sends again the shards may have all the same: they ignore that. */
  async watch(id: string): Promise<void> {
    const now = Date.now();
    const { due } = this.#its;
    const { notifications, plans, reports } = this.#its.stores;
    const plan = plans.get(id);
    if (plan === null || reports.listShort(id).length === 0) {
      this.#its.transaction(() => this.end(id));
      return;
    }
    // A look is due at the expiry: what isn't delivered then is told as failed then, not an hour later.
    const { expiresAt } = plan.retry ?? plan.header;
    const lookAgain = (at: number): void =>
      due.set(STALL_DUTY, id, expiresAt > now ? Math.min(at, expiresAt) : at);
    const pauseMs = this.#pauseMs(notifications.countRedrives(id));
    const movedAt = this.#lastProgress.get(id);
    // Past its expiry, everything that is left is sent once more, even if the batch still moves.
    const isMoving = movedAt !== undefined && now - movedAt < pauseMs;
    if (isMoving && (now < expiresAt || movedAt >= expiresAt)) lookAgain(movedAt + pauseMs);
    else if (isInAudience(plan) && this.#waitsForItsTurn(plan)) lookAgain(now + pauseMs);
    else {
      // Before the attempt: should it fail or die, the next one is already due.
      lookAgain(now + this.#pauseMs(notifications.addRedrive(id)));
      await this.#redrive(plan);
    }
    await this.#sendOn();
  }

  /** Hands out the units that have targets of these shards. What can't be done now is done when it is watched. */
  async sendShort(plan: AudiencePlan, shards: ReadonlySet<number>): Promise<Handout[]> {
    const { audience, cut } = plan.source;
    const { chunks } = await readAudienceIndex(this.#its.env(), this.#its.appId, audience.id);
    return this.#resend(plan, listUnits(chunks, cut, shards));
  }

  /** A queue's turn comes though nothing may finish until then. Lost with the instance: then it is watched. */
  sendOnSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#sendOn().catch((error: unknown) => {
        console.error({ message: "a queue's turn is late", app: this.#its.appId, error });
      });
    }, LOWER_EVERY_MS);
  }

  /** How long a notification may stand still before it is looked after, after so many times. */
  #pauseMs(redrives: number): number {
    return Math.min(readConfig(this.#its.env()).stallMs * 2 ** redrives, HOUR_MS);
  }

  /** True where nothing of it is missing: the queue is full of other batches. */
  #waitsForItsTurn({ header: { id, priority } }: AudiencePlan): boolean {
    const { window } = this.#its.stores;
    return window.listUnheard(id, priority ?? "normal").length === 0 && window.isWaiting(id);
  }

  async #redrive(plan: LedgerPlan): Promise<void> {
    const { appId } = this.#its;
    const { incidents } = this.#its.stores;
    const { id } = plan.header;
    try {
      const chunks = isInAudience(plan) ? await this.#sendMissing(plan) : await this.#deliverInline(plan);
      if (chunks === 0) return;
      this.#its.transaction(() => incidents.add("redriven_chunks", chunks));
      console.warn({ message: "sent again", app: appId, notificationId: id, chunks });
    } catch (error) {
      console.error({ message: "re-drive failed", app: appId, notificationId: id, error });
    }
  }

  /** Returns how many units were sent again. */
  async #sendMissing(plan: AudiencePlan): Promise<number> {
    const { appId } = this.#its;
    const { reports, window } = this.#its.stores;
    const { header, source } = plan;
    const { chunks } = await readAudienceIndex(this.#its.env(), appId, source.audience.id);
    const unheard = window.listUnheard(header.id, header.priority ?? "normal");
    // None, and yet a shard is short: it was sent by an earlier version, or a shard's report is late.
    const missing =
      unheard.length > 0 || window.isWaiting(header.id)
        ? unheard
        : eachUnit(listUnits(chunks, source.cut, new Set(reports.listShort(header.id))));
    const shardsOf = (unit: number): number[] => {
      const place = findUnit(chunks, source.cut, unit);
      return place === null ? [] : shardsOfUnit(place);
    };
    await this.#askShards(header.id, missing.flatMap(shardsOf));
    const short = new Set(reports.listShort(header.id));
    const units: UnitRange[] = [];
    for (const unit of missing) if (shardsOf(unit).some((shard) => short.has(shard))) addUnit(units, unit);
    await enqueueHandouts(this.#its.env(), appId, this.#resend(plan, units));
    return eachUnit(units).length;
  }

  /** What a shard has and hasn't said yet isn't sent to it again. */
  async #askShards(id: string, shards: readonly number[]): Promise<void> {
    const { appId } = this.#its;
    const { reports } = this.#its.stores;
    const short = new Set(reports.listShort(id));
    const asked = [...new Set(shards)].filter((shard) => short.has(shard));
    // A shard that can't be reached now counts as one that lacks its chunks: they are sent again.
    await Promise.allSettled(asked.map((shard) => getShardStub(this.#its.env(), appId, shard).flush(id)));
  }

  async #deliverInline(plan: LedgerPlan): Promise<number> {
    if (plan.source.kind !== "inline") return 0;
    const { appId } = this.#its;
    const env = this.#its.env();
    const [app, whole] = await Promise.all([getApp(env, appId), loadPlan(env, appId, plan)]);
    await deliverRows(env, app, whole, plan.source.rows, null);
    return 1;
  }

  #resend({ header, retry }: AudiencePlan, todo: UnitRange[]): Handout[] {
    const batch = { notificationId: header.id, priority: header.priority ?? "normal" };
    const attempt = retry?.attempt ?? 1;
    return this.#its.transaction(() =>
      this.#its.stores.window.resend({ ...batch, attempt, todo }, Date.now(), this.#its.leaseMs()),
    );
  }

  /** Places that were lost are free again: whoever waits for one gets it. */
  async #sendOn(): Promise<void> {
    const { appId } = this.#its;
    const now = Date.now();
    const handouts = this.#its.transaction(() => this.#its.stores.window.fillAll(now, this.#its.leaseMs()));
    this.noteHandouts(handouts, now);
    await enqueueHandouts(this.#its.env(), appId, handouts).catch((error: unknown) => {
      console.error({
        message: "enqueueing failed; it is repeated when the batch is watched",
        app: appId,
        error,
      });
    });
  }
}

type AudiencePlan = LedgerPlan & { source: AudienceSource };

/** True where a plan's targets are in R2. */
export function isInAudience(plan: LedgerPlan): plan is AudiencePlan {
  return plan.source.kind !== "inline";
}
