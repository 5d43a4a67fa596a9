import { loadPlan } from "../audiences/plan-details.ts";
import {
  type AudienceWalk,
  openWalk,
  readWalkSource,
  type WalkRun,
  type WalkSource,
} from "../audiences/walk.ts";
import { TtlCache } from "../copies/cache.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { LoggedDelivery } from "../model/delivery.ts";
import { requireIdParts } from "../model/ids.ts";
import type { DeliveryStatus, NotificationHeader, SendPlan, StoredRow } from "../model/notification.ts";
import { shardOfUser } from "../model/user-hash.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
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

/** What a shard knows of some targets, by user. */
interface KnownDeliveries {
  stored: Map<string, LoggedDelivery[]>;
  /** Who was deleted since the send. */
  gone: ReadonlySet<string>;
}

/** A target with its deliveries that a filter lets pass. */
export interface LoggedTarget {
  row: StoredRow;
  deliveries: LoggedDelivery[];
}

/** Steps that one page walks through at most: a page for which little fits is short and has a cursor. */
const STEPS_PER_PAGE = 10;

/**
 * Of batches whose logs are being read: asked for anew, a page of 100 rows would cost two calls of the ledger and
 * a read of R2 beside the rows. At most 20 indexes of 100,000 targets: 2 MB.
 */
const sources = new TtlCache<WalkSource>({ ttlMs: 60_000, maxEntries: 20 });

/** Of batches: steps that pages are read from, as several pages lie in one. A step has 512 KB at most. */
const steps = new TtlCache<WalkRun[]>({ ttlMs: 10_000, maxEntries: 8 });

/** A notification's deliveries, target by target in the order of its audience. */
export class DeliveryLog {
  readonly #env: Bindings;
  readonly #app: AppRecord;
  readonly header: NotificationHeader;
  readonly walk: AudienceWalk;

  private constructor(env: Bindings, app: AppRecord, source: WalkSource) {
    this.#env = env;
    this.#app = app;
    this.header = source.plan.header;
    this.walk = openWalk(env, app, source);
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
      const count = isUnfiltered(filter) ? this.#targetsFor(limit - deliveries.length) + 1 : undefined;
      for (const [index, target] of (await this.#readPart(step, filter, start, count)).entries()) {
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
    const known = await this.#look({ shard, rows: [[userId]] });
    // Who has the uid now wasn't sent to.
    if (known.gone.has(userId)) return [];
    const stored = known.stored.get(userId);
    if (stored !== undefined) return this.#complete(userId, stored).filter((found) => passes(found, filter));
    // Not delivered yet, or no target at all: the audience knows.
    for (const step of this.walk.stepsOf(shard)) {
      const runs = await this.walk.read(step);
      if (runs.some(({ rows }) => rows.some(([target]) => target === userId))) {
        return this.#complete(userId, []).filter((found) => passes(found, filter));
      }
    }
    return [];
  }

  /** The targets of one step, with the deliveries that pass. One call per shard. */
  async readStep(step: number, filter: LogFilter): Promise<LoggedTarget[]> {
    return this.#lookUp(await this.walk.read(step), filter);
  }

  /** `count` targets of a step from the `start`th on; all that are left without `count`. */
  async #readPart(
    step: number,
    filter: LogFilter,
    start: number,
    count = Number.POSITIVE_INFINITY,
  ): Promise<LoggedTarget[]> {
    const cacheKey = `${this.#app.id}:${this.header.id}:${step}`;
    const runs = steps.get(cacheKey) ?? (await this.walk.read(step));
    if (this.header.mode === "batch") steps.set(cacheKey, runs);
    return this.#lookUp(cutRuns(runs, start, count), filter);
  }

  async #lookUp(runs: readonly WalkRun[], filter: LogFilter): Promise<LoggedTarget[]> {
    const found = await Promise.all(runs.map((run) => this.#look(run)));
    return runs.flatMap(({ rows }, index) =>
      rows.map((row) => ({
        row,
        deliveries: this.#complete(
          row[0],
          found[index]?.stored.get(row[0]) ?? [],
          found[index]?.gone.has(row[0]),
        ).filter((delivery) => passes(delivery, filter)),
      })),
    );
  }

  #targetsFor(deliveries: number): number {
    return Math.ceil(deliveries / Math.max(1, this.header.channels.length)) + 1;
  }

  async #look({ shard, rows }: WalkRun): Promise<KnownDeliveries> {
    const userIds = rows.map(([userId]) => userId);
    const found = await getShardStub(this.#env, this.#app.id, shard).listDeliveries(this.header.id, userIds);
    return {
      stored: Map.groupBy(found.deliveries, ({ userId }) => userId),
      gone: new Set(found.gone),
    };
  }

  /** A delivery for every channel, in the notification's order. */
  #complete(userId: string, stored: readonly LoggedDelivery[], isUserGone = false): LoggedDelivery[] {
    return this.header.channels.map(
      ({ key: channelKey }) =>
        stored.find((delivery) => delivery.channelKey === channelKey) ?? {
          userId,
          isUserGone,
          channelKey,
          status: "pending",
          reason: null,
          message: null,
          tries: 0,
          deliveredAt: null,
          viewedAt: null,
          clickedAt: null,
        },
    );
  }
}

function isUnfiltered({ status, reason, channelKey }: LogFilter): boolean {
  return status === null && reason === null && channelKey === null;
}

/** `count` rows from the `start`th on, in the runs that they are in. */
function cutRuns(runs: readonly WalkRun[], start: number, count: number): WalkRun[] {
  let position = 0;
  return runs.flatMap(({ shard, rows }) => {
    const cut = rows.slice(Math.max(0, start - position), Math.max(0, start + count - position));
    position += rows.length;
    return cut.length === 0 ? [] : [{ shard, rows: cut }];
  });
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
