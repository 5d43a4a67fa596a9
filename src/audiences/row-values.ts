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

/**
 * Where each variable's value is in a source's rows, behind the id, where a row with a text in every column has these
 * values and nothing else: it can be kept as it is. Null where rows have to be read.
 */
export function placeVariables(
  { source, columns }: Pick<SendPlan, "source" | "columns">,
  variables: readonly VariableReader[],
): number[] | null {
  if (!variables.every(({ definition }) => definition.type === "string")) return null;
  if (source.kind !== "file") return variables.map((_, index) => index + 1);
  // A column that no variable takes must not be stored in segments, which stay longer than the file.
  if (source.hasOverrides || columns.length !== variables.length) return null;
  const places = variables.map(({ name }) => columns.indexOf(name) + 1);
  return places.includes(0) ? null : places;
}

function ownValue(values: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
