/** What an endpoint can subscribe to. */
export const WEBHOOK_EVENTS = [
  "notification.accepted",
  "notification.completed",
  "notification.failed",
  "delivery.failed",
  "delivery.viewed",
  "delivery.clicked",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Sent by the test call only: nobody subscribes to it. */
export const TEST_EVENT = "webhook.test";

/** The type of a call that has several events, or may have. */
export const BATCH_TYPE = "webhook.batch";

/** What a call is of. */
export type CallType = WebhookEvent | typeof TEST_EVENT | typeof BATCH_TYPE;

/** One event as it goes out. The id is the receiver's key to drop repeats by: it is stored with the event. */
export interface WebhookMessage {
  /** A UUIDv7. */
  id: string;
  type: WebhookEvent | typeof TEST_EVENT;
  /** The JSON text that is signed and sent: `{type, timestamp, data}`. */
  body: string;
}

/** A message in the outbox of the object where it happened. */
export interface OutboxMessage extends WebhookMessage {
  /** Grows with every message of that object. */
  seq: number;
}

/**
 * What a notification's events are wanted for, decided when it is accepted: so the transactions that follow know
 * it without asking anybody. Undefined where nobody wants any: such a notification pays nothing for webhooks.
 */
export function listWantedEvents(
  webhooks: readonly { events: readonly string[] }[],
): WebhookEvent[] | undefined {
  if (webhooks.length === 0) return undefined;
  const wanted = new Set(webhooks.flatMap(({ events }) => events));
  const known = WEBHOOK_EVENTS.filter((event) => wanted.has(event));
  return known.length === 0 ? undefined : known;
}

/** True where an endpoint was subscribed to the event when the notification was accepted. */
export function wantsEvent(header: { webhookEvents?: WebhookEvent[] }, event: WebhookEvent): boolean {
  return header.webhookEvents?.includes(event) ?? false;
}

/** The body of a webhook. `timeMs`: when it happened, Unix ms. */
export function webhookBody(type: CallType, timeMs: number, data: object): string {
  return JSON.stringify({ type, timestamp: new Date(timeMs).toISOString(), data });
}

/** The body of a call with several events: each as it would go out alone, with its id. `timeMs`: of the call's id. */
export function batchBody(timeMs: number, events: readonly { id: string; body: string }[]): string {
  const parts = events.map(({ id, body }) => `{"id":${JSON.stringify(id)},${body.slice(1)}`);
  const timestamp = new Date(timeMs).toISOString();
  return `{"type":"${BATCH_TYPE}","timestamp":"${timestamp}","data":{"events":[${parts.join(",")}]}}`;
}
