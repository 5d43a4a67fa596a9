import * as v from "valibot";
import { addStrangeSendFields } from "../http/strange-fields.ts";
import { checkForm, isUserId, USER_ID_MESSAGE } from "../http/validation.ts";
import { type Faults, showName } from "../model/errors.ts";
import {
  MAX_BATCH_TARGETS,
  MAX_LABEL_LENGTH,
  MAX_PUSH_DATA_BYTES,
  MAX_REALTIME_TARGETS,
} from "../model/limits.ts";
import { MODES, type Mode } from "../model/notification.ts";
import type { SendAudience, SendVariables } from "../model/send-request.ts";
import { digitsOf } from "../model/sent-number.ts";
import type { UserIds } from "../model/user-ids.ts";
import { readVariablesByUser } from "../sending/variables-by-user.ts";
import { exceedsBytes } from "../text/size.ts";

/**
 * What the families' sends have in common, by whatever names their fields go. Each check adds its faults to
 * a list, so that one answer names them all.
 */

const LABEL_MESSAGE = `must be a text of at most ${MAX_LABEL_LENGTH} characters`;

const DATA_MESSAGE = "must be a text of well-formed Unicode, a number or a boolean";

/** A title or a tag; an empty one is none. */
export const LabelSchema = v.nullish(
  v.pipe(
    v.string(LABEL_MESSAGE),
    v.check((text) => text.length <= MAX_LABEL_LENGTH && text.isWellFormed(), LABEL_MESSAGE),
  ),
);

export function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The parts of a form with a `template` and a `mode`; strange fields of both are faults. `paths`: what it may have. */
function openSendForm(
  body: unknown,
  paths: readonly string[],
  faults: Faults,
): { fields: Record<string, unknown>; template: Record<string, unknown>; mode: Mode | null } {
  const fields = isObject(body) ? body : {};
  const template = isObject(fields.template) ? fields.template : {};
  addStrangeSendFields(fields, "", paths, faults);
  addStrangeSendFields(template, "template.", paths, faults);
  return { fields, template, mode: checkMode(fields.mode, faults) };
}

/**
 * What a send begins with that has `template`, `targets` and `mode`: its parts, its faults so far, its audience.
 * `schema` says what valibot can check of it, `file` is its field for a targets file.
 */
export function openSend<S extends v.GenericSchema>(
  body: unknown,
  { schema, paths, file }: { schema: S; paths: readonly string[]; file: string },
  userIds: UserIds,
) {
  const { value, faults } = checkForm(schema, body);
  // Looked at even where the schema found faults: all of them belong in one answer.
  const { fields, template, mode } = openSendForm(body, paths, faults);
  const audience = readAudience(
    { targets: fields.targets, file: fields[file] },
    { targets: "targets", file },
    mode,
    { realtime: MAX_REALTIME_TARGETS, batch: MAX_BATCH_TARGETS },
    userIds,
    faults,
  );
  return { value, faults, fields, template, mode, audience };
}

/** Seed 001: an absent mode is a bad request, another one has a code of its own. */
function checkMode(mode: unknown, faults: Faults): Mode | null {
  const known = MODES.find((name) => name === mode);
  if (known !== undefined) return known;
  const message = isGiven(mode) ? 'must be "realtime" or "batch"' : 'is required: "realtime" or "batch"';
  faults.push({ field: "mode", message, code: isGiven(mode) ? "ERR_INVALID_MODE" : "ERR_BAD_REQUEST" });
  return null;
}

/** The stored ids of an array of 1 to `limit` user ids; `hint` says what to do with more. */
export function readTargets(
  targets: unknown,
  { field, limit, hint }: { field: string; limit: number; hint: string },
  userIds: UserIds,
  faults: Faults,
): string[] {
  if (!Array.isArray(targets) || targets.length === 0) {
    faults.push({ field, message: "must be an array with at least one user id" });
    return [];
  }
  if (targets.length > limit) {
    const message = `has ${targets.length} users; at most ${limit} ${limit === 1 ? "is" : "are"} taken: ${hint}`;
    faults.push({ field, message, code: "ERR_TARGET_LIMIT_EXCEEDED" });
    return [];
  }
  const read: string[] = [];
  for (const [index, target] of targets.entries()) {
    const userId: unknown = typeof target === "string" ? userIds.read(target) : target;
    if (isUserId(userId)) read.push(userId);
    else faults.push({ field: `${field}[${index}]`, message: USER_ID_MESSAGE });
  }
  return read;
}

