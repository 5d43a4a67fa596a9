import * as v from "valibot";
import { IsoTimeSchema, textSchema } from "../../http/validation.ts";
import { Faults, faultsToError } from "../../model/errors.ts";
import { MAX_EXPIRY_MS } from "../../model/limits.ts";
import { PRIORITIES } from "../../model/notification.ts";
import type { SendRequest, SendVariables } from "../../model/send-request.ts";
import { type UserIdRule, UserIds } from "../../model/user-ids.ts";
import { AnyObjectSchema, ModeSchema, PrioritySchema } from "../schemas.ts";
import {
  isGiven,
  isObject,
  LabelSchema,
  openSend,
  readKeyedVariables,
  readPushData,
} from "../send-checks.ts";
import { PushDataForm, pathsOf, TargetsForm } from "../send-form.ts";

// What valibot can't say as the answer should, `parseSendBody` checks by hand.
const SendBodySchema = v.object(
  {
    template: v.object(
      { key: v.nullish(textSchema(255)), id: v.nullish(textSchema(255)) },
      "must be an object with the template's key or id",
    ),
    title: LabelSchema,
    tag: LabelSchema,
    priority: v.nullish(v.picklist(PRIORITIES, 'must be "high", "normal" or "low"')),
    expiresAt: v.nullish(IsoTimeSchema),
  },
  "must be a JSON object",
);

const VARIABLES_FIELD = "template.variables";

/** The whole form, as a document shows it. */
export const SendFormSchema = v.object({
  template: v.object({
    key: v.nullish(textSchema(255)),
    id: v.nullish(textSchema(255)),
    // In realtime flat or keyed by user id, in batch keyed.
    variables: v.nullish(AnyObjectSchema),
    notificationPushData: v.nullish(PushDataForm),
  }),
  targets: v.optional(TargetsForm),
  targetsFile: v.nullish(v.string()),
  mode: ModeSchema,
  title: LabelSchema,
  tag: LabelSchema,
  priority: v.nullish(PrioritySchema),
  expiresAt: v.nullish(IsoTimeSchema),
});

const FORM = { schema: SendBodySchema, paths: pathsOf(SendFormSchema), file: "targetsFile" };

/** Seeds 000 and 001: the body of `POST /notifications/send`. Every wrong field is named in one error. */
export function parseSendBody(body: unknown, rule: UserIdRule, now: number): SendRequest {
  const userIds = new UserIds(rule);
  const { value, faults, fields, template, mode, audience } = openSend(body, FORM, userIds);
  checkReference(template, faults);
  const variables =
    mode === "realtime" && isObject(template.variables)
      ? readFlatVariables(template.variables, rule)
      : readKeyedVariables(
          template.variables,
          VARIABLES_FIELD,
          audience.kind === "targets" ? userIds : null,
          // Without a mode nobody knows which form is meant: only the mode is named.
          mode === null ? new Faults() : faults,
        );
  const pushData = readPushData(template.notificationPushData, "template.notificationPushData", null, faults);
  if (isGiven(fields.priority) && mode === "realtime") {
    faults.push({ field: "priority", message: "is for batch only; leave it out in realtime" });
  }
  const expiresAt = value?.expiresAt ?? null;
  if (expiresAt !== null && (expiresAt <= now || expiresAt > now + MAX_EXPIRY_MS)) {
    faults.push({ field: "expiresAt", message: "must be in the future, at most 30 days from now" });
  }
  if (faults.length > 0 || value === null || mode === null) throw faultsToError(faults);
  const { key, id } = value.template;
  return {
    template: key ? { key } : { id: id ?? "" },
    mode,
    audience,
    userIds,
    variables,
    pushData,
    title: value.title || null,
    tag: value.tag || null,
    priority: value.priority ?? "normal",
    expiresAt,
  };
}

function checkReference(template: Record<string, unknown>, faults: Faults): void {
  const given = [template.key, template.id].filter(isGiven).length;
  if (given === 1 || [...faults].some(({ field }) => field === "template")) return;
  const message = given === 0 ? "give the template's key or its id" : "give key or id, not both";
  faults.push({ field: given === 0 ? "template.key" : "template.id", message });
}

/** In realtime they are flat, or keyed by user as in batch, which the template's own names decide. */
function readFlatVariables(values: Record<string, unknown>, rule: UserIdRule): SendVariables {
  return { shape: "flat_or_by_target", field: VARIABLES_FIELD, values, rule };
}
