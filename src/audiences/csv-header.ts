import { MAX_COLUMN_NAME_LENGTH, MAX_FILE_COLUMNS } from "../model/limits.ts";
import { showInvisible, stripInvisible } from "../text/invisible.ts";
import type { CsvRecord } from "./csv-records.ts";

/** Reads a CSV's first line: what separates the cells, and the columns' names. Pure. */

/** What may separate the cells, the usual one first. No column's name has any of them. */
export const SEPARATORS = ",;\t|";
/** Spreadsheets' own first line: `sep=;`. */
const SEPARATOR_LINE = /^sep=(.?)$/i;
const COLUMN_NAME = new RegExp(`^[A-Za-z0-9._-]{1,${MAX_COLUMN_NAME_LENGTH}}$`);

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A cell's text; bytes that aren't UTF-8 become �. */
export function textOf({ bytes, ends }: CsvRecord, cell: number): string {
  return decoder.decode(bytes.subarray(cell === 0 ? 0 : (ends[cell - 1] ?? 0), ends[cell] ?? 0));
}

/** The separator that a line `sep=;` names; null where the record is no such line, `""` for one we don't know. */
export function readSeparatorLine(record: CsvRecord): string | null {
  if (record.filled !== 1) return null;
  const match = SEPARATOR_LINE.exec(textOf(record, 0));
  if (match === null) return null;
  // Its own separator ended the cell, unless the line is quoted whole.
  const named = match[1] || String.fromCharCode(record.endedBy[0] ?? 0);
  return SEPARATORS.includes(named) ? named : "";
}

/** The columns' names, and what separates them. */
export interface ReadHeader {
  separator: string;
  /** Up to the last that isn't empty, or to the last that is kept. */
  names: string[];
  /** Cells up to the last that isn't empty. */
  named: number;
  /** Cells of the line, those without a name at its right end included. */
  width: number;
}

/** Reads a header that every one of the separators has cut: that which has a column `idColumn` is the file's. */
export function readHeader(record: CsvRecord, idColumn: string): ReadHeader {
  const kept = Math.min(record.filled, record.ends.length);
  const found = [...SEPARATORS].filter((separator) =>
    record.endedBy.subarray(0, Math.min(record.count - 1, kept)).includes(separator.charCodeAt(0)),
  );
  const headers = found.map((separator) => joinCells(record, kept, separator));
  return (
    headers.find(({ names }) => names.includes(idColumn)) ??
    headers.toSorted((a, b) => b.names.length - a.names.length)[0] ??
    joinCells(record, kept, SEPARATORS.charAt(0))
  );
}

/** The header as this separator cuts it: cells that another one cut are joined again. */
function joinCells(record: CsvRecord, kept: number, separator: string): ReadHeader {
  const code = separator.charCodeAt(0);
  const names: string[] = [];
  let name = "";
  let joined = 0;
  for (let cell = 0; cell < kept; cell++) {
    name += textOf(record, cell);
    const end = record.endedBy[cell] ?? code;
    if (end === code || cell === kept - 1) {
      names.push(name);
      name = "";
    } else {
      name += String.fromCharCode(end);
      joined++;
    }
  }
  return { separator, names, named: record.filled - joined, width: record.count - joined };
}

/** What is wrong with the columns' names. */
export function findHeaderFaults({ names, named, width }: ReadHeader, idColumn: string): string[] {
  if (named > MAX_FILE_COLUMNS) {
    return [`there are ${named} columns; a file may have ${MAX_FILE_COLUMNS}`];
  }
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (/^ *$/.test(name)) {
      faults.push(`column ${index + 1} of ${width} has no name; give it one, or remove it`);
    } else if (!COLUMN_NAME.test(name)) faults.push(nameFault(name));
    else if (seen.has(name)) faults.push(`the column ${name} stands twice; column names must be unique`);
    seen.add(name);
  }
  const isNearlyThere = names.some((name) => name !== idColumn && stripInvisible(name) === idColumn);
  if (!seen.has(idColumn) && !isNearlyThere) {
    faults.push(`there is no column ${idColumn}; add it with every target's user id`);
  }
  return faults;
}

function nameFault(name: string): string {
  const shown = showInvisible(name.slice(0, 50));
  if (COLUMN_NAME.test(stripInvisible(name))) {
    return `the column name "${shown}" has spaces around it, or characters that can't be seen; remove them`;
  }
  if (name.length > MAX_COLUMN_NAME_LENGTH && COLUMN_NAME.test(name.slice(0, 1))) {
    return `the column name "${shown}…" has ${name.length} characters; it may have ${MAX_COLUMN_NAME_LENGTH}`;
  }
  return `the column name "${shown}" must have letters, digits, underscores, hyphens and periods only`;
}
