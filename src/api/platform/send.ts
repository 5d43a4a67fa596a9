import * as v from "valibot";
import { findChannel } from "../../channels/table.ts";
import { byApiToken } from "../../http/access.ts";
import { textSchema } from "../../http/validation.ts";
import { maskKey } from "../../model/app.ts";
import { faultsToError } from "../../model/errors.ts";
import { type NotificationHeader, PRIORITIES } from "../../model/notification.ts";
import type { SendRequest } from "../../model/send-request.ts";
import { KEEPS_USER_IDS, UserIds } from "../../model/user-ids.ts";
import { ModeSchema, PrioritySchema } from "../schemas.ts";
import { LabelSchema, openSend, readKeyedVariables, readPushData } from "../send-checks.ts";
import { PLATFORM_SEND_EXAMPLES } from "../send-examples.ts";
import { KeyedVariablesForm, PushDataForm, pathsOf, TargetsForm } from "../send-form.ts";
import { defineSend } from "../send-route.ts";
import { PlatformSentSchema } from "./answers.ts";

/** Seed 004: pairs in `notification_push_data`. */
const MAX_PUSH_PAIRS = 5;

// What valibot can't say as the answer should, `parsePlatformSend` checks by hand.
const SendBodySchema = v.object(
  {
    template: v.object({ key: textSchema(255) }, "must be an object with the template's key"),
    title: LabelSchema,
    tag: LabelSchema,
    priority: v.nullish(v.picklist(PRIORITIES, 'must be "high", "normal" or "low"')),
  },
  "must be a JSON object",
);

/** The whole form, as a document shows it. */
const SendFormSchema = v.object({
  template: v.object({
    key: textSchema(255),
    variables: v.nullish(KeyedVariablesForm),
    notification_push_data: v.nullish(PushDataForm),
  }),
  targets: v.optional(TargetsForm),
  targets_filename: v.nullish(v.string()),
  mode: ModeSchema,
  title: LabelSchema,
  tag: LabelSchema,
  priority: v.nullish(PrioritySchema),
});

const FORM = { schema: SendBodySchema, paths: pathsOf(SendFormSchema), file: "targets_filename" };

export const postPlatformSend = defineSend({
  id: "sendPlatformNotification",
  path: "/v1/notifications/messages",
  also: ["/v2/notifications/messages"],
  access: byApiToken("send"),
  summary: "Send a template to one user or to many",
  form: SendFormSchema,
  answer: PlatformSentSchema,
  examples: PLATFORM_SEND_EXAMPLES,
  parse: parsePlatformSend,
  present: presentPlatformSend,
});

/** Seed 004's body. Every wrong field is named in one error. */
function parsePlatformSend(body: unknown): SendRequest {
  const userIds = new UserIds(KEEPS_USER_IDS);
  const { value, faults, template, mode, audience } = openSend(body, FORM, userIds);
  const variables = readKeyedVariables(template.variables, "template.variables", userIds, faults);
  const pushData = readPushData(
    template.notification_push_data,
    "template.notification_push_data",
    MAX_PUSH_PAIRS,
    faults,
  );
  if (faults.length > 0 || value === null || mode === null) throw faultsToError(faults);
  return {
    template: { key: value.template.key },
    mode,
    audience,
    userIds,
    variables,
    pushData,
    title: value.title || null,
    tag: value.tag || null,
    // In realtime it is checked, then ignored.
    priority: value.priority ?? "normal",
    expiresAt: null,
  };
}

/** Seed 004's answer; its family has its own names of channels' types, and `priority` is batch's alone. */
function presentPlatformSend(header: NotificationHeader): object {
  const { id, templateKey, channels, mode, priority, title, tag, sentFrom, createdAt } = header;
  return {
    notification_id: id,
    template_key: templateKey,
    channels: channels.map(({ key, type }) => ({ key, type: findChannel(type)?.platformType ?? type })),
    mode,
    ...(priority === null ? {} : { priority }),
    title,
    tag,
    sent_from: { type: "api", value: maskKey(sentFrom) },
    created_at: createdAt,
  };
}
