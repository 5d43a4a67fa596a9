import { Faults } from "../model/errors.ts";
import type { VariableValue } from "../model/template.ts";
import { resolveVariables, TYPE_DESCRIPTIONS, type VariableReader } from "./variables.ts";

/** One target's values, or a fault for every variable that is missing or of the wrong type. */
export function checkVariables(
  variables: readonly VariableReader[],
  rawAt: (index: number) => unknown,
  field: string,
): { values: (VariableValue | null)[]; faults: Faults } {
  const resolved = resolveVariables(variables, rawAt);
  if (resolved.ok) return { values: resolved.values, faults: new Faults() };
  const describe = (name: string): string =>
    TYPE_DESCRIPTIONS[variables.find((variable) => variable.name === name)?.definition.type ?? "string"];
  const faults = new Faults();
  const add = (name: string, verb: string): void =>
    faults.push({
      field: `${field}.${name}`,
      message: `${verb} ${describe(name)}`,
      code: "ERR_INVALID_VARIABLES",
    });
  for (const name of resolved.missing) add(name, "is required; give");
  for (const name of resolved.invalid) add(name, "must be");
  return { values: [], faults };
}
