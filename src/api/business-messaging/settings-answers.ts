import * as v from "valibot";
import { ACCOUNT_ANSWER, TEST_ANSWER } from "../../channels/table.ts";
import { CHANGE_ACTIONS, NOTIFICATION_ACTIONS, TARGET_TYPES } from "../../model/audit.ts";
import { BATCH_TYPE, TEST_EVENT, WEBHOOK_EVENTS } from "../../model/events.ts";
import { PLACEHOLDER_STYLES, TEMPLATE_STATUSES, VARIABLE_TYPES } from "../../model/template.ts";
import { DISABLED_REASONS } from "../../model/webhook.ts";
import { choiceSchema } from "../../text/schemas.ts";
import {
  AnyObjectSchema,
  ChannelTypeSchema,
  CountSchema,
  named,
  OpenTimeSchema,
  TextOrNullSchema,
  TimeSchema,
} from "../schemas.ts";

/** What the calls about an app's settings answer: channels, templates, webhooks, the audit log. */

const ChannelEntries = {
  id: v.string(),
  key: v.string(),
  name: v.string(),
  type: ChannelTypeSchema,
  enabled: v.boolean(),
  ...ACCOUNT_ANSWER,
  createdAt: TimeSchema,
  updatedAt: TimeSchema,
};
export const ChannelSchema = named("Channel", v.strictObject(ChannelEntries));
export const ChannelWithSecretSchema = named(
  "ChannelWithSecret",
  v.strictObject({ ...ChannelEntries, secret: v.optional(v.string()) }),
);

export const AvailabilitySchema = v.array(
  v.strictObject({ type: ChannelTypeSchema, limit: v.literal(-1), used: CountSchema }),
);

export const ChannelTestSchema = named(
  "ChannelTest",
  v.strictObject({
    ...TEST_ANSWER,
    outcome: v.picklist(["accepted", "gone", "rejected", "retry", "unreachable", "untried"]),
    reason: TextOrNullSchema,
    message: TextOrNullSchema,
    retryAfterSeconds: v.nullable(CountSchema),
    status: v.nullable(CountSchema),
    durationMs: CountSchema,
  }),
);

const VariableDefinitionSchema = named(
  "VariableDefinition",
  v.strictObject({
    type: v.picklist(VARIABLE_TYPES),
    required: v.boolean(),
    default: v.optional(v.union([v.string(), AnyObjectSchema])),
  }),
);

const TemplateText = {
  content: AnyObjectSchema,
  variableSchema: v.record(v.string(), VariableDefinitionSchema),
};

const TemplateEntries = {
  id: v.string(),
  key: v.string(),
  name: v.string(),
  category: TextOrNullSchema,
  status: v.picklist(TEMPLATE_STATUSES),
  version: CountSchema,
  approvedVersion: v.nullable(CountSchema),
  channelKeys: v.array(v.string()),
  placeholders: v.picklist(PLACEHOLDER_STYLES),
  createdAt: TimeSchema,
  updatedAt: TimeSchema,
};

export const ListedTemplateSchema = named("ListedTemplate", v.strictObject(TemplateEntries));
export const TemplateSchema = named("Template", v.strictObject({ ...TemplateEntries, ...TemplateText }));
/** An approval says which variables nothing uses. */
export const ChangedTemplateSchema = named(
  "ChangedTemplate",
  v.strictObject({
    ...TemplateEntries,
    ...TemplateText,
    warnings: v.optional(v.array(v.strictObject({ field: v.string(), message: v.string() }))),
  }),
);

const VersionEntries = {
  version: CountSchema,
  channelKeys: v.array(v.string()),
  placeholders: v.picklist(PLACEHOLDER_STYLES),
  createdAt: TimeSchema,
  approvedAt: OpenTimeSchema,
};
export const ListedVersionSchema = named("ListedTemplateVersion", v.strictObject(VersionEntries));
export const VersionSchema = named("TemplateVersion", v.strictObject({ ...VersionEntries, ...TemplateText }));

export const PreviewAnswerSchema = v.strictObject({
  templateKey: v.string(),
  version: CountSchema,
  content: AnyObjectSchema,
});

const WebhookEntries = {
  id: v.string(),
  url: v.string(),
  description: TextOrNullSchema,
  events: v.array(v.picklist(WEBHOOK_EVENTS)),
  eventsPerCall: CountSchema,
  enabled: v.boolean(),
  secretFingerprint: v.string(),
  previousSecretUntil: OpenTimeSchema,
  failingSince: OpenTimeSchema,
  disabledAt: OpenTimeSchema,
  disabledReason: v.nullable(v.picklist(DISABLED_REASONS)),
  waitingEvents: CountSchema,
  droppedEvents: CountSchema,
  createdAt: TimeSchema,
  updatedAt: TimeSchema,
};
export const WebhookSchema = named("Webhook", v.strictObject(WebhookEntries));
export const WebhookWithSecretSchema = named(
  "WebhookWithSecret",
  v.strictObject({ ...WebhookEntries, secret: v.string() }),
);

export const AttemptSchema = named(
  "WebhookAttempt",
  v.strictObject({
    id: v.string(),
    messageId: v.string(),
    type: v.picklist([...WEBHOOK_EVENTS, TEST_EVENT, BATCH_TYPE]),
    events: CountSchema,
    status: v.picklist(["succeeded", "failed"]),
    httpStatus: v.nullable(CountSchema),
    durationMs: CountSchema,
    response: TextOrNullSchema,
    error: TextOrNullSchema,
    at: TimeSchema,
    nextAttemptAt: OpenTimeSchema,
  }),
);

export const AuditActionSchema = named(
  "AuditAction",
  choiceSchema([...CHANGE_ACTIONS, ...NOTIFICATION_ACTIONS]),
);
export const AuditTargetTypeSchema = named("AuditTargetType", choiceSchema(TARGET_TYPES));

export const AuditEntrySchema = named(
  "AuditEntry",
  v.strictObject({
    id: v.string(),
    at: TimeSchema,
    actor: v.strictObject({
      type: v.picklist(["api_key", "admin", "onecall"]),
      key: TextOrNullSchema,
      keyId: TextOrNullSchema,
    }),
    action: AuditActionSchema,
    target: v.strictObject({ type: AuditTargetTypeSchema, id: v.string() }),
    details: AnyObjectSchema,
    requestId: TextOrNullSchema,
  }),
);
