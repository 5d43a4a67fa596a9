import { expiredReason } from "../../channels/dispatch/judge.ts";
import type { PushConfig } from "../../env.ts";
import type { DeliverySlice } from "../../model/delivery.ts";
import type {
  DispatchGroup,
  DispatchLane,
  DispatchLease,
  DispatchLeaseRequest,
  DispatchReport,
  OpenCircuit,
} from "../../model/dispatch.ts";
import { DISPATCH_LEASE_ROWS } from "../../model/limits.ts";
import type { SkipReason } from "../../model/notification.ts";
import type { DueTable } from "../kit/due.ts";
import type { AddressStore } from "./address-store.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { DISPATCH_DUTY, DispatchCircuits } from "./dispatch-circuits.ts";
import { DispatchLeases } from "./dispatch-leases.ts";
import type { DispatchRow } from "./dispatch-reads.ts";
import { DispatchReports } from "./dispatch-reports.ts";
import { DispatchSettlements } from "./dispatch-settlements.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { DispatchWakes } from "./dispatch-wakes.ts";
import type { Tombstones } from "./tombstones.ts";
import { UsersInHand } from "./users-in-hand.ts";

/** Groups that one turn of the alarm sends messages for. */
const GROUPS_PER_TURN = 200;
/** Dispatches that are settled in one transaction. */
const SETTLE_ROWS = 1000;
/** Messages of one group in one turn: what they leave is woken by the next. */
const MESSAGES_PER_GROUP = 50;

/** Puts so many messages for a group into the queue of its notification's priority, or of what is slow. */
type EnqueueDispatches = (groups: readonly (DispatchLane & { messages: number })[]) => Promise<void>;

interface OutboxParts {
  deliveries: DeliveryStore;
  addresses: AddressStore;
  store: DispatchStore;
  tombstones: Tombstones;
  wakes: DispatchWakes;
  /** Who of these users is deactivated. */
  listInactive: (userIds: readonly string[]) => string[];
  due: DueTable;
  config: PushConfig;
  /** After this long a dispatch that nobody leased gets another message, ms. */
  stallMs: number;
  enqueue: EnqueueDispatches;
  /** Inside a transaction that changes totals: they are to be reported. */
  noteChange: (now: number) => void;
}

/**
 * Deliveries of one shard that a provider is called for: written with their rows, handed out in leases, settled by
 * reports. The alarm sends messages for what is due and for leases that were never reported.
 */
export class DispatchOutbox {
  readonly #parts: OutboxParts;
  readonly #circuits: DispatchCircuits;
  readonly #settlements: DispatchSettlements;
  readonly #leases: DispatchLeases;
  readonly #reports: DispatchReports;

  constructor(parts: OutboxParts) {
    const inHand = new UsersInHand();
    parts.due.onUndone(() => inHand.forget());
    this.#parts = parts;
    this.#circuits = new DispatchCircuits(parts.wakes, parts.due, parts.config);
    this.#settlements = new DispatchSettlements(parts);
    // Not `...parts`: `stallMs` is a getter, which throws where the variable of the deployment is wrong.
    const { deliveries, addresses, store, tombstones, wakes, listInactive, due, config } = parts;
    const shared = {
      deliveries,
      addresses,
      store,
      tombstones,
      wakes,
      listInactive,
      due,
      config,
      inHand,
      circuits: this.#circuits,
      settlements: this.#settlements,
    };
    this.#leases = new DispatchLeases(shared);
    this.#reports = new DispatchReports(shared);
  }

  /** Providers that fail, as far as this instance knows. */
  listOpenCircuits(): OpenCircuit[] {
    return this.#circuits.listAll();
  }

  /** Inside the transaction that writes the deliveries. */
  store(
    slice: DeliverySlice,
    userIds: readonly string[] | null,
    header: { id: string; expiresAt: number },
    now: number,
    attempt = 1,
  ): number {
    if (slice.outbox === null) return 0;
    const { store, due, stallMs } = this.#parts;
    const { expiresAt } = header;
    const group = { channelKey: slice.outbox.channelKey, notificationId: header.id };
    const wakeAt = Math.min(now + stallMs, expiresAt);
    const count = store.insert(group, slice.json, userIds, { attempt, dueAt: now, wakeAt, expiresAt });
    if (count > 0) due.bringForward(DISPATCH_DUTY, "", wakeAt);
    return count;
  }

