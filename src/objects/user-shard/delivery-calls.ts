import { acceptedOf } from "../../model/counts.ts";
import type {
  DeliverRequest,
  DeliveryCounts,
  ReopenRequest,
  ShardNotification,
} from "../../model/delivery.ts";
import type { RetryTarget, RunLog, RunLogRequest, ShardLog } from "../../model/delivery-log.ts";
import type { DispatchLease } from "../../model/dispatch.ts";
import type { NotificationHeader, Retry, StoredRow } from "../../model/notification.ts";
import type { SegmentReport } from "../../model/report.ts";
import { findLine, type RunRequest, type SegmentRequest } from "../../model/segment.ts";
import { isFull, requireReserve, requireRoom, sizeOf, TOLD_SHARE } from "../kit/room.ts";
import { UserShardBase } from "./base.ts";
import type { Delivered } from "./contract.ts";
import { RETENTION_DUTY, VALUES_DUTY } from "./duty-kinds.ts";
import { isSingle } from "./is-single.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** About deliveries: storing them, retrying them, and what became of them. */
export class DeliveryCalls extends UserShardBase {
  deliver(request: DeliverRequest, leaseMs: number | null = null): Delivered {
    const now = Date.now();
    this.#requireRoomFor(request);
    const watchers =
      request.target === null ? this.sockets.watchers() : this.sockets.watchersOf(request.target);
    const { header, totals, fresh, pending, leases } = this.due.transaction(() => {
      const stored = this.#findSegmentOf(request);
      if (stored !== null) return { ...stored, fresh: [], pending: [], leases: [] };
      const unsegmented = this.stores.segmentInserts.leaveOut(request);
      const after = this.stores.deliveries.insertDeliveries(unsegmented, watchers, now, (slice, userIds) =>
        this.outbox.store(slice, userIds, request.header, now),
      );
      this.reporter.noteChange(now);
      this.#noteGone(request.header, after.gone, now);
      if (request.target !== null) this.due.ensure(VALUES_DUTY, "", now + DAY_MS);
      this.due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      return { ...after, leases: leaseMs === null ? [] : this.#leaseNew(request, leaseMs, now) };
    });
    const isWhole = acceptedOf(totals) === request.expected;
    // Several realtime targets are in their ledger already: what was answered as delivered is read there.
    // With dispatches in hand the caller is about to report them: until then nothing is worth telling.
    if (leases.length === 0) this.reporter.schedule(isSingle(header) ? "single" : isWhole ? "now" : "batch");
    this.pushToSockets(header.id, fresh);
    if (leaseMs === null && pending.length > 0) this.#enqueueNew(header.id, pending);
    return { earlier: header === request.header ? null : header, leases };
  }

  /** Chunks of what was accepted use the room that is left, but for a rest; a send that isn't accepted is refused. */
  #requireRoomFor({ header }: DeliverRequest): void {
    const { storage } = this.ctx;
    if (!isFull(storage, this.env)) return;
    if (!isSingle(header)) requireReserve(storage, this.env);
    else if (this.stores.deliveries.getNotification(header.id) === null) requireRoom(storage, this.env);
  }

  deliverSegment(request: SegmentRequest): SegmentReport | "needs_template" {
    const now = Date.now();
    if (isFull(this.ctx.storage, this.env) && !this.stores.segments.has(request.header.id, request.part))
      requireReserve(this.ctx.storage, this.env);
    const online = this.sockets.watchers().isEmpty ? [] : [...this.sockets.listOnline()];
    const stored = this.due.transaction(() => {
      if (!this.stores.segmentInserts.insert(request, now)) return null;
      // Should the caller die on its way, its message comes again, or the ledger's watchdog asks.
      if (request.carriesReport !== true) this.reporter.noteChange(now);
      this.due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      const watching = online.filter((userId) => findLine(request.targets, userId) !== null);
      const fresh = watching.flatMap((userId) => this.stores.arrivals.bringIn(userId));
      return { fresh, report: this.reporter.makeReport(request.header.id) };
    });
    if (stored === null) return "needs_template";
    for (const key of stored.fresh) this.pushToSockets(key.notificationId, [key]);
    const shardSize = sizeOf(this.ctx.storage, this.env);
    return shardSize.share < TOLD_SHARE ? stored.report : { ...stored.report, shardSize };
  }

