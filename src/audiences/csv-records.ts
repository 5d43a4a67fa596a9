import { MAX_RECORD_BYTES } from "../model/limits.ts";
import { LINE_FEED, QUOTE, RETURN } from "../text/ascii.ts";

/**
 * Cuts the bytes of a CSV (RFC 4180) into records and cells. Every byte is looked at once, however the bytes
 * arrive: what is kept between two pieces is a state and the record that isn't whole. Pure: no I/O, no clock.
 */

/** Cells of a record whose text is kept; more are only counted. Five times what a file may have. */
const MAX_KEPT_CELLS = 1024;

/** What a byte is outside of quotes. From `SEPARATOR` on it ends a cell. */
const TEXT = 0;
const BLANK = 1;
const QUOTES = 2;
const SEPARATOR = 3;
const LINE_END = 4;

/** Where the reader stands. */
const CELL_START = 0;
const IN_CELL = 1;
const IN_QUOTES = 2;
/** A quote inside quotes: the cell's end, or the first of two. */
const AFTER_QUOTE = 3;
const BEHIND_CELL = 4;
/** In a record whose quotes are wrong, up to its line's end. */
const BROKEN = 5;

/** One record; its arrays are used again for the next. */
export interface CsvRecord {
  /** The cells' bytes, one behind the other, quotes taken off. */
  bytes: Uint8Array;
  /** Where each cell ends in `bytes`. */
  ends: Int32Array;
  /** 1 where a cell was quoted. */
  quoted: Uint8Array;
  /** The byte behind each cell. */
  endedBy: Uint8Array;
  /** Cells, those that aren't kept included. */
  count: number;
  /** Cells up to the last that isn't empty; 0: a blank line. */
  filled: number;
  /** Bytes that found no room: the record is longer than any may be. */
  cutBytes: number;
  /** Some byte isn't ASCII. */
  hasWideBytes: boolean;
  /** An unquoted cell has a quote in it. */
  hasBareQuote: boolean;
  /** From 1, line breaks inside of quotes counted. */
  line: number;
  fault: QuoteFault | null;
}

/** A quoted cell that doesn't end as it should. `line`: where its quote was opened. */
interface QuoteFault {
  kind: "open" | "text behind";
  line: number;
  /** The line where the quote was closed. */
  closedAt: number;
}