  /** Sends messages for what was just written; the alarm repeats what is lost. */
  async enqueueNew(
    notificationId: string,
    pending: readonly (readonly [channelKey: string, count: number])[],
  ): Promise<void> {
    await this.#parts.enqueue(
      pending.map(([channelKey, count]) => ({
        channelKey,
        notificationId,
        isSlow: false,
        messages: messagesFor(count),
      })),
    );
  }

  /** See {@link DispatchLeases.lease}. */
  lease(request: DispatchLeaseRequest, now: number): DispatchLease | null {
    return this.#leases.lease(request, now);
  }

  /** See {@link DispatchReports.take}. */
  report(report: DispatchReport, now: number): void {
    this.#reports.take(report, now);
  }

  /** Skips all of a group that nobody has in hand: its channel is disabled. In a transaction. */
  skipGroup(group: DispatchGroup, reason: SkipReason, now: number): void {
    const rows = this.#parts.store.listFree(group, now, SETTLE_ROWS);
    this.#settlements.end(group, rows, () => ({ status: "skipped", reason }), now);
  }

  /** Skips what a deleted user was still to get of these. In a transaction. */
  skipUser(userId: string, groups: readonly DispatchGroup[], now: number): void {
    for (const group of groups) {
      const rows = this.#parts.store.get(group, [userId]);
      this.#settlements.end(group, rows, () => ({ status: "skipped", reason: "user_deleted" }), now);
    }
  }

  /** The alarm's turn: settles what has expired, and sends messages for what is due. */
  async wake(now: number): Promise<void> {
    const { store, wakes, due, stallMs, enqueue } = this.#parts;
    const groups = due.transaction(() => {
      const hasMore = this.#circuits.wakeMore(now);
      const rows = wakes.listToWake(now);
      this.#settleExpired(
        rows.filter(({ hasExpired }) => hasExpired),
        now,
      );
      const found = groupByLane(rows.filter(({ hasExpired }) => !hasExpired)).slice(0, GROUPS_PER_TURN);
      for (const { lane } of found) store.markWoken(lane, now, stallMs);
      const next = hasMore ? now : wakes.nextWakeAt();
      if (next === null) due.remove(DISPATCH_DUTY, "");
      else due.set(DISPATCH_DUTY, "", next);
      return found;
    });
    await enqueue(
      groups.map(({ lane, userIds }) => ({
        ...lane,
        messages: Math.min(messagesFor(userIds.length), MESSAGES_PER_GROUP),
      })),
    );
  }

  /** The alarm's turn for providers that fail: a message for one dispatch each, to see whether they answer again. */
  async probe(now: number): Promise<void> {
    const groups = this.#circuits.listProbes(now);
    await this.#parts.enqueue(groups.map((group) => ({ ...group, messages: 1 })));
  }

  #settleExpired(expired: readonly (DispatchLane & { userId: string })[], now: number): void {
    for (const { lane: group, userIds } of groupByLane(expired)) {
      const isDown = this.#circuits.listOpen(group.channelKey).length > 0;
      const outcomeOf = (row: DispatchRow) =>
        ({ status: "failed", reason: expiredReason(row.tries, isDown) }) as const;
      this.#settlements.end(group, this.#parts.store.get(group, userIds), outcomeOf, now);
    }
  }
}

/** Dispatches by their channel, notification and queue, in the order in which those come first. */
function groupByLane(
  rows: readonly (DispatchLane & { userId: string })[],
): { lane: DispatchLane; userIds: string[] }[] {
  const groups = Map.groupBy(
    rows,
    ({ channelKey, notificationId, isSlow }) => `${channelKey} ${notificationId} ${isSlow}`,
  );
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { channelKey, notificationId, isSlow } = first;
    return [{ lane: { channelKey, notificationId, isSlow }, userIds: members.map(({ userId }) => userId) }];
  });
}

function messagesFor(count: number): number {
  return Math.ceil(count / DISPATCH_LEASE_ROWS);
}
