import type { CsvRecord } from "./csv-records.ts";

/** Writes a row of a CSV as JSON, straight from its bytes. Pure. */

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
const COMMA = ",".charCodeAt(0);
const OPEN = "[".charCodeAt(0);
const CLOSE = "]".charCodeAt(0);
const LETTER_U = "u".charCodeAt(0);
const ZERO = "0".charCodeAt(0);
/** A byte becomes six at most: `\u001f`. */
const MAX_GROWTH = 6;
const FIRST_BYTES = 4096;
/** What stands for an absent value: two bytes with its comma, where `null` would be five for one comma of a CSV. */
export const ABSENT = 0;

/** How long the control characters with an escape of their own are written. */
const SHORT_ESCAPES = new Map([
  [8, "b"],
  [9, "t"],
  [10, "n"],
  [12, "f"],
  [13, "r"],
]);
const HEX = "0123456789abcdef";

/** `["user-1","Bob",0,"…"]`: the id, then the cells asked for; absent ones at the end are left out. */
export class JsonRowWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #isFull = true;

  /** Whether the row that was written last has a text in every cell. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /**
   * `cells`: which cells of the record, in this order; the first is the id. `isAbsent` says of an empty one
   * whether it is an absent value or an empty text. `id`: what is written in place of the record's, if anything.
   * What is returned is valid until the next call.
   */
  write(
    record: CsvRecord,
    cells: readonly number[],
    isAbsent: (cell: number) => boolean,
    id: Uint8Array | null,
  ): Uint8Array {
    const { bytes, ends } = record;
    const from = (ends[record.filled - 1] ?? bytes.length) + (id?.length ?? 0);
    const most = from * MAX_GROWTH + cells.length * 3 + 2;
    if (most > this.#bytes.length) this.#bytes = new Uint8Array(most * 2);
    this.#length = 0;
    this.#bytes[this.#length++] = OPEN;
    let lastPresent = 0;
    this.#isFull = true;
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index] ?? 0;
      const start = cell === 0 ? 0 : (ends[cell - 1] ?? 0);
      const end = ends[cell] ?? start;
      if (start === end && index > 0 && isAbsent(cell)) {
        this.#bytes[this.#length++] = ZERO;
        this.#isFull = false;
      } else {
        if (index === 0 && id !== null) this.#writeText(id, 0, id.length);
        else this.#writeText(bytes, start, end);
        lastPresent = this.#length;
      }
      this.#bytes[this.#length++] = COMMA;
    }
    this.#bytes[lastPresent] = CLOSE;
    return this.#bytes.subarray(0, lastPresent + 1);
  }

  #writeText(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#bytes;
    let length = this.#length;
    out[length++] = QUOTE;
    for (let index = start; index < end; index++) {
      const byte = bytes[index] ?? 0;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) out[length++] = byte;
      else length = this.#escape(byte, length);
    }
    out[length++] = QUOTE;
    this.#length = length;
  }

  #escape(byte: number, start: number): number {
    const out = this.#bytes;
    let length = start;
    out[length++] = BACKSLASH;
    const short = SHORT_ESCAPES.get(byte)?.charCodeAt(0) ?? (byte >= 0x20 ? byte : null);
    if (short !== null) {
      out[length++] = short;
      return length;
    }
    out[length++] = LETTER_U;
    out[length++] = ZERO;
    out[length++] = ZERO;
    out[length++] = HEX.charCodeAt(byte >> 4);
    out[length++] = HEX.charCodeAt(byte & 15);
    return length;
  }
}
