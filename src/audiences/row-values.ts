import type { SendPlan, StoredRow } from "../model/notification.ts";
import { readRawValue, type VariableReader } from "../templates/variables.ts";
import { ABSENT } from "./json-row.ts";

/** A target's raw values in the variables' order; null for a target without variables. */
export type ReadRow = (row: StoredRow) => unknown[] | null;

/** Exceptions to a targets file, by user. */
export type Overrides = Record<string, Record<string, unknown>>;

/**
 * How a source's rows are read. Compiled once per plan: a row of a file without fields' columns and without
 * exceptions is a few array reads.
 */
export function compileRowReader(
  { source, columns }: Pick<SendPlan, "source" | "columns">,
  variables: readonly VariableReader[],
  overrides: Overrides,
): ReadRow {
  if (source.kind !== "file") return (row) => (row.length === 1 ? null : row.slice(1));
  const positions = new Map(columns.map((name, index) => [name, index + 1]));
  return (row) => {
    const own = Object.hasOwn(overrides, row[0]) ? overrides[row[0]] : undefined;
    const readCell = (name: string): unknown => {
      const position = positions.get(name);
      const cell = position === undefined ? undefined : row[position];
      // Rows stored by an earlier release have null.
      return cell === ABSENT ? undefined : cell;
    };
    return variables.map((variable) => {
      const given = own === undefined ? null : readRawValue(variable, (name) => ownValue(own, name));
      return given ?? readRawValue(variable, readCell);
    });
  };
}

function ownValue(values: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
