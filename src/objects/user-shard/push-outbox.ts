import {
  type DeviceProgress,
  expiredReason,
  judgePush,
  type PushVerdict,
} from "../../channels/push/outcomes.ts";
import type { PushConfig } from "../../env.ts";
import type { DeliverySlice, Settlement } from "../../model/delivery.ts";
import { newId } from "../../model/ids.ts";
import { MAX_PUSH_TRIES, MAX_USER_PUSHES_AT_ONCE, PUSH_LEASE_ROWS } from "../../model/limits.ts";
import type { DeliveryStatus, SkipReason } from "../../model/notification.ts";
import type {
  OpenCircuit,
  PushDevice,
  PushGroup,
  PushLane,
  PushLease,
  PushLeaseRequest,
  PushReport,
  PushTarget,
  TargetReport,
} from "../../model/push.ts";
import { nextAttemptDelayMs } from "../../outbound/backoff.ts";
import type { DueTable } from "../kit/due.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { DeviceStore } from "./device-store.ts";
import { PUSH_DUTY, PushCircuits } from "./push-circuits.ts";
import type { PushRow, PushStore, PushUpdate } from "./push-store.ts";
import type { PushWakes } from "./push-wakes.ts";
import type { Tombstones } from "./tombstones.ts";
import { UsersInHand } from "./users-in-hand.ts";

/** Groups that one turn of the alarm sends messages for. */
const GROUPS_PER_TURN = 200;
/** Pushes that are settled in one transaction. */
const SETTLE_ROWS = 1000;
/** Due times are rounded up to this part of the first pause. */
const ROUNDING = 10;
const NO_DEVICE = { status: "skipped", reason: "no_device" } as const;
const USER_DEACTIVATED = { status: "skipped", reason: "user_deactivated" } as const;
const USER_DELETED = { status: "skipped", reason: "user_deleted" } as const;
/** Messages of one group in one turn: what they leave is woken by the next. */
const MESSAGES_PER_GROUP = 50;

/** Puts so many messages for a group into the push queue of its notification's priority, or of what is slow. */
type EnqueuePushes = (groups: readonly (PushLane & { messages: number })[]) => Promise<void>;

interface OutboxParts {
  deliveries: DeliveryStore;
  devices: DeviceStore;
  store: PushStore;
  tombstones: Tombstones;
  wakes: PushWakes;
  /** Who of these users is deactivated. */
  listInactive: (userIds: readonly string[]) => string[];
  due: DueTable;
  config: PushConfig;
  /** After this long a push that nobody leased gets another message, ms. */
  stallMs: number;
  enqueue: EnqueuePushes;
  /** Inside a transaction that changes totals: they are to be reported. */
  noteChange: (now: number) => void;
}

/**
 * Pending pushes of one shard: written with their deliveries, handed out in leases, settled by reports. The
 * alarm sends messages for what is due and for leases that were never reported.
 */
