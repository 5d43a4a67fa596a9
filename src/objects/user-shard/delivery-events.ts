import { type WebhookEvent, wantsEvent, webhookBody } from "../../model/events.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import type { DueTable } from "../kit/due.ts";
import { WEBHOOK_OUTBOX_SCHEMA } from "../kit/event-messages.ts";
import { type HandOver, WebhookOutbox } from "../kit/event-outbox.ts";
import type { Outbox } from "../kit/outbox.ts";

/** SQL of the tables that {@link DeliveryEvents} keeps: what happened, and messages made of it. */
export const DELIVERY_EVENTS_SCHEMA = [
  `CREATE TABLE webhook_events (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, notification_id TEXT NOT NULL, data TEXT NOT NULL,
    at INTEGER NOT NULL)`,
  WEBHOOK_OUTBOX_SCHEMA,
];

/** Deliveries in one message. */
const DELIVERIES_PER_MESSAGE = 100;
/** Events that one transaction gathers. */
const GATHER_ROWS = 1000;

/** One delivery that an event is about. `reason` and `message` (the provider's words) of a failure. */
export interface DeliveryEvent {
  userId: string;
  channelKey: string;
  reason?: string | null;
  message?: string | null;
}

interface DeliveryEventsParts {
  sql: SqlStorage;
  due: DueTable;
  handOver: HandOver;
  /** The header of a notification; null where its retention has ended. */
  getHeader: (notificationId: string) => NotificationHeader | null;
}

type EventRow = { id: number; type: WebhookEvent; notification_id: string; data: string; at: number };

/**
 * The events of a user shard's deliveries: a row each, in the transaction of what it reports; gathered into messages
 * of up to a hundred deliveries of one notification. Nothing is written where nobody wanted the event when the
 * notification was accepted.
 */
export class DeliveryEvents {
  readonly #parts: DeliveryEventsParts;
  readonly #webhooks: WebhookOutbox;

  constructor(parts: DeliveryEventsParts) {
    this.#parts = parts;
    this.#webhooks = new WebhookOutbox({ ...parts, gather: () => this.#gather() });
  }

  get outbox(): Outbox {
    return this.#webhooks.outbox;
  }

  /** Deliveries of one notification, inside the transaction that changes them. */
  note(type: WebhookEvent, header: NotificationHeader, events: readonly DeliveryEvent[], now: number): void {
    if (events.length === 0 || !wantsEvent(header, type)) return;
    const types = new Map(header.channels.map((channel) => [channel.key, channel.type]));
    const rows = events.map(({ userId, channelKey, reason, message }) => ({
      userId,
      channelKey,
      channelType: types.get(channelKey),
      // An absent field where there is nothing to say.
      reason: reason ?? undefined,
      message: message ?? undefined,
    }));
    this.#parts.sql.exec(
      `INSERT INTO webhook_events (type, notification_id, data, at)
       SELECT ?1, ?2, value, ?3 FROM json_each(?4)`,
      type,
      header.id,
      now,
      JSON.stringify(rows),
    );
    this.#webhooks.noteWritten();
  }

  /**
   * The failed ones of a slice that was inserted whole: a JSON array of
   * `[userId, channelKey, channelType, status, reason, …]`. One statement, as the slice itself.
   */
  noteFailedSlice(header: NotificationHeader, json: string, now: number): void {
    if (!wantsEvent(header, "delivery.failed")) return;
    this.#parts.sql.exec(
      `INSERT INTO webhook_events (type, notification_id, data, at)
       SELECT 'delivery.failed', ?1, json_object('userId', value ->> 0, 'channelKey', value ->> 1,
         'channelType', value ->> 2, 'reason', value ->> 4), ?2
       FROM json_each(?3) WHERE value ->> 3 = 'failed'`,
      header.id,
      now,
      json,
    );
    this.#webhooks.noteWritten();
  }

  /** Makes messages of the oldest events. In a transaction: an event is in one message, whose id stays its own. */
  #gather(): boolean {
    const { sql, due } = this.#parts;
    return due.transaction(() => {
      const rows = sql
        .exec<EventRow>(
          "SELECT id, type, notification_id, data, at FROM webhook_events ORDER BY id LIMIT ? + 0",
          GATHER_ROWS,
        )
        .toArray();
      const last = rows.at(-1);
      if (last === undefined) return false;
      const groups = Map.groupBy(rows, ({ type, notification_id }) => `${type} ${notification_id}`);
      for (const group of groups.values()) {
        for (let start = 0; start < group.length; start += DELIVERIES_PER_MESSAGE) {
          this.#insertMessage(group.slice(start, start + DELIVERIES_PER_MESSAGE));
        }
      }
      sql.exec("DELETE FROM webhook_events WHERE id <= ?", last.id);
      return true;
    });
  }

  #insertMessage(rows: readonly EventRow[]): void {
    const [first] = rows;
    if (first === undefined) return;
    const { type, notification_id: notificationId, at } = first;
    const header = this.#parts.getHeader(notificationId);
    const deliveries = rows.map((row) => ({ ...JSON.parse(row.data), at: new Date(row.at).toISOString() }));
    const { templateKey, tag } = header ?? { templateKey: null, tag: null };
    const body = webhookBody(type, at, { notificationId, templateKey, tag, deliveries });
    this.#webhooks.addMessage(type, body);
  }
}
