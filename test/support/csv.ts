import { CsvReader, type CsvRules, type CsvSummary } from "../../src/audiences/csv.ts";
import { isPlainUserId, KEEPS_USER_IDS } from "../../src/model/user-ids.ts";

/** The rules of targets files, with ids that may be any text but an empty one. */
const RULES: CsvRules = {
  idColumn: "user_id",
  reasonColumn: "_reason",
  toId: (id) => id,
  isPlainId: (bytes, start, end) => isPlainUserId(KEEPS_USER_IDS, bytes, start, end),
  isId: (id) => id !== "" && !id.includes("\n"),
  idMessage: "must be a user id",
  maxRows: 100_000,
  maxRowLength: 16 * 1024,
  maxAudienceBytes: 40 * 1024 * 1024,
};

export interface ReadCsv extends CsvSummary {
  /** `[id, ...cells]` of every row that came out; null is an absent value. */
  targets: (string | null)[][];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads pieces of a CSV as they would stream in. */
export function readCsv(
  pieces: string | Uint8Array | readonly (string | Uint8Array)[],
  rules: Partial<CsvRules> = {},
): ReadCsv {
  const rows: unknown[][] = [];
  const reader = new CsvReader({ ...RULES, ...rules }, (id, json) => {
    const row: unknown[] = JSON.parse(decoder.decode(json));
    if (id !== null && row[0] !== id) throw new Error(`${id} isn't the id of ${JSON.stringify(row)}`);
    rows.push(row);
  });
  const list = typeof pieces === "string" || pieces instanceof Uint8Array ? [pieces] : pieces;
  for (const piece of list) reader.write(typeof piece === "string" ? encoder.encode(piece) : piece);
  const summary = reader.end();
  // An absent value is stored as 0, or not at all at a row's end.
  const toCell = (cell: unknown) => (typeof cell === "string" ? cell : null);
  const targets = rows.map((row) => [
    String(row[0]),
    ...summary.columns.map((_, index) => toCell(row[index + 1])),
  ]);
  return { ...summary, targets };
}

/** The text's bytes cut at the given places, in any order; places outside of them count modulo their number. */
export function cutAt(text: string | Uint8Array, places: readonly number[]): Uint8Array[] {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const inside = places.map((place) => (bytes.length === 0 ? 0 : place % bytes.length));
  const cuts = [0, ...inside.sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end));
}

/** Each byte by itself. */
export function cutEverywhere(text: string): Uint8Array[] {
  return Array.from(encoder.encode(text), (byte) => new Uint8Array([byte]));
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
