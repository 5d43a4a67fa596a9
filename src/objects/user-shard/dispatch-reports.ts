import { type AddressProgress, type DispatchVerdict, judgeDispatch } from "../../channels/dispatch/judge.ts";
import { requireDispatched } from "../../channels/table.ts";
import type { PushConfig } from "../../env.ts";
import type { StoredAddress } from "../../model/address.ts";
import type { Settlement } from "../../model/delivery.ts";
import type { DispatchReport, TargetReport } from "../../model/dispatch.ts";
import { MAX_DISPATCH_TRIES } from "../../model/limits.ts";
import { nextAttemptDelayMs } from "../../outbound/backoff.ts";
import type { DueTable } from "../kit/due.ts";
import type { AddressStore } from "./address-store.ts";
import { DISPATCH_DUTY, type DispatchCircuits } from "./dispatch-circuits.ts";
import { type DispatchRow, type DispatchUpdate, progressOf } from "./dispatch-reads.ts";
import type { DispatchSettlements } from "./dispatch-settlements.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import { wakeWaiting } from "./dispatch-waiting.ts";
import type { UsersInHand } from "./users-in-hand.ts";

/** Due times are rounded up to this part of the first pause. */
const ROUNDING = 10;

interface ReportParts {
  addresses: AddressStore;
  store: DispatchStore;
  due: DueTable;
  config: PushConfig;
  circuits: DispatchCircuits;
  inHand: UsersInHand;
  settlements: DispatchSettlements;
}

type KnownAddresses = ReadonlyMap<string, readonly StoredAddress[]>;

/** Takes what became of the outbox's leases. Methods expect to run inside a transaction. */
export class DispatchReports {
  readonly #parts: ReportParts;

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  /** Takes a lease's results: each counts once, whoever reports it and how often. */
  take(report: DispatchReport, now: number): void {
    const { addresses, store, settlements, inHand, due } = this.#parts;
    const { channelKey, channelType, notificationId } = report;
    const group = { channelKey, notificationId };
    const userIds = report.targets.map(({ userId }) => userId);
    const rows = new Map(store.get(group, userIds).map((row) => [row.userId, row]));
    const known = addresses.listForDispatch(channelType, userIds);
    const results: Settlement[] = [];
    const updates: DispatchUpdate[] = [];
    const done: string[] = [];
    for (const target of report.targets) {
      const { userId, attempt } = target;
      const row = rows.get(userId);
      if (row === undefined || row.attempt !== attempt) continue;
      const verdict = this.#judge(row, known.get(userId) ?? [], target, now);
      const isMine = row.leaseId === report.leaseId;
      // Somebody else has this in hand by now: only a success is news, and what is left is theirs.
      if (!isMine && verdict.settled?.status !== "delivered") continue;
      const tries = row.tries + (verdict.wasTried ? 1 : 0);
      if (verdict.settled !== null && !row.accepted) {
        results.push({ userId, attempt, tries, ...verdict.settled });
      }
      if (verdict.remaining.length === 0) done.push(userId);
      else if (isMine) updates.push(this.#update(row, target, verdict, tries, now));
    }
    this.#noteAddresses(report, known, now);
    if (done.length > 0) store.delete(group, done);
    if (updates.length > 0) {
      store.update(group, updates);
      due.bringForward(DISPATCH_DUTY, "", Math.min(...updates.map(({ dueAt }) => dueAt)));
    }
    settlements.writeDown(group, results, now);
    wakeWaiting(this.#parts, inHand.release(report.leaseId), now);
  }

  #judge(
    row: DispatchRow,
    known: readonly StoredAddress[],
    { addresses }: TargetReport,
    now: number,
  ): DispatchVerdict {
    const { retryMs } = this.#parts.config;
    const left = known.flatMap(({ key }) => progressOf(row, key) ?? []);
    const outcomes = new Map(addresses.map(({ key, outcome }) => [key, outcome]));
    const rules = {
      skipReason: requireDispatched(row.channelType).address.skipReason,
      maxTries: MAX_DISPATCH_TRIES,
      delayMs: (tries: number): number => nextAttemptDelayMs(tries, retryMs, Math.random()),
    };
    return judgeDispatch({ ...row, addresses: left }, outcomes, rules, now);
  }

  #update(
    row: DispatchRow,
    { userId, addresses }: TargetReport,
    { settled, remaining }: DispatchVerdict,
    tries: number,
    now: number,
  ): DispatchUpdate {
    const accepted = row.accepted || settled !== null;
    const isSlow = row.isSlow || addresses.some((entry) => entry.isSlow === true);
    return { userId, remaining, tries, accepted, isSlow, dueAt: this.#firstDue(remaining, now) };
  }

  /** What the report says of addresses and providers, whatever becomes of the dispatches. */
  #noteAddresses({ channelKey, targets, blocked }: DispatchReport, known: KnownAddresses, now: number): void {
    const { circuits, addresses } = this.#parts;
    for (const { userId, addresses: reported } of targets) {
      for (const entry of reported) {
        const scope = known.get(userId)?.find(({ key }) => key === entry.key)?.scope;
        if (scope !== undefined) circuits.note(channelKey, scope, entry, now);
      }
    }
    for (const [scope, until] of blocked) circuits.block(channelKey, scope, until, now);
    addresses.removeMany(
      targets.flatMap(({ userId, addresses: reported }) =>
        reported
          .filter(({ outcome }) => outcome.outcome === "gone")
          .map(({ key, version }) => ({ userId, addressKey: key, version })),
      ),
    );
  }

  /** When the alarm tries again. Rounded up, so that what failed together needs one alarm, not one each. */
  #firstDue(remaining: readonly AddressProgress[], now: number): number {
    const dueAt = Math.min(...remaining.map((entry) => entry.dueAt));
    const stepMs = Math.max(1, Math.round(this.#parts.config.retryMs / ROUNDING));
    return dueAt <= now ? now : Math.ceil(dueAt / stepMs) * stepMs;
  }
}
