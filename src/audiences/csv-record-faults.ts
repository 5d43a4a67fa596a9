import { stripInvisible } from "../text/invisible.ts";
import { textOf } from "./csv-header.ts";
import type { CsvRecord } from "./csv-records.ts";

/** What can be wrong with a record's bytes, whatever its cells mean. Pure. */

const QUOTES = "the quotes aren't right";
const QUOTES_HELP = 'write " inside a quoted cell as ""';

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The first such fault of a record, with its line; null where it can be read. */
export function findRecordFault(record: CsvRecord): { line: number; message: string } | null {
  const { fault } = record;
  if (fault !== null) {
    const what =
      fault.kind === "open"
        ? "a quote was opened here and isn't closed"
        : fault.closedAt === fault.line
          ? "text follows a closing quote"
          : `a quote was opened here, and text follows where it is closed, in line ${fault.closedAt}`;
    return { line: fault.line, message: `${QUOTES} (${what}); ${QUOTES_HELP}` };
  }
  if (record.hasWideBytes && !isText(record)) {
    const line = findLineOfOtherText(record);
    if (line !== null) return { line, message: "the text isn't UTF-8; save the file as UTF-8" };
  }
  if (record.hasBareQuote && hasSpacedQuote(record)) {
    return { line: record.line, message: `${QUOTES} (a quote follows white space); remove the white space` };
  }
  return null;
}

/** Blanks before a quote are read past; what looks like them mustn't make the quotes part of a text. */
function hasSpacedQuote(record: CsvRecord): boolean {
  for (let cell = 0; cell < Math.min(record.filled, record.ends.length); cell++) {
    if (record.quoted[cell] === 0 && stripInvisible(textOf(record, cell)).startsWith('"')) return true;
  }
  return false;
}

/** True where every cell is UTF-8: looked at together, most are told by one call. */
function isText({ bytes, ends, filled, cutBytes }: CsvRecord): boolean {
  if (cutBytes > 0 || filled > ends.length || !isUtf8(bytes.subarray(0, ends[filled - 1]))) return false;
  // A cell may end in the middle of a character that the next one seems to go on with.
  for (let cell = 1; cell < filled; cell++) {
    const start = ends[cell - 1] ?? 0;
    if (start < (ends[cell] ?? 0) && ((bytes[start] ?? 0) & 0xc0) === 0x80) return false;
  }
  return true;
}

/** The line of the first byte that isn't UTF-8, or null. */
function findLineOfOtherText(record: CsvRecord): number | null {
  let line = record.line;
  for (let cell = 0; cell < Math.min(record.filled, record.ends.length); cell++) {
    const start = cell === 0 ? 0 : (record.ends[cell - 1] ?? 0);
    const bytes = record.bytes.subarray(start, record.ends[cell]);
    // A long record's end is missing; its last character may be cut.
    if (isUtf8(bytes) || record.cutBytes > 0) line += countBreaks(bytes);
    else return line + countBreaksBeforeFault(bytes);
  }
  return null;
}

function countBreaksBeforeFault(bytes: Uint8Array): number {
  let end = 0;
  for (let index = 0; index <= bytes.length; index++) {
    if (index < bytes.length && !isBreak(bytes[index])) continue;
    if (!isUtf8(bytes.subarray(end, index))) break;
    end = index;
  }
  return countBreaks(bytes.subarray(0, end + 1));
}

function countBreaks(bytes: Uint8Array): number {
  let breaks = 0;
  for (let index = 0; index < bytes.length; index++) {
    const isSecondHalf = bytes[index] === 0x0a && bytes[index - 1] === 0x0d;
    if (isBreak(bytes[index]) && !isSecondHalf) breaks++;
  }
  return breaks;
}

function isBreak(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
