import type { PushConfig } from "../env.ts";
import { newId } from "../ids.ts";
import { MAX_PUSH_TRIES, PUSH_CLAIM_ROWS } from "../limits.ts";
import type { DeliveryStatus, SkipReason } from "../notifications/model.ts";
import type { DueTable } from "../objects/due.ts";
import { nextAttemptDelayMs } from "../push/backoff.ts";
import {
  type BlockedScope,
  type Provider,
  type PushClaim,
  type PushReport,
  type PushTarget,
  scopeOf,
} from "../push/model.ts";
import { expiredReason, judgePush } from "../push/outcomes.ts";
import type { DeliverySlice, Settlement } from "./delivery-model.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { DeviceRef, DeviceStore } from "./device-store.ts";
import { PUSH_DUTY, PushCircuits } from "./push-circuits.ts";
import type { PushGroup, PushRow, PushStore, PushUpdate } from "./push-store.ts";

/** Groups that one turn of the alarm looks at. */
const GROUPS_PER_TURN = 50;
/** Pushes that are settled in one transaction. */
const SETTLE_ROWS = 1000;
/** Messages of one group in one turn: what they leave is woken by the next. */
const MESSAGES_PER_GROUP = 50;

/** Puts so many messages for a group into the push queue of its notification's priority. */
export type EnqueuePushes = (groups: readonly (PushGroup & { messages: number })[]) => Promise<void>;

/** A consumer's wish for work. */
export interface PushClaimRequest extends PushGroup {
  providers: readonly Provider[];
  /** What the claimer knows of failing providers. */
  blocked: readonly BlockedScope[];
  leaseMs: number;
}

interface OutboxParts {
  deliveries: DeliveryStore;
  devices: DeviceStore;
  store: PushStore;
  due: DueTable;
  config: PushConfig;
  /** After this long a push that nobody claimed gets another message, ms. */
  stallMs: number;
  enqueue: EnqueuePushes;
  /** Inside a transaction that changes totals: they are to be reported. */
  noteChange: (now: number) => void;
}

/**
 * Pending pushes of one shard: written with their deliveries, handed out in claims, settled by reports. The
 * alarm sends messages for what is due and for claims that were never reported.
 */
