import { isNothingDelivered, presentCounts, type Totals } from "../../model/counts.ts";
import { type WebhookEvent, wantsEvent } from "../../model/events.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import type { WebhookOutbox } from "../kit/event-outbox.ts";

/**
 * The events of a ledger's notifications. Each method is called inside the transaction of what it reports, and
 * writes nothing where nobody wanted the event when the notification was accepted.
 */
export class NotificationEvents {
  readonly #outbox: WebhookOutbox;

  constructor(outbox: WebhookOutbox) {
    this.#outbox = outbox;
  }

  noteAccepted(header: NotificationHeader): void {
    this.#add("notification.accepted", header, header.createdAt, () => present(header, [], null));
  }

  /** Once per completion: a notification whose failures are retried completes again. */
  noteCompleted(header: NotificationHeader, totals: Totals, completedAt: number): void {
    const makeData = () => present(header, totals, completedAt);
    this.#add("notification.completed", header, completedAt, makeData);
    if (isNothingDelivered(totals)) this.#add("notification.failed", header, completedAt, makeData);
  }

  #add(type: WebhookEvent, header: NotificationHeader, timeMs: number, makeData: () => object): void {
    if (wantsEvent(header, type)) this.#outbox.add(type, timeMs, makeData());
  }
}

/** A notification as webhooks show it. */
function present(header: NotificationHeader, totals: Totals, completedAt: number | null): object {
  const { id, mode, templateKey, title, tag, total, createdAt } = header;
  return {
    id,
    mode,
    templateKey,
    title,
    tag,
    state: completedAt === null ? "sending" : "completed",
    total,
    counts: presentCounts(header, totals),
    createdAt: new Date(createdAt).toISOString(),
    completedAt: completedAt === null ? null : new Date(completedAt).toISOString(),
  };
}