/** Targets or, in batch, a targets file; never both. `names` are the two fields' names. */
function readAudience(
  given: { targets: unknown; file: unknown },
  names: { targets: string; file: string },
  mode: Mode | null,
  limits: Record<Mode, number>,
  userIds: UserIds,
  faults: Faults,
): SendAudience {
  const { targets, file } = given;
  if (!isGiven(file)) {
    const limit = limits[mode ?? "batch"];
    const hint = mode === "realtime" ? 'use mode "batch" for more' : "upload a targets file for more";
    return {
      kind: "targets",
      targets: readTargets(targets, { field: names.targets, limit, hint }, userIds, faults),
    };
  }
  if (isGiven(targets)) {
    faults.push({ field: names.file, message: `give ${names.targets} or ${names.file}, not both` });
  } else if (mode === "realtime") {
    faults.push({ field: names.file, message: 'is for mode "batch"; realtime takes one target' });
  } else if (typeof file !== "string" || file === "") {
    faults.push({ field: names.file, message: "must be the file key of an uploaded targets file" });
  }
  return { kind: "file", fileKey: typeof file === "string" ? file : "" };
}

/** Variables as `{user: {name: value}}`. `userIds` null: how the users are stored is known later. */
export function readKeyedVariables(
  variables: unknown,
  field: string,
  userIds: UserIds | null,
  faults: Faults,
): SendVariables {
  if (!isGiven(variables)) return { shape: "none" };
  if (!isObject(variables)) {
    const message = "must be an object of variables by user id";
    faults.push({ field, message, code: "ERR_INVALID_VARIABLES" });
    return { shape: "none" };
  }
  for (const userId of Object.keys(variables)) {
    if (isObject(variables[userId])) continue;
    const message = "must be an object of that user's variables: they are keyed by user id";
    faults.push({ field: `${field}.${showName(userId)}`, message, code: "ERR_INVALID_VARIABLES" });
  }
  const values = userIds === null ? variables : readVariablesByUser(variables, field, userIds, faults);
  return { shape: "by_target", field, values };
}

/**
 * Pairs for the push's `data`, all of them texts: a number goes with its digits, as it was sent, a boolean as its
 * word. `maxPairs` null: as many as fit the payload.
 */
export function readPushData(
  pushData: unknown,
  field: string,
  maxPairs: number | null,
  faults: Faults,
): Record<string, string> {
  if (!isGiven(pushData)) return {};
  if (!isObject(pushData)) {
    faults.push({ field, message: "must be an object of texts, numbers and booleans" });
    return {};
  }
  // A pair has six bytes at least: what can't fit isn't looked at pair by pair.
  const most = Math.min(maxPairs ?? MAX_PUSH_DATA_BYTES, MAX_PUSH_DATA_BYTES);
  if (Object.keys(pushData).length > most) {
    const limit = maxPairs === null ? `${MAX_PUSH_DATA_BYTES} bytes as JSON` : `${maxPairs} pairs`;
    faults.push({ field, message: `has more than ${limit}` });
    return {};
  }
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(pushData)) {
    const text = toText(value);
    if (text?.isWellFormed() && name.isWellFormed()) entries.push([name, text]);
    else faults.push({ field: `${field}.${showName(name)}`, message: DATA_MESSAGE });
  }
  const pairs = Object.fromEntries(entries);
  if (exceedsBytes(JSON.stringify(pairs), MAX_PUSH_DATA_BYTES)) {
    faults.push({ field, message: `has more than ${MAX_PUSH_DATA_BYTES} bytes as JSON` });
  }
  return pairs;
}

function toText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : digitsOf(value);
}
