import type {
  ActionValue,
  ImageValue,
  VariableDefinition,
  VariableSchema,
  VariableType,
  VariableValue,
} from "../model/template.ts";
/** The three variable types of seed 001, and how a caller's value becomes one of them. Pure. */

export const VARIABLE_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** The fields that a path such as `photo.url` can reach. */
export const VARIABLE_FIELDS: Record<VariableType, readonly string[]> = {
  string: [],
  image: ["url", "width", "height"],
  action: ["type", "data"],
};

/** What is right for a type, for error messages. */
export const TYPE_DESCRIPTIONS: Record<VariableType, string> = {
  string: "a string of well-formed Unicode (numbers and booleans are accepted)",
  image: "an object {url, width, height} with a string and two numbers",
  action: 'an object {type, data} with type "web" or "custom" and data a string',
};

/** The typed value of a raw JSON value, or null where it isn't one of that type. */
export function parseVariableValue(type: VariableType, raw: unknown): VariableValue | null {
  if (type === "string") {
    if (typeof raw === "string") return raw.isWellFormed() ? raw : null;
    return typeof raw === "boolean" || (typeof raw === "number" && Number.isFinite(raw)) ? String(raw) : null;
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return null;
  const fields = raw as Record<string, unknown>;
  return type === "image" ? parseImage(fields) : parseAction(fields);
}

function parseImage({ url, width, height }: Record<string, unknown>): ImageValue | null {
  if (typeof url !== "string" || url === "" || !url.isWellFormed()) return null;
  if (typeof width !== "number" || typeof height !== "number") return null;
  return Number.isFinite(width) && Number.isFinite(height) ? { url, width, height } : null;
}

function parseAction({ type, data }: Record<string, unknown>): ActionValue | null {
  if (type !== "web" && type !== "custom") return null;
  return typeof data === "string" && data.isWellFormed() ? { type, data } : null;
}

/** How one variable is found in a source of values. */
export interface VariableReader {
  name: string;
  definition: VariableDefinition;
}

/** The schema as a list: the order is the order of an audience's columns. */
export function listVariables(schema: VariableSchema): VariableReader[] {
  return Object.entries(schema).map(([name, definition]) => ({ name, definition }));
}

/**
 * The raw value of a variable: its exact name first, then the fields of an image or action one by one (a
 * column `photo.url`). Undefined and null are absent. `get` must read own properties only.
 */
export function readRawValue({ name, definition }: VariableReader, get: (name: string) => unknown): unknown {
  const whole = get(name);
  if (whole !== undefined && whole !== null) return whole;
  let fields: Record<string, unknown> | null = null;
  for (const field of VARIABLE_FIELDS[definition.type]) {
    const value = get(`${name}.${field}`);
    // An action may have no data; the other fields have none that is empty.
    if (value === undefined || value === null || (value === "" && field !== "data")) continue;
    fields ??= {};
    fields[field] = field === "width" || field === "height" ? Number(value) : value;
  }
  return fields;
}

/** One target's values in the schema's order; null where an optional variable is absent. */
export type ResolvedVariables =
  | { ok: true; values: (VariableValue | null)[] }
  | { ok: false; missing: string[]; invalid: string[] };

/** Checks and defaults the raw values (in the schema's order) of one target. */
export function resolveVariables(
  variables: readonly VariableReader[],
  rawAt: (index: number) => unknown,
): ResolvedVariables {
  const values: (VariableValue | null)[] = [];
  let missing: string[] | null = null;
  let invalid: string[] | null = null;
  for (let index = 0; index < variables.length; index++) {
    const variable = variables[index];
    if (variable === undefined) break;
    const { name, definition } = variable;
    const raw = rawAt(index);
    if (raw === undefined || raw === null) {
      if (definition.default !== undefined) values.push(definition.default);
      else if (definition.required) {
        missing ??= [];
        missing.push(name);
      } else values.push(null);
      continue;
    }
    const value = parseVariableValue(definition.type, raw);
    if (value === null) {
      invalid ??= [];
      invalid.push(name);
    } else values.push(value);
  }
  if (missing === null && invalid === null) return { ok: true, values };
  return { ok: false, missing: missing ?? [], invalid: invalid ?? [] };
}
