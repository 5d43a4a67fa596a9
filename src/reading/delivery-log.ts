import { loadPlan } from "../audiences/plan-details.ts";
import { type AudienceWalk, openWalk, readWalkSource, type WalkSource } from "../audiences/walk.ts";
import { TtlCache } from "../copies/cache.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { acceptedOf } from "../model/counts.ts";
import type { LoggedDelivery } from "../model/delivery.ts";
import { requireIdParts } from "../model/ids.ts";
import type { DeliveryStatus, NotificationHeader, SendPlan, StoredRow } from "../model/notification.ts";
import { shardOfUser } from "../model/user-hash.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { type LoggedTarget, LoggedTargets, type StepSlice } from "./logged-targets.ts";
import { findNotification } from "./notifications.ts";

/** What a log shows; null: all. */
export interface LogFilter {
  status: DeliveryStatus | null;
  reason: string | null;
  channelKey: string | null;
}

/** Where a page ends: a target's place in the audience, and how many of its channels were shown. */
export interface LogPosition {
  step: number;
  row: number;
  channel: number;
}

export interface LogPage {
  deliveries: LoggedDelivery[];
  /** Null at the end. */
  next: LogPosition | null;
}

/** Steps that one page walks through at most: a page for which little fits is short and has a cursor. */
const STEPS_PER_PAGE = 10;
/** More targets than a step has. */
const WHOLE_STEP = Number.MAX_SAFE_INTEGER;

/**
 * Of batches whose logs are being read: asked for anew, a page of 100 rows would cost two calls of the ledger and
 * a read of R2 beside the rows. At most 20 indexes of 100,000 targets: 2 MB.
 */
const sources = new TtlCache<WalkSource>({ ttlMs: 60_000, maxEntries: 20 });

/** A notification's deliveries, target by target in the order of its audience. */
export class DeliveryLog {
  readonly #env: Bindings;
  readonly #app: AppRecord;
  readonly #targets: LoggedTargets;
  /** Targets by shard. */
  readonly #expected: ReadonlyMap<number, number>;
  readonly header: NotificationHeader;
  readonly walk: AudienceWalk;

  private constructor(env: Bindings, app: AppRecord, source: WalkSource) {
    this.#env = env;
    this.#app = app;
    this.header = source.plan.header;
    this.walk = openWalk(env, app, source);
    this.#expected = new Map(source.plan.expected);
    this.#targets = new LoggedTargets(env, { appId: app.id, header: this.header, walk: this.walk });
  }

  /** The log of a notification, or null where there is none of this id. */
  static async find(env: Bindings, app: AppRecord, id: string): Promise<DeliveryLog | null> {
    const cacheKey = `${app.id}:${id}`;
    const kept = sources.get(cacheKey);
    if (kept !== undefined) return new DeliveryLog(env, app, kept);
    const record = await findNotification(env, app, id);
    if (record === null) return null;
    const source = await readWalkSource(env, app.id, await findPlan(env, app, record.header));
    if (record.header.mode === "batch") sources.set(cacheKey, source);
    return new DeliveryLog(env, app, source);
  }

  /** One page. Who isn't accepted yet is pending. */
  async readPage(filter: LogFilter, from: LogPosition | null, limit: number): Promise<LogPage> {
    const deliveries: LoggedDelivery[] = [];
    const first = from?.step ?? 0;
    const end = Math.min(this.walk.steps, first + STEPS_PER_PAGE);
    for (let step = first; step < end; step++) {
      const start = step === first ? (from?.row ?? 0) : 0;
      // Without a filter it is known how many targets fill the page, and one more says whether there are more.
      const count = isUnfiltered(filter) ? this.#targetsFor(limit - deliveries.length) + 1 : WHOLE_STEP;
      const slice = { step, from: start, to: start + count };
      for (const [index, target] of (await this.#readTargets(slice, filter, false)).entries()) {
        const row = start + index;
        const skipped = step === first && index === 0 ? (from?.channel ?? 0) : 0;
        for (const [channel, delivery] of target.deliveries.entries()) {
          if (channel < skipped) continue;
          if (deliveries.length === limit) return { deliveries, next: { step, row, channel } };
          deliveries.push(delivery);
        }
      }
    }
    return { deliveries, next: end < this.walk.steps ? { step: end, row: 0, channel: 0 } : null };
  }

  /** The deliveries of one user; none where they aren't a target. */
  async readUser(userId: string, filter: LogFilter): Promise<LoggedDelivery[]> {
    const shard = shardOfUser(userId, this.#app);
    const { deliveries, isGone } = await this.#targets.find(shard, userId);
    // Who has the uid now wasn't sent to.
    if (isGone || (deliveries.length === 0 && !(await this.#isYetToCome(shard, userId)))) return [];
    return this.#targets.complete(userId, deliveries).filter((found) => passes(found, filter));
  }

  /** The targets of one step, with the deliveries that pass. */
  readStep(step: number, filter: LogFilter, withValues: boolean): Promise<LoggedTarget[]> {
    return this.#readTargets({ step, from: 0, to: WHOLE_STEP }, filter, withValues);
  }

  async #readTargets(slice: StepSlice, filter: LogFilter, withValues: boolean): Promise<LoggedTarget[]> {
    const targets = await this.#targets.read(slice, withValues);
    if (isUnfiltered(filter)) return targets;
    return targets.map((target) => ({
      ...target,
      deliveries: target.deliveries.filter((delivery) => passes(delivery, filter)),
    }));
  }

  /** True of a target whom their shard knows nothing of yet: then not all have come there, and the audience exists. */
  async #isYetToCome(shard: number, userId: string): Promise<boolean> {
    const expected = this.#expected.get(shard) ?? 0;
    const known = await getShardStub(this.#env, this.#app.id, shard).describe(this.header.id);
    if (expected === 0 || (known !== null && acceptedOf(known.totals) >= expected)) return false;
    for (const step of this.walk.stepsOf(shard)) {
      if ((await this.walk.readRows(step)).some(([target]) => target === userId)) return true;
    }
    return false;
  }

  #targetsFor(deliveries: number): number {
    return Math.ceil(deliveries / Math.max(1, this.header.channels.length)) + 1;
  }
}

function isUnfiltered({ status, reason, channelKey }: LogFilter): boolean {
  return status === null && reason === null && channelKey === null;
}

function passes(delivery: LoggedDelivery, { status, reason, channelKey }: LogFilter): boolean {
  return (
    (status === null || delivery.status === status) &&
    (reason === null || delivery.reason === reason) &&
    (channelKey === null || delivery.channelKey === channelKey)
  );
}

/** The plan in the ledger; a realtime send to one has none, but its shard knows the target. */
async function findPlan(env: Bindings, app: AppRecord, header: NotificationHeader): Promise<SendPlan> {
  const parts = requireIdParts(header.id);
  const { shard } = parts;
  if (shard === null) {
    const plan = await getLedgerStub(env, app.id, parts).getPlan(header.id);
    if (plan === null) throw new Error("A notification without a plan");
    return loadPlan(env, app.id, plan);
  }
  const target = await getShardStub(env, app.id, shard).getTarget(header.id);
  const rows: StoredRow[] = target === null ? [] : [[target]];
  const template = { content: {}, variableSchema: {} };
  return {
    header,
    template,
    pushData: {},
    columns: [],
    source: { kind: "inline", rows },
    expected: [[shard, rows.length]],
  };
}
