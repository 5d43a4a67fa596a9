import { faultsToError, showName } from "../model/errors.ts";
import { MAX_VARIABLES_BYTES } from "../model/limits.ts";
import type { SendVariables } from "../model/send-request.ts";
import { withDigitsAsNumber, withDigitsAsText } from "../model/sent-number.ts";
import { canonicalUserId, type UserIdRule } from "../model/user-ids.ts";
import { readRawValue, VARIABLE_FIELDS, type VariableReader } from "../templates/variables.ts";
import { exceedsBytes } from "../text/size.ts";
import { clashMessage, isSameJson } from "./variables-by-user.ts";

/** Stands for a value of no variable's type, so that a strange one needn't be stored. */
const INVALID: readonly never[] = [];

/**
 * The raw values of a target in the variables' order, null where it has none at all. Undeclared names are
 * left out; what no variable can be is made {@link INVALID}.
 */
export function readTargetValues(
  variables: readonly VariableReader[],
  given: SendVariables,
  userId: string,
): unknown[] | null {
  const values = selectValues(variables, given, userId);
  if (values === null) return null;
  if (!isObject(values)) return variables.map(() => INVALID);
  const read = (name: string): unknown => withDigitsAsText(ownValue(values, name));
  return variables.map((variable) => toCell(readRawValue(variable, read), variable));
}

/** Exceptions to a targets file as they are stored: numbers that were kept as they were sent become texts. */
export function plainOverrides(overrides: Record<string, unknown>): Record<string, unknown> {
  const plainFields = (fields: object, plain: (value: unknown) => unknown): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
  // A field of an image is a number, whatever its digits.
  const plainValue = (value: unknown): unknown =>
    isObject(value) ? plainFields(value, withDigitsAsNumber) : withDigitsAsText(value);
  return plainFields(overrides, (values) => (isObject(values) ? plainFields(values, plainValue) : values));
}

/** True where one target's values are over 16 KB. */
export function areTooLarge(values: readonly unknown[]): boolean {
  return exceedsBytes(JSON.stringify(values), MAX_VARIABLES_BYTES);
}

/** The values, or invalid ones where they are too large to be stored. */
export function limitValues(values: readonly unknown[]): readonly unknown[] {
  return areTooLarge(values) ? values.map(() => INVALID) : values;
}

/**
 * In realtime the variables are flat; or they are keyed, where the target's id is one of their keys, with an object as
 * its value, and no variable has that name. Throws where the target is there in two spellings with different variables.
 */
function selectValues(variables: readonly VariableReader[], given: SendVariables, userId: string): unknown {
  if (given.shape === "none") return null;
  const { values } = given;
  if (given.shape === "by_target") return ownValue(values, userId) ?? null;
  const [first, ...others] = spellingsOf(given.rule, values, userId).filter(
    (key) => isObject(ownValue(values, key)) && !variables.some(({ name }) => name === key),
  );
  if (first === undefined) return values;
  const clash = others.find((key) => !isSameJson(values[first], values[key]));
  if (clash === undefined) return values[first];
  throw faultsToError([
    {
      field: `${given.field}.${showName(clash)}`,
      message: clashMessage(first, clash),
      code: "ERR_INVALID_VARIABLES",
    },
  ]);
}

/** The keys that mean a user. */
function spellingsOf(rule: UserIdRule, values: Record<string, unknown>, userId: string): string[] {
  if (!rule.foldsUserIds) return [userId];
  return Object.keys(values).filter((key) => canonicalUserId(rule, key) === userId);
}

function toCell(raw: unknown, { definition }: VariableReader): unknown {
  if (raw === null || raw === undefined) return null;
  if (typeof raw !== "object") return raw;
  if (Array.isArray(raw)) return INVALID;
  const fields = VARIABLE_FIELDS[definition.type].map(
    (name) => [name, withDigitsAsNumber(ownValue(raw, name))] as const,
  );
  return fields.some(([, value]) => typeof value === "object") ? INVALID : Object.fromEntries(fields);
}

function ownValue(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
