import type {
  DispatchGroup,
  DispatchLease,
  DispatchLeaseRequest,
  DispatchReport,
  OpenCircuit,
} from "../../model/dispatch.ts";
import { DeliveryCalls } from "./delivery-calls.ts";
import { isSingle } from "./is-single.ts";

/** About deliveries that a provider is called for, by who calls it. */
export class DispatchCalls extends DeliveryCalls {
  leaseDispatches(request: DispatchLeaseRequest): DispatchLease | null {
    const lease = this.due.transaction(() => this.outbox.lease(request, Date.now()));
    this.reporter.schedule("batch");
    return lease;
  }

  reportDispatches(report: DispatchReport, leaseMs: number | null = null): DispatchLease | null {
    const { channelKey, notificationId, isSlow, blocked } = report;
    const now = Date.now();
    const { stored, next } = this.due.transaction(() => {
      this.outbox.report(report, now);
      this.directory.noteCalls();
      const request = { channelKey, notificationId, isSlow, blocked };
      const next = leaseMs === null ? null : this.outbox.lease({ ...request, leaseMs }, now);
      return { next, stored: this.stores.deliveries.getNotification(notificationId) };
    });
    if (stored === null) return null;
    const isDone = stored.totals.every(({ pending }) => pending === 0);
    this.reporter.schedule(isSingle(stored.header) ? "single" : isDone ? "now" : "batch");
    return next;
  }

  skipDispatches(group: DispatchGroup): void {
    this.due.transaction(() => this.outbox.skipGroup(group, "channel_disabled", Date.now()));
    this.reporter.schedule("batch");
  }

  listOpenCircuits(): OpenCircuit[] {
    return this.outbox.listOpenCircuits();
  }
}