  /** A part of a batch that is stored as a segment is done with: who delivers it again may see other devices. */
  #findSegmentOf({ header, part = null }: DeliverRequest): ShardNotification | null {
    if (part === null || !this.stores.segments.has(header.id, part)) return null;
    return this.stores.deliveries.getNotification(header.id);
  }

  reopenFailed({ notificationId, retry, userIds }: ReopenRequest): string[] {
    const waiting = this.due.transaction(() => this.#reopen(notificationId, retry, userIds));
    this.reporter.schedule("batch");
    return waiting;
  }

  reopenRun(run: RunRequest, retry: Retry): StoredRow[] | null {
    const waiting = this.due.transaction(() => {
      const slices = this.stores.segmentRuns.read(run, { from: 0, to: run.count }, true);
      if (slices === null) return null;
      const { userId: only } = retry;
      const targets = slices
        .flatMap((slice) => slice.targets)
        .filter(([userId]) => only === null || userId === only);
      if (targets.length === 0) return [];
      const userIds = targets.map(([userId]) => userId);
      const isWaiting = new Set(this.#reopen(run.notificationId, retry, userIds));
      return targets.filter(([userId]) => isWaiting.has(userId));
    });
    if (waiting !== null) this.reporter.schedule("batch");
    return waiting;
  }

  /** In the transaction. */
  #reopen(notificationId: string, retry: Retry, userIds: readonly string[]): string[] {
    const now = Date.now();
    if (retry.userId === null) this.stores.arrivals.bringInFailed(notificationId, retry.reasons);
    else this.stores.arrivals.bringInOf(notificationId, retry.userId);
    if (this.stores.retries.reopen(notificationId, retry)) this.reporter.noteChange(now);
    const header = this.stores.deliveries.getNotification(notificationId)?.header;
    const gone = this.stores.tombstones.listGone(userIds, notificationId);
    if (header !== undefined) this.#noteGone(header, gone, now);
    return this.stores.retries.listWaiting(notificationId, retry.attempt, userIds);
  }

  redeliver({ header, slices }: DeliverRequest, { attempt, expiresAt }: Retry): void {
    const now = Date.now();
    const watchers = this.sockets.watchers();
    const redelivered = this.due.transaction(() => {
      this.reporter.noteChange(now);
      return this.stores.retries.redeliver(header.id, attempt, slices, watchers, now, (slice, userIds) =>
        this.outbox.store(slice, userIds, { id: header.id, expiresAt }, now, attempt),
      );
    });
    if (redelivered === null) return;
    const { totals, fresh, pending } = redelivered;
    this.reporter.schedule(totals.every((channel) => channel.pending === 0) ? "now" : "batch");
    this.pushToSockets(header.id, fresh);
    if (pending.length > 0) this.#enqueueNew(header.id, pending);
  }

  /** What of the rows that were written in this transaction waits in the outbox. */
  #leaseNew({ header, slices }: DeliverRequest, leaseMs: number, now: number): DispatchLease[] {
    return slices.flatMap(({ outbox }) => {
      if (outbox === null) return [];
      const lane = { notificationId: header.id, channelKey: outbox.channelKey, isSlow: false };
      const lease = this.outbox.lease({ ...lane, blocked: [], leaseMs }, now);
      return lease === null ? [] : [lease];
    });
  }

  /** Not waited for: should it fail, the alarm sends the messages. */
  #enqueueNew(notificationId: string, pending: [channelKey: string, count: number][]): void {
    this.outbox
      .enqueueNew(notificationId, pending)
      .catch((error: unknown) => this.logError("enqueueing dispatches failed", error));
  }

  /** What a ledger holds of users who were deleted before this came: it is told again. In the transaction. */
  #noteGone({ id, mode }: NotificationHeader, gone: readonly string[], now: number): void {
    if (mode !== "realtime") return;
    for (const uid of gone) this.erasureCalls.addForgotten(uid, [id], now);
  }

  async flush(about: string | null = null): Promise<void> {
    await this.reporter.flush();
    if (about !== null) await this.reporter.repeat(about);
  }

  describe(notificationId: string): Pick<ShardNotification, "header" | "totals" | "attempt"> | null {
    return this.stores.deliveries.getNotification(notificationId);
  }

  getRetryTarget(notificationId: string): RetryTarget | null {
    return this.stores.log.getRetryTarget(notificationId);
  }

  getTarget(notificationId: string): string | null {
    return this.stores.log.getTarget(notificationId);
  }

  listDeliveries(notificationId: string, userIds: readonly string[]): ShardLog {
    return this.stores.log.listDeliveries(notificationId, userIds);
  }

  readRun(request: RunLogRequest): RunLog | null {
    return this.stores.log.readRun(request);
  }

  countInSegments(notificationId: string): number {
    return this.stores.segmentRuns.count(notificationId);
  }

  countDeliveries(notificationId: string, afterUser: string): DeliveryCounts {
    return this.stores.log.countDeliveries(notificationId, afterUser);
  }
}
