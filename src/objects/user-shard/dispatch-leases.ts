import { requireDispatched } from "../../channels/table.ts";
import type {
  DispatchGroup,
  DispatchLane,
  DispatchLease,
  DispatchLeaseRequest,
  DispatchTarget,
} from "../../model/dispatch.ts";
import { newId } from "../../model/ids.ts";
import { DISPATCH_LEASE_ROWS, MAX_USER_CALLS_AT_ONCE } from "../../model/limits.ts";
import type { DueTable } from "../kit/due.ts";
import type { AddressStore } from "./address-store.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { DISPATCH_DUTY, type DispatchCircuits } from "./dispatch-circuits.ts";
import { type DispatchRow, progressOf } from "./dispatch-reads.ts";
import type { DispatchSettlements } from "./dispatch-settlements.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import { wakeWaiting } from "./dispatch-waiting.ts";
import type { Tombstones } from "./tombstones.ts";
import type { UsersInHand } from "./users-in-hand.ts";

const USER_DEACTIVATED = { status: "skipped", reason: "user_deactivated" } as const;
const USER_DELETED = { status: "skipped", reason: "user_deleted" } as const;

interface LeaseParts {
  deliveries: DeliveryStore;
  addresses: AddressStore;
  store: DispatchStore;
  tombstones: Tombstones;
  /** Who of these users is deactivated. */
  listInactive: (userIds: readonly string[]) => string[];
  due: DueTable;
  circuits: DispatchCircuits;
  inHand: UsersInHand;
  settlements: DispatchSettlements;
}

/** Dispatches by user, and the failing scopes that each is the probe of. */
type Probes = Map<string, { row: DispatchRow; scopes: Set<string> }>;

/** Hands the outbox's dispatches out. Methods expect to run inside a transaction. */
export class DispatchLeases {
  readonly #parts: LeaseParts;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /**
   * Hands due dispatches out. What has no address left is skipped here. Null where there is nothing to do. A scope
   * that fails gives out one per probe interval, and a user of whom senders have as many addresses in hand as may be
   * asked at once gets none before they report.
   */
  lease({ blocked, leaseMs, ...lane }: DispatchLeaseRequest, now: number): DispatchLease | null {
    const { store, circuits, inHand } = this.#parts;
    const { channelKey, notificationId } = lane;
    for (const [scope, until] of blocked) circuits.block(channelKey, scope, until, now);
    const open = new Set(circuits.listOpen(channelKey));
    wakeWaiting(this.#parts, inHand.releaseExpired(now), now);
    const busy = inHand.listFull();
    const rows = store.listDue(lane, { blocked: [...open], busy }, now, DISPATCH_LEASE_ROWS);
    // After a full lease its sender comes again, and these users' dispatches are looked for then.
    if (busy.length > 0 && rows.length < DISPATCH_LEASE_ROWS) {
      inHand.wait(store.listDueOf(lane, busy, now), lane);
    }
    const probes = this.#takeProbes(lane, now);
    const all = new Map(
      [...rows, ...[...probes.values()].map(({ row }) => row)].map((row) => [row.userId, row]),
    );
    const targets = this.#handOut({ channelKey, notificationId }, all, probes, open, now);
    return targets.length === 0 ? null : this.#write(lane, [...all.values()], targets, leaseMs, now);
  }

  /** Writes the lease down: nobody else gets these before it ends. Null where the notification is gone. */
  #write(
    { channelKey, notificationId, isSlow }: DispatchLane,
    rows: readonly DispatchRow[],
    targets: DispatchTarget[],
    leaseMs: number,
    now: number,
  ): DispatchLease | null {
    const { deliveries, store, due, inHand } = this.#parts;
    const stored = deliveries.getNotification(notificationId);
    const [first] = rows;
    if (stored === null || first === undefined) return null;
    const id = newId();
    const until = now + leaseMs;
    store.lease(
      { channelKey, notificationId },
      targets.map(({ userId }) => userId),
      id,
      until,
    );
    inHand.take(id, until, new Map(targets.map(({ userId, addresses }) => [userId, addresses.length])));
    due.bringForward(DISPATCH_DUTY, "", until);
    // The expiry stands in the rows: a retry has one of its own, which the header doesn't know.
    const expiresAt = Math.max(...rows.map((row) => row.expiresAt));
    const { priority } = stored.header;
    const pushData = deliveries.getPushData(notificationId);
    const notification = { id: notificationId, priority: priority ?? "high", expiresAt, pushData };
    return { id, channelKey, channelType: first.channelType, notification, isSlow, until, targets };
  }

  /** The one dispatch of each failing scope whose time for it has come. */
  #takeProbes(lane: DispatchLane, now: number): Probes {
    const { circuits, store, inHand } = this.#parts;
    const probes: Probes = new Map();
    for (const scope of circuits.listProbeable(lane.channelKey, now)) {
      const row = store.findProbe(lane, scope, now);
      if (row === null || inHand.countFree(row.userId) === 0) continue;
      circuits.takeProbe(lane.channelKey, scope, now);
      const probe = probes.get(row.userId) ?? { row, scopes: new Set() };
      probes.set(row.userId, { ...probe, scopes: probe.scopes.add(scope) });
    }
    return probes;
  }

  /** The rows with the addresses that are due and in no failing scope, but for its probe. */
  #handOut(
    group: DispatchGroup,
    byUser: ReadonlyMap<string, DispatchRow>,
    probes: Probes,
    open: ReadonlySet<string>,
    now: number,
  ): DispatchTarget[] {
    const { tombstones, listInactive, addresses, inHand } = this.#parts;
    const [first] = byUser.values();
    if (first === undefined) return [];
    const { skipReason } = requireDispatched(first.channelType).address;
    const gone = new Set(tombstones.listGone([...byUser.keys()], group.notificationId));
    const inactive = new Set(listInactive([...byUser.keys()].filter((uid) => !gone.has(uid))));
    const known = addresses.listForDispatch(first.channelType, [...byUser.keys()]);
    const targets: DispatchTarget[] = [];
    const withoutAddress: DispatchRow[] = [];
    for (const [userId, row] of byUser) {
      // The uid may be another user's by now, with addresses: this delivery was for the one who is gone.
      if (gone.has(userId) || inactive.has(userId)) continue;
      const left = (known.get(userId) ?? []).filter(({ key }) => progressOf(row, key) !== null);
      if (left.length === 0) withoutAddress.push(row);
      const due = left.filter(({ key, scope }) => {
        const isDue = (progressOf(row, key)?.dueAt ?? 0) <= now;
        return isDue && (!open.has(scope) || probes.get(userId)?.scopes.has(scope));
      });
      // A user of whom no sender has a dispatch gets all: their one sender calls few at once by itself.
      const free = inHand.countFree(userId);
      const { attempt, content } = row;
      const given = free < MAX_USER_CALLS_AT_ONCE ? due.slice(0, free) : due;
      if (given.length > 0) targets.push({ userId, attempt, content, addresses: given });
    }
    this.#skip(group, withoutAddress, () => ({ status: "skipped", reason: skipReason }), now);
    const unwanted = [...byUser.values()].filter(({ userId }) => gone.has(userId) || inactive.has(userId));
    this.#skip(group, unwanted, ({ userId }) => (gone.has(userId) ? USER_DELETED : USER_DEACTIVATED), now);
    return targets;
  }

  #skip(...what: Parameters<DispatchSettlements["end"]>): void {
    this.#parts.settlements.end(...what);
  }
}
