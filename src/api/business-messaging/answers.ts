import * as v from "valibot";
import {
  CALL_ORIGINS,
  DELIVERY_STATUSES,
  FAILURE_REASONS,
  NOTIFICATION_STATES,
  SKIP_REASONS,
} from "../../model/notification.ts";
import { choiceSchema } from "../../text/schemas.ts";
import {
  ChannelRefSchema,
  ChannelTypeSchema,
  CountSchema,
  CountsSchema,
  ModeSchema,
  named,
  OpenTimeSchema,
  PrioritySchema,
  TextOrNullSchema,
  TimeSchema,
} from "../schemas.ts";

/** What the calls about notifications answer. */

/** Seed 000's answer. */
const SentRealtimeSchema = named(
  "SentRealtime",
  v.strictObject({
    notificationId: v.string(),
    templateKey: v.string(),
    channels: v.array(ChannelTypeSchema),
    mode: v.literal("realtime"),
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    sentFrom: v.literal("api"),
    createdAt: TimeSchema,
  }),
);

/** Seed 001's answer. */
const SentBatchSchema = named(
  "SentBatch",
  v.strictObject({
    notificationId: v.string(),
    templateKey: v.string(),
    channels: v.array(ChannelRefSchema),
    mode: v.literal("batch"),
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    sentFrom: v.strictObject({ type: v.literal("api"), value: v.string() }),
    createdAt: TimeSchema,
  }),
);

export const SentSchema = v.union([SentRealtimeSchema, SentBatchSchema]);

const SenderSchema = named(
  "Sender",
  v.strictObject({
    type: v.picklist(["api_key", "admin"]),
    key: TextOrNullSchema,
    keyId: TextOrNullSchema,
    name: TextOrNullSchema,
    via: v.nullable(v.picklist(CALL_ORIGINS)),
  }),
);

export const NotificationSchema = named(
  "Notification",
  v.strictObject({
    id: v.string(),
    state: v.picklist(NOTIFICATION_STATES),
    templateKey: v.string(),
    templateVersion: CountSchema,
    mode: ModeSchema,
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    priority: v.nullable(PrioritySchema),
    channels: v.array(ChannelRefSchema),
    duplicates: CountSchema,
    createdAt: TimeSchema,
    completedAt: OpenTimeSchema,
    expiresAt: TimeSchema,
    attempt: CountSchema,
    sentBy: SenderSchema,
    counts: CountsSchema,
  }),
);

export const DeliveryStatusSchema = named("DeliveryStatus", choiceSchema(DELIVERY_STATUSES));
export const DeliveryReasonSchema = named(
  "DeliveryReason",
  choiceSchema([...FAILURE_REASONS, ...SKIP_REASONS]),
);

export const DeliverySchema = named(
  "Delivery",
  v.strictObject({
    userId: TextOrNullSchema,
    userDeleted: v.optional(v.literal(true)),
    channelKey: v.string(),
    status: DeliveryStatusSchema,
    reason: v.nullable(DeliveryReasonSchema),
    message: TextOrNullSchema,
    attempts: CountSchema,
    createdAt: TimeSchema,
    deliveredAt: OpenTimeSchema,
    viewedAt: OpenTimeSchema,
    clickedAt: OpenTimeSchema,
  }),
);

export const RecordedSchema = v.strictObject({ success: v.literal(true), eventId: v.string() });

const EngagementCounts = { delivered: CountSchema, viewed: CountSchema, clicked: CountSchema };

/** Events by channel type, point by point. */
export const SeriesSchema = v.array(
  named(
    "ChannelSeries",
    v.strictObject({
      channelType: ChannelTypeSchema,
      ...EngagementCounts,
      timeSeries: v.array(v.strictObject({ date: v.string(), ...EngagementCounts })),
    }),
  ),
);

export const UserHistorySchema = named(
  "UserHistory",
  v.strictObject({
    userId: v.string(),
    userDeleted: v.optional(v.literal(true)),
    summary: v.strictObject(EngagementCounts),
    notifications: v.array(
      v.strictObject({
        notificationId: v.string(),
        templateName: v.string(),
        templateKey: v.string(),
        channelType: ChannelTypeSchema,
        channelKey: v.string(),
        status: DeliveryStatusSchema,
        reason: v.nullable(DeliveryReasonSchema),
        message: TextOrNullSchema,
        delivered: v.boolean(),
        viewed: v.boolean(),
        clicked: v.boolean(),
        deliveredAt: OpenTimeSchema,
        viewedAt: OpenTimeSchema,
        clickedAt: OpenTimeSchema,
      }),
    ),
    nextCursor: TextOrNullSchema,
  }),
);
