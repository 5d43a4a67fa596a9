import * as v from "valibot";
import { UserIdSchema } from "../http/validation.ts";
import { MAX_BATCH_TARGETS } from "../model/limits.ts";
import { AnyObjectSchema } from "./schemas.ts";

/** What the forms of the families' sends have in common, as a document shows them; `send-checks.ts` checks them. */

export const TargetsForm = v.pipe(v.array(UserIdSchema), v.minLength(1), v.maxLength(MAX_BATCH_TARGETS));

/** By user id: the values of that user's variables. */
export const KeyedVariablesForm = v.record(v.string(), AnyObjectSchema);

export const PushDataForm = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

/** Every field of a form, by its path: `template.key`. */
export function pathsOf(form: { entries: Record<string, unknown> }): string[] {
  return Object.entries(form.entries).flatMap(([name, schema]) => {
    const inner = schema as { entries?: Record<string, unknown> };
    const deeper = inner.entries === undefined ? [] : Object.keys(inner.entries);
    return [name, ...deeper.map((field) => `${name}.${field}`)];
  });
}
