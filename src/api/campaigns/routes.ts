import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import type { Route } from "../../http/route.ts";
import { addStrangeSendFields } from "../../http/strange-fields.ts";
import { checkForm, textSchema } from "../../http/validation.ts";
import { faultsToError } from "../../model/errors.ts";
import { MAX_BATCH_TARGETS } from "../../model/limits.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import type { SendRequest } from "../../model/send-request.ts";
import { type UserIdRule, UserIds } from "../../model/user-ids.ts";
import { isObject, LabelSchema, readKeyedVariables, readTargets } from "../send-checks.ts";
import { CAMPAIGN_EXAMPLES } from "../send-examples.ts";
import { KeyedVariablesForm, pathsOf, TargetsForm } from "../send-form.ts";
import { defineSend } from "../send-route.ts";
import { CampaignSentSchema } from "./answers.ts";

/** Seed 003: up to this many receivers are delivered to before the response returns. */
const MAX_REALTIME_RECEIVERS = 10;

const SendBodySchema = v.object({ templateId: textSchema(255), tag: LabelSchema }, "must be a JSON object");

/** The whole form, as a document shows it. */
const SendFormSchema = v.object({
  templateId: textSchema(255),
  receivers: TargetsForm,
  variables: v.nullish(KeyedVariablesForm),
  tag: LabelSchema,
});

/** All that a send may have, by its path. */
const FIELDS = pathsOf(SendFormSchema);

const postCampaignSend = defineSend({
  id: "sendCampaignNotification",
  path: "/v3/campaigns/notifications/messages",
  also: ["/notifications/messages"],
  access: byApiKey("send"),
  summary: "Send a template to up to 10 receivers at once, or to more as a batch",
  form: SendFormSchema,
  answer: CampaignSentSchema,
  examples: CAMPAIGN_EXAMPLES,
  parse: parseCampaignSend,
  present: (header) => ({ data: presentCampaignSend(header) }),
});

export const campaignsRoutes: Route[] = [postCampaignSend];

/** Seed 003's body; the number of receivers chooses the mode. Every wrong field is named in one error. */
function parseCampaignSend(body: unknown, rule: UserIdRule): SendRequest {
  const { value, faults } = checkForm(SendBodySchema, body);
  const fields = isObject(body) ? body : {};
  addStrangeSendFields(fields, "", FIELDS, faults);
  const hint = "send several calls";
  const userIds = new UserIds(rule);
  const limits = { field: "receivers", limit: MAX_BATCH_TARGETS, hint };
  const targets = readTargets(fields.receivers, limits, userIds, faults);
  const variables = readKeyedVariables(fields.variables, "variables", userIds, faults);
  if (faults.length > 0 || value === null) throw faultsToError(faults);
  return {
    template: { keyOrId: value.templateId },
    mode: targets.length <= MAX_REALTIME_RECEIVERS ? "realtime" : "batch",
    audience: { kind: "targets", targets },
    userIds,
    variables,
    pushData: {},
    title: null,
    tag: value.tag || null,
    priority: "normal",
    expiresAt: null,
  };
}

/** Realtime: the response means that all were delivered. Batch: that the job is queued. */
function presentCampaignSend({ id, mode, total, channels }: NotificationHeader): object {
  const types = [...new Set(channels.map(({ type }) => type))];
  return mode === "realtime"
    ? { notificationId: id, channels: types, mode }
    : { batchId: id, total, channels: types, mode };
}
