import * as v from "valibot";
import { BATCH_TYPE, TEST_EVENT, WEBHOOK_EVENTS, type WebhookEvent } from "../../model/events.ts";
import { FAILURE_REASONS } from "../../model/notification.ts";
import {
  ChannelTypeSchema,
  CountSchema,
  CountsSchema,
  ModeSchema,
  named,
  OpenTimeSchema,
  TextOrNullSchema,
  TimeSchema,
} from "../schemas.ts";

/** What an endpoint, or a user's webhook address, is called with: the bodies of the calls, by their type. */

const NotificationEventSchema = named(
  "NotificationEventData",
  v.strictObject({
    id: v.string(),
    mode: ModeSchema,
    templateKey: v.string(),
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    state: v.picklist(["sending", "completed"]),
    total: CountSchema,
    counts: CountsSchema,
    createdAt: TimeSchema,
    completedAt: OpenTimeSchema,
  }),
);

const DeliveryEventSchema = named(
  "DeliveryEventData",
  v.strictObject({
    notificationId: v.string(),
    templateKey: TextOrNullSchema,
    tag: TextOrNullSchema,
    deliveries: v.array(
      v.strictObject({
        userId: v.string(),
        channelKey: v.string(),
        channelType: v.optional(ChannelTypeSchema),
        // Present where the delivery failed.
        reason: v.optional(v.picklist(FAILURE_REASONS)),
        // The provider's words.
        message: v.optional(v.string()),
        at: TimeSchema,
      }),
    ),
  }),
);

/** What a webhook channel delivers. */
const DeliveredSchema = named(
  "DeliveredNotificationData",
  v.strictObject({
    notificationId: v.string(),
    channelKey: v.string(),
    userId: v.string(),
    // The rendered template.
    content: v.unknown(),
    // The send's push data.
    data: v.record(v.string(), v.string()),
  }),
);

interface WebhookForm {
  type: string;
  summary: string;
  schema: v.GenericSchema;
}

const SUMMARIES: Record<WebhookEvent, string> = {
  "notification.accepted": "A send was accepted",
  "notification.completed": "No delivery is pending any more",
  "notification.failed": "Something failed, and nothing was delivered in any channel",
  "delivery.failed": "Deliveries failed for good",
  "delivery.viewed": "Users saw a notification for the first time",
  "delivery.clicked": "Users clicked a notification for the first time",
};

function eventOf<D extends v.GenericSchema>(type: string, data: D) {
  return { type: v.literal(type), timestamp: TimeSchema, data };
}

const dataOf = (event: WebhookEvent) =>
  event.startsWith("notification.") ? NotificationEventSchema : DeliveryEventSchema;

/** Each event of a call that has several. */
const EventInBatchSchema = v.union(
  [...WEBHOOK_EVENTS.map((event) => eventOf(event, dataOf(event))), eventOf(TEST_EVENT, v.unknown())].map(
    (entries) => v.strictObject({ id: v.string(), ...entries }),
  ),
);

export const WEBHOOKS: readonly WebhookForm[] = [
  ...WEBHOOK_EVENTS.map((event) => ({
    type: event,
    summary: SUMMARIES[event],
    schema: v.strictObject(eventOf(event, dataOf(event))),
  })),
  {
    type: "notification",
    summary: "A delivery in a webhook channel, to the address of its user",
    schema: v.strictObject(eventOf("notification", DeliveredSchema)),
  },
  {
    type: TEST_EVENT,
    summary: "A test call",
    schema: v.strictObject(eventOf(TEST_EVENT, v.strictObject({ webhookId: v.string() }))),
  },
  {
    type: BATCH_TYPE,
    summary: "Several events in a call, where the endpoint's eventsPerCall is above 1",
    schema: v.strictObject(eventOf(BATCH_TYPE, v.strictObject({ events: v.array(EventInBatchSchema) }))),
  },
];