/** Push bytes in with `write`, close with `end`. The record handed over is valid during the call only. */
export class RecordReader {
  readonly #onRecord: (record: CsvRecord) => void;
  readonly #kinds = new Uint8Array(256);
  readonly #record: CsvRecord = {
    bytes: new Uint8Array(MAX_RECORD_BYTES),
    ends: new Int32Array(MAX_KEPT_CELLS),
    quoted: new Uint8Array(MAX_KEPT_CELLS),
    endedBy: new Uint8Array(MAX_KEPT_CELLS),
    count: 0,
    filled: 0,
    cutBytes: 0,
    hasWideBytes: false,
    hasBareQuote: false,
    line: 1,
    fault: null,
  };
  #state = CELL_START;
  #line = 1;
  #length = 0;
  #cellStart = 0;
  #isCellCut = false;
  #isCellQuoted = false;
  #quoteLine = 1;
  /** The last byte was a CR: an LF now is of the same line break. */
  #isAfterReturn = false;

  constructor(separators: string, onRecord: (record: CsvRecord) => void) {
    this.#onRecord = onRecord;
    this.separateBy(separators);
  }

  /** The line that is being read. */
  get line(): number {
    return this.#line;
  }

  /** From the next record on, each of these ends a cell. */
  separateBy(separators: string): void {
    const kinds = this.#kinds.fill(TEXT);
    for (const blank of " \t") kinds[blank.charCodeAt(0)] = BLANK;
    for (const separator of separators) kinds[separator.charCodeAt(0)] = SEPARATOR;
    kinds[QUOTE] = QUOTES;
    kinds[LINE_FEED] = LINE_END;
    kinds[RETURN] = LINE_END;
  }

  write(bytes: Uint8Array): void {
    let index = 0;
    while (index < bytes.length) {
      if (this.#isAfterReturn) {
        this.#isAfterReturn = false;
        if (bytes[index] === LINE_FEED) {
          if (this.#state === IN_QUOTES) this.#keep(LINE_FEED);
          index++;
          continue;
        }
      }
      if (this.#state === IN_CELL) index = this.#readCell(bytes, index);
      else if (this.#state === IN_QUOTES) index = this.#readQuoted(bytes, index);
      else this.#readByte(bytes[index++] ?? 0);
    }
  }

  end(): void {
    if (this.#state === IN_QUOTES) {
      this.#record.fault = { kind: "open", line: this.#quoteLine, closedAt: this.#line };
    }
    if (this.#state !== CELL_START || this.#length > 0 || this.#record.count > 0) this.#endRecord(LINE_FEED);
  }

  /** An unquoted cell from its first letter on. Returns the index behind it. */
  #readCell(bytes: Uint8Array, start: number): number {
    const kinds = this.#kinds;
    const kept = this.#record.bytes;
    const stop = Math.min(bytes.length, start + kept.length - this.#length);
    let length = this.#length;
    let index = start;
    let wide = 0;
    for (; index < stop; index++) {
      const byte = bytes[index] ?? 0;
      const kind = kinds[byte] ?? TEXT;
      if (kind >= SEPARATOR) break;
      if (kind === QUOTES) this.#record.hasBareQuote = true;
      wide |= byte;
      kept[length++] = byte;
    }
    this.#length = length;
    if (wide >= 0x80) this.#record.hasWideBytes = true;
    if (index === bytes.length) return index;
    const byte = bytes[index] ?? 0;
    if ((kinds[byte] ?? TEXT) >= SEPARATOR) this.#endCell(byte);
    else this.#keep(byte);
    return index + 1;
  }

  /** What stands inside of quotes, up to the next quote. Returns the index behind it. */
  #readQuoted(bytes: Uint8Array, start: number): number {
    const kept = this.#record.bytes;
    const stop = Math.min(bytes.length, start + kept.length - this.#length);
    let length = this.#length;
    let index = start;
    let wide = 0;
    for (; index < stop; index++) {
      const byte = bytes[index] ?? 0;
      if (byte === QUOTE || byte === LINE_FEED || byte === RETURN) break;
      wide |= byte;
      kept[length++] = byte;
    }
    this.#length = length;
    if (wide >= 0x80) this.#record.hasWideBytes = true;
    if (index === bytes.length) return index;
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) this.#state = AFTER_QUOTE;
    else {
      this.#keep(byte);
      this.#takeBreak(byte);
    }
    return index + 1;
  }

  #readByte(byte: number): void {
    const kind = this.#kinds[byte] ?? TEXT;
    if (this.#state === BROKEN) {
      if (kind === LINE_END) this.#endRecord(byte);
    } else if (this.#state === CELL_START) this.#beginCell(byte, kind);
    else if (kind >= SEPARATOR) this.#endCell(byte);
    else if (this.#state === AFTER_QUOTE && kind === QUOTES) {
      this.#keep(QUOTE);
      this.#state = IN_QUOTES;
    } else if (kind === BLANK) this.#state = BEHIND_CELL;
    else {
      this.#record.fault = { kind: "text behind", line: this.#quoteLine, closedAt: this.#line };
      this.#state = BROKEN;
    }
  }

  #beginCell(byte: number, kind: number): void {
    if (kind >= SEPARATOR) this.#endCell(byte);
    else if (kind === QUOTES) {
      // Blanks before a quote belong to no cell.
      this.#length = this.#cellStart;
      this.#isCellQuoted = true;
      this.#quoteLine = this.#line;
      this.#state = IN_QUOTES;
    } else {
      this.#keep(byte);
      if (kind === TEXT) this.#state = IN_CELL;
    }
  }

  #keep(byte: number): void {
    const record = this.#record;
    if (byte === QUOTE && this.#state === IN_CELL) record.hasBareQuote = true;
    if (byte >= 0x80) record.hasWideBytes = true;
    if (this.#length < record.bytes.length) record.bytes[this.#length++] = byte;
    else {
      record.cutBytes++;
      this.#isCellCut = true;
    }
  }

  #endCell(byte: number): void {
    const record = this.#record;
    const cell = record.count++;
    if (cell < MAX_KEPT_CELLS) {
      record.ends[cell] = this.#length;
      record.quoted[cell] = this.#isCellQuoted ? 1 : 0;
      record.endedBy[cell] = byte;
    }
    if (this.#length > this.#cellStart || this.#isCellCut) record.filled = record.count;
    this.#cellStart = this.#length;
    this.#isCellCut = false;
    this.#isCellQuoted = false;
    this.#state = CELL_START;
    if (this.#kinds[byte] === LINE_END) this.#closeRecord(byte);
  }

  #endRecord(byte: number): void {
    this.#state = CELL_START;
    this.#endCell(byte);
  }

  #closeRecord(byte: number): void {
    const record = this.#record;
    this.#onRecord(record);
    this.#takeBreak(byte);
    record.count = 0;
    record.filled = 0;
    record.cutBytes = 0;
    record.hasWideBytes = false;
    record.hasBareQuote = false;
    record.line = this.#line;
    record.fault = null;
    this.#length = 0;
    this.#cellStart = 0;
  }

  #takeBreak(byte: number): void {
    this.#line++;
    this.#isAfterReturn = byte === RETURN;
  }
}
