import { CsvReader, type CsvRules, type CsvSummary } from "../../src/audiences/csv.ts";

/** The rules of targets files, with ids that may be any text but an empty one. */
export const RULES: CsvRules = {
  idColumn: "user_id",
  reservedColumns: ["_reason"],
  isId: (id) => id !== "" && !id.includes("\n"),
  idMessage: "must be a user id",
  maxRows: 100_000,
  maxRowLength: 16 * 1024,
};

export interface ReadCsv extends CsvSummary {
  /** `[id, ...cells]` of every row that came out. */
  targets: (string | null)[][];
}

/** Reads pieces of a CSV as they would stream in. */
export function readCsv(pieces: string | readonly string[], rules: Partial<CsvRules> = {}): ReadCsv {
  const targets: (string | null)[][] = [];
  const reader = new CsvReader({ ...RULES, ...rules }, (id, cells) => targets.push([id, ...cells]));
  for (const piece of typeof pieces === "string" ? [pieces] : pieces) reader.write(piece);
  return { ...reader.end(), targets };
}

/** The text cut at the given places, in any order; places outside of it count modulo its length. */
export function cutAt(text: string, places: readonly number[]): string[] {
  const inside = places.map((place) => (text.length === 0 ? 0 : place % text.length));
  const cuts = [0, ...inside.sort((a, b) => a - b), text.length];
  return cuts.slice(1).map((end, index) => text.slice(cuts[index], end));
}

/** A CSV as RFC 4180 writers make it: quotes where they are needed, or everywhere. */
export function writeCsv(
  table: readonly (readonly string[])[],
  lineBreak: "\n" | "\r\n",
  quotesAll = false,
): string {
  const writeCell = (cell: string) =>
    quotesAll || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  return table.map((cells) => cells.map(writeCell).join(",") + lineBreak).join("");
}