export class PushOutbox {
  readonly #parts: OutboxParts;
  readonly #circuits: PushCircuits;
  readonly #inHand = new UsersInHand();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    parts.due.onUndone(() => this.#inHand.forget());
    this.#circuits = new PushCircuits(parts.wakes, parts.due, parts.config);
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
    if (slice.push === null) return 0;
    const { store, due, stallMs } = this.#parts;
    const { expiresAt } = header;
    const group = { channelKey: slice.push.channelKey, notificationId: header.id };
    const wakeAt = Math.min(now + stallMs, expiresAt);
    const count = store.insert(group, slice.json, userIds, { attempt, dueAt: now, wakeAt, expiresAt });
    if (count > 0) due.bringForward(PUSH_DUTY, "", wakeAt);
    return count;
  }

  /** Sends messages for pushes that were just written; the alarm repeats what is lost. */
  async enqueueNew(
    notificationId: string,
    pending: readonly (readonly [channelKey: string, count: number])[],
  ): Promise<void> {
    await this.#parts.enqueue(
      pending.map(([channelKey, count]) => ({
        ...{ channelKey, notificationId, isSlow: false },
        messages: messagesFor(count),
      })),
    );
  }

  /**
   * Hands due pushes out, in a transaction. What has no device left is skipped here. Null where there is
   * nothing to do. A scope that fails gives out one push per probe interval, and a user of whom senders have as many
   * devices in hand as may be asked at once gets none before they report.
   */
  lease({ blocked, leaseMs, ...lane }: PushLeaseRequest, now: number): PushLease | null {
    const { deliveries, store, due } = this.#parts;
    const { channelKey, notificationId, isSlow } = lane;
    const group = { channelKey, notificationId };
    for (const [scope, until] of blocked) this.#circuits.block(channelKey, scope, until, now);
    const open = new Set(this.#circuits.listOpen(channelKey));
    this.#wakeWaiting(this.#inHand.releaseExpired(now), now);
    const busy = this.#inHand.listFull();
    const rows = store.listDue(lane, { blocked: [...open], busy }, now, PUSH_LEASE_ROWS);
    // Who comes for more finds out then.
    if (busy.length > 0 && rows.length < PUSH_LEASE_ROWS) {
      this.#inHand.wait(store.listDueOf(lane, busy, now), lane);
    }
    const probes = this.#takeProbes(lane, now);
    const targets = this.#handOut(group, rows, probes, open, now);
    // The rows', not the header's: a retry has its own. All rows of an attempt have the same.
    const expiresAt = Math.max(
      ...rows.map((row) => row.expiresAt),
      ...[...probes.values()].map(({ row }) => row.expiresAt),
    );
    const stored = deliveries.getNotification(notificationId);
    if (targets.length === 0 || stored === null) return null;
    const id = newId();
    const until = now + leaseMs;
    store.lease(
      group,
      targets.map(({ userId }) => userId),
      id,
      until,
    );
    this.#inHand.take(id, until, new Map(targets.map(({ userId, devices }) => [userId, devices.length])));
    due.bringForward(PUSH_DUTY, "", until);
    const { priority } = stored.header;
    const pushData = deliveries.getPushData(notificationId);
    const notification = { id: notificationId, priority: priority ?? "high", expiresAt, pushData };
    return { id, channelKey, notification, isSlow, until, targets };
  }

  /** What waited for these users' other pushes gets a message, as much as they may be asked for at once. */
  #wakeWaiting(userIds: readonly string[], now: number): void {
    const { wakes, due } = this.#parts;
    for (const userId of userIds) {
      let free = this.#inHand.countFree(userId);
      while (free > 0) {
        const lane = this.#inHand.takeWaiting(userId);
        if (lane === null) break;
        if (!wakes.wakeOne(lane, userId, now)) continue;
        due.bringForward(PUSH_DUTY, "", now);
        free--;
      }
    }
  }

  /** The one push of each failing scope whose time for it has come. */
  #takeProbes(lane: PushLane, now: number): Map<string, { row: PushRow; scopes: Set<string> }> {
    const probes = new Map<string, { row: PushRow; scopes: Set<string> }>();
    for (const scope of this.#circuits.listProbeable(lane.channelKey, now)) {
      const row = this.#parts.store.findProbe(lane, scope, now);
      if (row === null || this.#inHand.countFree(row.userId) === 0) continue;
      this.#circuits.takeProbe(lane.channelKey, scope, now);
      const probe = probes.get(row.userId) ?? { row, scopes: new Set() };
      probes.set(row.userId, { ...probe, scopes: probe.scopes.add(scope) });
    }
    return probes;
  }

  /** The rows with the devices that are due and in no failing scope, but for its probe. */
  #handOut(
    group: PushGroup,
    rows: readonly PushRow[],
    probes: ReadonlyMap<string, { row: PushRow; scopes: Set<string> }>,
    open: ReadonlySet<string>,
    now: number,
  ): PushTarget[] {
    const byUser = new Map(
      [...rows, ...[...probes.values()].map(({ row }) => row)].map((row) => [row.userId, row]),
    );
    const gone = new Set(this.#parts.tombstones.listGone([...byUser.keys()], group.notificationId));
    const inactive = new Set(this.#parts.listInactive([...byUser.keys()].filter((uid) => !gone.has(uid))));
    const known = this.#parts.devices.listForPush([...byUser.keys()]);
    const targets: PushTarget[] = [];
    const withoutDevice: PushRow[] = [];
    for (const [userId, row] of byUser) {
      // Who has the uid now, and devices, wasn't sent to.
      if (gone.has(userId) || inactive.has(userId)) continue;
      const left = (known.get(userId) ?? []).filter(({ key }) => progressOf(row, key) !== null);
      if (left.length === 0) withoutDevice.push(row);
      const due = left.filter(({ key, scope }) => {
        const isDue = (progressOf(row, key)?.dueAt ?? 0) <= now;
        return isDue && (!open.has(scope) || probes.get(userId)?.scopes.has(scope));
      });
      // Of whom nobody has any in hand, all: their one sender asks as few at once by itself.
      const free = this.#inHand.countFree(userId);
      const devices = free < MAX_USER_PUSHES_AT_ONCE ? due.slice(0, free) : due;
      const { attempt, content } = row;
      if (devices.length > 0) targets.push({ userId, attempt, content, devices });
    }
    this.#settle(group, withoutDevice, () => NO_DEVICE, now);
    const unwanted = [...byUser.values()].filter(({ userId }) => gone.has(userId) || inactive.has(userId));
    this.#settle(group, unwanted, ({ userId }) => (gone.has(userId) ? USER_DELETED : USER_DEACTIVATED), now);
    return targets;
  }

  /** Takes a lease's results, in a transaction: each counts once, whoever reports it and how often. */
  report(report: PushReport, now: number): void {
    const { devices, store } = this.#parts;
    const { channelKey, notificationId } = report;
    const group = { channelKey, notificationId };
    const userIds = report.targets.map(({ userId }) => userId);
    const rows = new Map(store.get(group, userIds).map((row) => [row.userId, row]));
    const known = devices.listForPush(userIds);
    const settlements: Settlement[] = [];
    const updates: PushUpdate[] = [];
    const done: string[] = [];
    for (const target of report.targets) {
      const { userId, attempt } = target;
      const row = rows.get(userId);
      if (row === undefined || row.attempt !== attempt) continue;
      const verdict = this.#judge(row, known.get(userId) ?? [], target, now);
      const isMine = row.leaseId === report.leaseId;
      // Somebody else has this push in hand by now: only a success is news, and what is left is theirs.
      if (!isMine && verdict.settled?.status !== "delivered") continue;
      const tries = row.tries + (verdict.wasTried ? 1 : 0);
      if (verdict.settled !== null && !row.accepted) {
        settlements.push({ userId, attempt, tries, ...verdict.settled });
      }
      const { remaining } = verdict;
      if (remaining.length === 0) done.push(userId);
      else if (isMine) {
        const accepted = row.accepted || verdict.settled !== null;
        const isSlow = row.isSlow || target.devices.some((device) => device.isSlow === true);
        updates.push({ userId, remaining, tries, accepted, isSlow, dueAt: this.#firstDue(remaining, now) });
      }
    }
    this.#noteDevices(channelKey, report, known, now);
    if (done.length > 0) store.delete(group, done);
    if (updates.length > 0) {
      store.update(group, updates);
      this.#parts.due.bringForward(PUSH_DUTY, "", Math.min(...updates.map(({ dueAt }) => dueAt)));
    }
    this.#writeDown(group, settlements, now);
    this.#wakeWaiting(this.#inHand.release(report.leaseId), now);
  }

  #judge(row: PushRow, known: readonly PushDevice[], { devices }: TargetReport, now: number): PushVerdict {
    const { retryMs } = this.#parts.config;
    const left = known.flatMap(({ key }) => progressOf(row, key) ?? []);
    const outcomes = new Map(devices.map(({ key, outcome }) => [key, outcome]));
    const delayMs = (tries: number): number => nextAttemptDelayMs(tries, retryMs, Math.random());
    return judgePush({ ...row, devices: left }, outcomes, { maxTries: MAX_PUSH_TRIES, delayMs }, now);
  }

  /** What the report says of devices and providers, whatever becomes of the pushes. */
  #noteDevices(
    channelKey: string,
    { targets, blocked }: PushReport,
    known: ReadonlyMap<string, readonly PushDevice[]>,
    now: number,
  ): void {
    for (const { userId, devices } of targets) {
      for (const device of devices) {
        const scope = known.get(userId)?.find(({ key }) => key === device.key)?.scope;
        if (scope !== undefined) this.#circuits.note(channelKey, scope, device, now);
      }
    }
    for (const [scope, until] of blocked) this.#circuits.block(channelKey, scope, until, now);
    this.#parts.devices.removeMany(
      targets.flatMap(({ userId, devices }) =>
        devices
          .filter(({ outcome }) => outcome.outcome === "gone")
          .map(({ key, version }) => ({ userId, addressKey: key, version })),
      ),
    );
  }

  // Rounded up, so that what failed together is woken together and not by an alarm each.
  #firstDue(remaining: readonly DeviceProgress[], now: number): number {
    const dueAt = Math.min(...remaining.map((device) => device.dueAt));
    const stepMs = Math.max(1, Math.round(this.#parts.config.retryMs / ROUNDING));
    return dueAt <= now ? now : Math.ceil(dueAt / stepMs) * stepMs;
  }

  /** Skips all of a group that nobody has in hand: its channel is disabled. In a transaction. */
  skipGroup(group: PushGroup, reason: SkipReason, now: number): void {
    const rows = this.#parts.store.listFree(group, now, SETTLE_ROWS);
    this.#settle(group, rows, () => ({ status: "skipped", reason }), now);
  }

  /** Skips what a deleted user was still to get of these. In a transaction. */
  skipUser(userId: string, groups: readonly PushGroup[], now: number): void {
    const { store } = this.#parts;
    for (const group of groups) this.#settle(group, store.get(group, [userId]), () => USER_DELETED, now);
  }

  /** The alarm's turn: settles what has expired, and sends messages for what is due. */
  async wake(now: number): Promise<void> {
    const { wakes, due, stallMs, enqueue } = this.#parts;
    const groups = due.transaction(() => {
      const hasMore = this.#circuits.wakeMore(now);
      const rows = wakes.listToWake(now);
      this.#settleExpired(
        rows.filter(({ hasExpired }) => hasExpired),
        now,
      );
      const found = groupPushes(rows.filter(({ hasExpired }) => !hasExpired)).slice(0, GROUPS_PER_TURN);
      for (const { lane } of found) wakes.markWoken(lane, now, stallMs);
      const next = hasMore ? now : wakes.nextWakeAt();
      if (next === null) due.remove(PUSH_DUTY, "");
      else due.set(PUSH_DUTY, "", next);
      return found;
    });
    await enqueue(
      groups.map(({ lane, userIds }) => ({
        ...lane,
        messages: Math.min(messagesFor(userIds.length), MESSAGES_PER_GROUP),
      })),
    );
  }

  /** The alarm's turn for providers that fail: a message for one push each, to see whether they answer again. */
  async probe(now: number): Promise<void> {
    const groups = this.#circuits.listProbes(now);
    await this.#parts.enqueue(groups.map((group) => ({ ...group, messages: 1 })));
  }

  #settleExpired(expired: readonly (PushLane & { userId: string })[], now: number): void {
    for (const { lane: group, userIds } of groupPushes(expired)) {
      const isDown = this.#circuits.listOpen(group.channelKey).length > 0;
      const outcomeOf = (row: PushRow) =>
        ({ status: "failed", reason: expiredReason(row.tries, isDown) }) as const;
      this.#settle(group, this.#parts.store.get(group, userIds), outcomeOf, now);
    }
  }

  /** Ends pushes without another attempt. One that a device has taken is delivered and stays so. */
  #settle(
    group: PushGroup,
    rows: readonly PushRow[],
    outcomeOf: (row: PushRow) => { status: DeliveryStatus; reason: string },
    now: number,
  ): void {
    const { store } = this.#parts;
    if (rows.length === 0) return;
    store.delete(
      group,
      rows.map(({ userId }) => userId),
    );
    const settlements = rows
      .filter(({ accepted }) => !accepted)
      .map((row) => ({ ...row, ...outcomeOf(row), message: null }));
    this.#writeDown(group, settlements, now);
  }

  #writeDown(
    { channelKey, notificationId }: PushGroup,
    settlements: readonly Settlement[],
    now: number,
  ): void {
    if (settlements.length === 0) return;
    this.#parts.deliveries.settle(notificationId, channelKey, settlements, now);
    this.#parts.noteChange(now);
  }
}

/** How far a device of the push is; null where it is done with. */
function progressOf({ remaining }: PushRow, key: string): DeviceProgress | null {
  if (remaining === null) return { key, tries: 0, dueAt: 0 };
  return remaining.find((device) => device.key === key) ?? null;
}

/** Pushes by their channel, notification and queue, in the order in which those come first. */
function groupPushes(
  rows: readonly (PushLane & { userId: string })[],
): { lane: PushLane; userIds: string[] }[] {
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
  return Math.ceil(count / PUSH_LEASE_ROWS);
}