export class PushOutbox {
  readonly #parts: OutboxParts;
  readonly #circuits: PushCircuits;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#circuits = new PushCircuits(parts.store, parts.due, parts.config);
  }

  /** Inside the transaction that writes the deliveries. */
  store(
    slice: DeliverySlice,
    userIds: readonly string[] | null,
    header: { id: string; expiresAt: number },
    now: number,
  ): number {
    if (slice.push === null) return 0;
    const { store, due, stallMs } = this.#parts;
    const { expiresAt } = header;
    const group = { channelKey: slice.push.channelKey, notificationId: header.id };
    const wakeAt = Math.min(now + stallMs, expiresAt);
    const count = store.insert(group, slice.json, userIds, { dueAt: now, wakeAt, expiresAt });
    if (count > 0) due.bringForward(PUSH_DUTY, "", wakeAt);
    return count;
  }

  /** Sends messages for pushes that were just written; the alarm repeats what is lost. */
  async enqueueNew(
    notificationId: string,
    pending: readonly (readonly [channelKey: string, count: number])[],
  ): Promise<void> {
    await this.#parts.enqueue(
      pending.map(([channelKey, count]) => ({ channelKey, notificationId, messages: messagesFor(count) })),
    );
  }

  /**
   * Hands due pushes out, in a transaction. What has no device left is skipped here. Null where there is
   * nothing to do. A scope that fails gives out one push per probe interval.
   */
  claim(
    { channelKey, notificationId, providers, blocked, leaseMs }: PushClaimRequest,
    now: number,
  ): PushClaim | null {
    const { deliveries, devices, store, due } = this.#parts;
    const group = { channelKey, notificationId };
    for (const [scope, until] of blocked) this.#circuits.block(channelKey, scope, until);
    const open = this.#circuits.listOpen(channelKey);
    const rows = new Map(
      store.listDue(group, providers, open, now, PUSH_CLAIM_ROWS).map((row) => [row.userId, row]),
    );
    const probes = new Map<string, string>();
    for (const scope of open) {
      const row = store.findProbe(group, providers, scope, now);
      if (row === null || !this.#circuits.tryProbe(channelKey, scope, now)) continue;
      rows.set(row.userId, row);
      probes.set(row.userId, scope);
    }
    const known = devices.listForPush([...rows.keys()], providers);
    const targets: PushTarget[] = [];
    const withoutDevice: PushRow[] = [];
    for (const row of rows.values()) {
      const left = (known.get(row.userId) ?? []).filter(({ key }) => isLeft(row, key));
      if (left.length === 0) withoutDevice.push(row);
      const handed = left.filter((device) => {
        const scope = scopeOf(device.address);
        return !open.includes(scope) || probes.get(row.userId) === scope;
      });
      if (handed.length === 0) continue;
      targets.push({ userId: row.userId, attempt: row.attempt, content: row.content, devices: handed });
    }
    if (withoutDevice.length > 0) this.#skip(group, withoutDevice, "no_device", now);
    const stored = deliveries.getNotification(notificationId);
    if (targets.length === 0 || stored === null) return null;
    const id = newId();
    const until = now + leaseMs;
    store.claim(
      group,
      targets.map(({ userId }) => userId),
      id,
      until,
    );
    due.bringForward(PUSH_DUTY, "", until);
    const { priority, expiresAt } = stored.header;
    const pushData = deliveries.getPushData(notificationId);
    const notification = { id: notificationId, priority: priority ?? "high", expiresAt, pushData };
    return { id, channelKey, notification, until, targets };
  }

  /** Takes a claim's results, in a transaction: each counts once, whoever reports it and how often. */
  report(report: PushReport, providers: readonly Provider[], now: number): void {
    const { devices, store, due, config } = this.#parts;
    const { channelKey, notificationId } = report;
    const group = { channelKey, notificationId };
    const userIds = report.targets.map(({ userId }) => userId);
    const rows = new Map(store.get(group, userIds).map((row) => [row.userId, row]));
    const known = devices.listForPush(userIds, providers);
    const settlements: Settlement[] = [];
    const updates: PushUpdate[] = [];
    const done: string[] = [];
    const gone: Pick<DeviceRef, "userId" | "addressKey">[] = [];
    for (const { userId, attempt, devices: reported } of report.targets) {
      const outcomes = new Map(reported);
      for (const [addressKey, { outcome }] of reported)
        if (outcome === "gone") gone.push({ userId, addressKey });
      const row = rows.get(userId);
      if (row === undefined || row.attempt !== attempt) continue;
      const left = (known.get(userId) ?? []).filter(({ key }) => isLeft(row, key));
      for (const device of left)
        this.#circuits.note(channelKey, scopeOf(device.address), outcomes.get(device.key), now);
      const isMine = row.claimId === report.claimId;
      const verdict = judgePush(
        { ...row, deviceKeys: left.map(({ key }) => key) },
        outcomes,
        {
          maxTries: MAX_PUSH_TRIES,
          delayMs: (tries) => nextAttemptDelayMs(tries, config.retryMs, Math.random()),
        },
        now,
      );
      // Somebody else has this push in hand by now: only a success is news, and what is left is theirs.
      if (!isMine && verdict.settled?.status !== "delivered") continue;
      if (verdict.settled !== null && !row.accepted) {
        settlements.push({ userId, attempt, tries: verdict.tries, ...verdict.settled });
      }
      if (verdict.remaining.length === 0) done.push(userId);
      else if (isMine) {
        const { remaining, tries, dueAt } = verdict;
        updates.push({ userId, remaining, tries, dueAt, accepted: verdict.settled !== null });
      }
    }
    for (const [scope, until] of report.blocked) this.#circuits.block(channelKey, scope, until);
    devices.removeMany(gone);
    if (done.length > 0) store.delete(group, done);
    if (updates.length > 0) {
      store.update(group, updates);
      due.bringForward(PUSH_DUTY, "", Math.min(...updates.map(({ dueAt }) => dueAt)));
    }
    this.#writeDown(group, settlements, now);
  }

  /** Skips all of a group that nobody has in hand: its channel is disabled. In a transaction. */
  skipGroup(group: PushGroup, reason: SkipReason, now: number): void {
    this.#skip(group, this.#parts.store.listFree(group, now, SETTLE_ROWS), reason, now);
  }

  /** The alarm's turn: settles what has expired, and sends messages for what is due. */
  async wake(now: number): Promise<void> {
    const { store, due, stallMs, enqueue } = this.#parts;
    const groups = due.transaction(() => {
      this.#settleExpired(now);
      const found = store.listToWake(now, GROUPS_PER_TURN);
      for (const group of found) store.markWoken(group, now, stallMs);
      const next = store.nextWakeAt();
      if (next === null) due.remove(PUSH_DUTY, "");
      else due.set(PUSH_DUTY, "", next);
      return found;
    });
    await enqueue(
      groups.map(({ count, ...group }) => ({
        ...group,
        messages: Math.min(messagesFor(count), MESSAGES_PER_GROUP),
      })),
    );
  }

  /** The alarm's turn for providers that fail: a message for one push each, to see whether they answer again. */
  async probe(now: number): Promise<void> {
    const groups = this.#circuits.listProbes(now);
    await this.#parts.enqueue(groups.map((group) => ({ ...group, messages: 1 })));
  }

  #settleExpired(now: number): void {
    const { store } = this.#parts;
    for (const group of store.listExpired(now, GROUPS_PER_TURN)) {
      const isDown = this.#circuits.listOpen(group.channelKey).length > 0;
      const rows = store.listFree(group, now, SETTLE_ROWS).filter(({ expiresAt }) => expiresAt <= now);
      this.#settle(
        group,
        rows,
        (row) => ({ status: "failed", reason: expiredReason(row.tries, isDown) }),
        now,
      );
    }
  }

  #skip(group: PushGroup, rows: readonly PushRow[], reason: SkipReason, now: number): void {
    this.#settle(group, rows, () => ({ status: "skipped", reason }), now);
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

function isLeft({ remaining }: PushRow, key: string): boolean {
  return remaining === null || remaining.includes(key);
}

function messagesFor(count: number): number {
  return Math.ceil(count / PUSH_CLAIM_ROWS);
}
