import { type Faults, showName } from "../model/errors.ts";
import { digitsOf } from "../model/sent-number.ts";
import type { UserIds } from "../model/user-ids.ts";

/**
 * Variables by the ids that their users are stored under. A fault for each key that names a user once more, with other
 * variables: nobody could say which ones are meant.
 */
export function readVariablesByUser(
  values: Record<string, unknown>,
  field: string,
  userIds: UserIds,
  faults: Faults,
): Record<string, unknown> {
  if (!userIds.foldsUserIds) return values;
  const names = new Map<string, string>();
  let isFolded = false;
  for (const name of Object.keys(values)) {
    const userId = userIds.read(name);
    isFolded ||= userId !== name;
    const first = names.get(userId);
    if (first === undefined) names.set(userId, name);
    else if (!isSameJson(values[first], values[name])) {
      faults.push({
        field: `${field}.${showName(name)}`,
        message: clashMessage(first, name),
        code: "ERR_INVALID_VARIABLES",
      });
    }
  }
  if (!isFolded) return values;
  return Object.fromEntries([...names].map(([userId, name]) => [userId, values[name]]));
}

/** `"Jane" and "jane" are one user …` */
export function clashMessage(first: string, second: string): string {
  const names = `"${showName(first)}" and "${showName(second)}"`;
  return `${names} are one user in this app, and have different variables; give them once`;
}

/** True where both are the same JSON, in whatever order its keys came. Bodies bound how deep they are. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b || (digitsOf(a) !== null && digitsOf(a) === digitsOf(b));
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const fields = new Map(Object.entries(b));
  const entries = Object.entries(a);
  return (
    entries.length === fields.size &&
    entries.every(([name, value]) => fields.has(name) && isSameJson(value, fields.get(name)))
  );
}
