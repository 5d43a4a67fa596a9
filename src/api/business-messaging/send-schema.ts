import * as v from "valibot";
import { type Fault, faultsToError } from "../../errors.ts";
import { checkInput, IsoTimeSchema, isUserId, textSchema, USER_ID_MESSAGE } from "../../http/validation.ts";
import {
  MAX_BATCH_TARGETS,
  MAX_EXPIRY_MS,
  MAX_LABEL_LENGTH,
  MAX_PUSH_DATA_BYTES,
  MAX_REALTIME_TARGETS,
} from "../../limits.ts";
import { MODES, type Mode, PRIORITIES } from "../../notifications/model.ts";
import type { SendRequest, SendVariables } from "../../notifications/request.ts";
import { exceedsBytes } from "../../text-size.ts";

/** Faults of one kind that are named one by one; after that only their number would be news. */
const MAX_NAMED_FAULTS = 20;

const LabelSchema = v.nullish(textSchema(MAX_LABEL_LENGTH));
const OBJECT_MESSAGE = "must be an object";

const isObject = (input: unknown): input is Record<string, unknown> =>
  typeof input === "object" && input !== null && !Array.isArray(input);

const TemplateSchema = v.object(
  {
    key: v.nullish(textSchema(255)),
    id: v.nullish(textSchema(255)),
    // Checked by hand below: valibot's record() leaves out names that are legal user ids.
    variables: v.optional(v.unknown()),
    notificationPushData: v.optional(v.unknown()),
  },
  "must be an object with the template's key or id",
);

const SendBodySchema = v.object(
  {
    template: TemplateSchema,
    targets: v.optional(v.unknown()),
    mode: v.optional(v.unknown()),
    title: LabelSchema,
    tag: LabelSchema,
    priority: v.nullish(v.picklist(PRIORITIES, 'must be "high", "normal" or "low"')),
    expiresAt: v.nullish(IsoTimeSchema),
  },
  "must be a JSON object",
);

/** Seeds 000 and 001: the body of `POST /notifications/send`. Every wrong field is named in one error. */
export function parseSendBody(body: unknown, now: number): SendRequest {
  const { value, faults } = checkInput(SendBodySchema, body);
  // What the schema can't say is looked at even where it found faults: all of them belong in one answer.
  const fields = isObject(body) ? body : {};
  const template = isObject(fields.template) ? fields.template : {};
  const mode = checkMode(fields.mode, faults);
  checkTargets(fields.targets, mode, faults);
  checkReference(template, faults);
  const variables = readVariables(template.variables, mode, faults);
  const pushData = readPushData(template.notificationPushData, faults);
  if (value?.priority && mode === "realtime") {
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
    targets: fields.targets as string[],
    variables,
    pushData,
    title: value.title ?? null,
    tag: value.tag ?? null,
    priority: value.priority ?? "normal",
    expiresAt,
  };
}

function checkMode(mode: unknown, faults: Fault[]): Mode | null {
  const known = MODES.find((name) => name === mode);
  if (known !== undefined) return known;
  const isAbsent = mode === undefined || mode === null;
  const message = isAbsent ? 'is required: "realtime" or "batch"' : 'must be "realtime" or "batch"';
  faults.push({ field: "mode", message, code: isAbsent ? "ERR_BAD_REQUEST" : "ERR_INVALID_MODE" });
  return null;
}

function checkTargets(targets: unknown, mode: Mode | null, faults: Fault[]): void {
  if (!Array.isArray(targets) || targets.length === 0) {
    faults.push({ field: "targets", message: "must be an array with at least one user id" });
    return;
  }
  const limit = mode === "realtime" ? MAX_REALTIME_TARGETS : MAX_BATCH_TARGETS;
  if (targets.length > limit) {
    const hint = mode === "realtime" ? 'use mode "batch" for more' : "upload a targets file for more";
    const message = `has ${targets.length} users; ${mode ?? "batch"} mode takes at most ${limit}: ${hint}`;
    faults.push({ field: "targets", message, code: "ERR_TARGET_LIMIT_EXCEEDED" });
    return;
  }
  let named = 0;
  for (const [index, target] of targets.entries()) {
    if (isUserId(target)) continue;
    if (++named > MAX_NAMED_FAULTS) break;
    faults.push({ field: `targets[${index}]`, message: USER_ID_MESSAGE });
  }
}

function checkReference(template: Record<string, unknown>, faults: Fault[]): void {
  const given = [template.key, template.id].filter((value) => value !== undefined && value !== null).length;
  if (given === 1 || faults.some(({ field }) => field === "template")) return;
  const message = given === 0 ? "give the template's key or its id" : "give key or id, not both";
  faults.push({ field: given === 0 ? "template.key" : "template.id", message });
}

function readVariables(variables: unknown, mode: Mode | null, faults: Fault[]): SendVariables {
  const field = "template.variables";
  if (variables === undefined || variables === null) return { shape: "none" };
  if (!isObject(variables)) {
    faults.push({ field, message: OBJECT_MESSAGE, code: "ERR_INVALID_VARIABLES" });
    return { shape: "none" };
  }
  if (mode === "realtime") return { shape: "flat_or_by_target", values: variables };
  let named = 0;
  for (const [userId, values] of Object.entries(variables)) {
    if (mode !== "batch" || isObject(values)) continue;
    if (++named > MAX_NAMED_FAULTS) break;
    const message = "must be an object of that user's variables: in batch they are keyed by user id";
    faults.push({ field: `${field}.${userId}`, message, code: "ERR_INVALID_VARIABLES" });
  }
  return { shape: "by_target", values: variables };
}

function readPushData(pushData: unknown, faults: Fault[]): Record<string, string> {
  const field = "template.notificationPushData";
  if (pushData === undefined || pushData === null) return {};
  if (!isObject(pushData)) {
    faults.push({ field, message: "must be an object of string values" });
    return {};
  }
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(pushData)) {
    if (typeof value === "string") entries.push([name, value]);
    else faults.push({ field: `${field}.${name}`, message: "must be a string" });
  }
  if (exceedsBytes(JSON.stringify(pushData), MAX_PUSH_DATA_BYTES)) {
    faults.push({ field, message: `has more than ${MAX_PUSH_DATA_BYTES} bytes as JSON` });
  }
  return Object.fromEntries(entries);
}
