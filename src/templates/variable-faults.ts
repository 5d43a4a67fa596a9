import type { Fault } from "../errors.ts";
import { resolveVariables, TYPE_DESCRIPTIONS, type VariableReader, type VariableValue } from "./variables.ts";

/** One target's values, or a fault for every variable that is missing or of the wrong type. */
export function checkVariables(
  variables: readonly VariableReader[],
  rawAt: (index: number) => unknown,
  field: string,
): { values: (VariableValue | null)[]; faults: Fault[] } {
  const resolved = resolveVariables(variables, rawAt);
  if (resolved.ok) return { values: resolved.values, faults: [] };
  const describe = (name: string): string =>
    TYPE_DESCRIPTIONS[variables.find((variable) => variable.name === name)?.definition.type ?? "string"];
  const toFaults = (names: readonly string[], verb: string): Fault[] =>
    names.map((name) => ({
      field: `${field}.${name}`,
      message: `${verb} ${describe(name)}`,
      code: "ERR_INVALID_VARIABLES",
    }));
  return {
    values: [],
    faults: [...toFaults(resolved.missing, "is required; give"), ...toFaults(resolved.invalid, "must be")],
  };
}
