import type { AudienceWalk, WalkRun } from "../audiences/walk.ts";
import { TtlCache } from "../copies/cache.ts";
import type { Bindings } from "../env.ts";
import type { LoggedDelivery } from "../model/delivery.ts";
import type { RunLog } from "../model/delivery-log.ts";
import type { DeliveryStatus, NotificationHeader, StoredRow } from "../model/notification.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";

/** A target with a delivery for every channel, in the notification's order. */
export interface LoggedTarget {
  userId: string;
  /** Raw, in the order of the template's variables; null where it has none, or they weren't asked for. */
  values: unknown[] | null;
  deliveries: LoggedDelivery[];
}

/** Some targets of a step, by their places in it. */
export interface StepSlice {
  step: number;
  from: number;
  to: number;
}

/** A run of a step, and which of its targets are wanted. */
type RunSlice = WalkRun & { step: number; from: number; to: number };

/**
 * Of batches whose targets aren't all in their shards: steps that pages are read from, as several pages lie in one. A
 * step has 512 KB at most.
 */
const audienceSteps = new TtlCache<readonly StoredRow[]>({ ttlMs: 10_000, maxEntries: 8 });

/** A notification whose targets are walked through. */
interface Walked {
  appId: string;
  header: NotificationHeader;
  walk: AudienceWalk;
}

/**
 * Reads a notification's targets with what became of them. Of a batch the shards have both, in the audience's order;
 * who isn't delivered to yet, or was by an earlier version, is read from the audience.
 */
export class LoggedTargets {
  readonly #env: Bindings;
  readonly #its: Walked;

  constructor(env: Bindings, walked: Walked) {
    this.#env = env;
    this.#its = walked;
  }

  /** In the order of the audience. One call per shard, mostly. */
  async read({ step, from, to }: StepSlice, withValues: boolean): Promise<LoggedTarget[]> {
    const runs = this.#its.walk.runsOf(step).flatMap((run): RunSlice[] => {
      const slice = { from: Math.max(0, from - run.start), to: Math.min(run.count, to - run.start) };
      return slice.from < slice.to ? [{ ...run, step, ...slice }] : [];
    });
    return (await Promise.all(runs.map((run) => this.#readRun(run, withValues)))).flat();
  }

  /** What became of one user, as far as their shard has it; whether the user was deleted since. */
  async find(shard: number, userId: string): Promise<{ deliveries: LoggedDelivery[]; isGone: boolean }> {
    const { deliveries, gone } = await this.#listDeliveries(shard, [userId]);
    return { deliveries, isGone: gone.length > 0 };
  }

  /** A delivery for every channel, in the notification's order: what isn't known of is pending. */
  complete(userId: string, stored: readonly LoggedDelivery[], isUserGone = false): LoggedDelivery[] {
    return this.#its.header.channels.map(
      ({ key }) =>
        stored.find(({ channelKey }) => channelKey === key) ??
        toDelivery(userId, isUserGone, { channelKey: key, status: "pending", reason: null }),
    );
  }

  async #readRun(run: RunSlice, withValues: boolean): Promise<LoggedTarget[]> {
    const { step, shard, count, from, to } = run;
    const units = this.#its.walk.unitsOf(step);
    const inShard =
      units === null
        ? null
        : await this.#stub(shard).readRun({
            notificationId: this.#its.header.id,
            units,
            count,
            from,
            to,
            withValues,
          });
    return inShard === null ? this.#readAudience(run, withValues) : this.#fromShard(inShard, from);
  }

  #fromShard({ targets, defaults, rows, gone }: RunLog, from: number): LoggedTarget[] {
    const ownRows = Map.groupBy(rows, ({ userId }) => userId);
    const isGone = new Set(gone);
    const { channels } = this.#its.header;
    let segment = 0;
    return targets.map(([userId, ...values], index) => {
      while ((defaults[segment + 1]?.from ?? Number.POSITIVE_INFINITY) <= from + index) segment++;
      const { outcomes = [], storedAt = 0 } = defaults[segment] ?? {};
      const own = ownRows.get(userId);
      const deliveries = channels.map(({ key }): LoggedDelivery => {
        const row = own?.find(({ channelKey }) => channelKey === key);
        if (row !== undefined) return row;
        const outcome = outcomes.find(({ channelKey }) => channelKey === key);
        return toDelivery(
          userId,
          isGone.has(userId),
          outcome ?? { channelKey: key, status: "pending", reason: null },
          storedAt,
        );
      });
      return { userId, values: values.length === 0 ? null : values, deliveries };
    });
  }

  async #readAudience(
    { step, shard, start, from, to }: RunSlice,
    withValues: boolean,
  ): Promise<LoggedTarget[]> {
    const rows = (await this.#readStep(step)).slice(start + from, start + to);
    const { deliveries, gone } = await this.#listDeliveries(
      shard,
      rows.map(([userId]) => userId),
    );
    const stored = Map.groupBy(deliveries, ({ userId }) => userId);
    const isGone = new Set(gone);
    return Promise.all(
      rows.map(async (row) => ({
        userId: row[0],
        values: withValues ? await this.#its.walk.readValues(row) : null,
        deliveries: this.complete(row[0], stored.get(row[0]) ?? [], isGone.has(row[0])),
      })),
    );
  }

  async #readStep(step: number): Promise<readonly StoredRow[]> {
    if (this.#its.header.mode !== "batch") return this.#its.walk.readRows(step);
    const cacheKey = `${this.#its.appId}:${this.#its.header.id}:${step}`;
    const rows = audienceSteps.get(cacheKey) ?? (await this.#its.walk.readRows(step));
    audienceSteps.set(cacheKey, rows);
    return rows;
  }

  #listDeliveries(shard: number, userIds: string[]) {
    return this.#stub(shard).listDeliveries(this.#its.header.id, userIds);
  }

  #stub(shard: number) {
    return getShardStub(this.#env, this.#its.appId, shard);
  }
}

interface ChannelOutcome {
  channelKey: string;
  status: DeliveryStatus;
  reason: string | null;
}

/** A delivery that has no row. `at`: when it was settled, Unix ms. */
function toDelivery(
  userId: string,
  isUserGone: boolean,
  { channelKey, status, reason }: ChannelOutcome,
  at: number | null = null,
): LoggedDelivery {
  return {
    userId,
    isUserGone,
    channelKey,
    status,
    reason,
    message: null,
    tries: 0,
    deliveredAt: status === "delivered" ? at : null,
    viewedAt: null,
    clickedAt: null,
  };
}
