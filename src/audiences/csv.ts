import { findHeaderFaults, readHeader, readSeparatorLine, SEPARATORS, textOf } from "./csv-header.ts";
import { findRecordFault } from "./csv-record-faults.ts";
import { type CsvRecord, RecordReader } from "./csv-records.ts";
import { nameOtherKind, SNIFFED_BYTES, stripByteOrderMark } from "./file-kind.ts";
import { JsonRowWriter } from "./json-row.ts";

/** Reads a targets file's CSV piece by piece. Pure: no I/O, no clock. */

const encoder = new TextEncoder();

/** What is wrong with a file, and where: `line` counts from 1, line breaks inside quotes included. */
export interface CsvFault {
  line: number;
  message: string;
}

export interface CsvRules {
  /** The column that every file has. */
  idColumn: string;
  /** A column that is read past. In a file that has it, `""` is an empty text: it came from a failures file. */
  reasonColumn: string;
  /** What an id in the file is stored as. */
  toId: (sent: string) => string;
  /** Whether the bytes between two offsets are an id that is stored as it was sent, and that JSON writes as it is. */
  isPlainId: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** Whether a user can have this id, as it is stored. */
  isId: (value: string) => boolean;
  idMessage: string;
  maxRows: number;
  /** Characters of a row's cells together, those of the id and the reason not counted. */
  maxRowLength: number;
  /** Bytes of all rows as JSON. */
  maxAudienceBytes: number;
}

export interface CsvSummary {
  /** The columns whose cells rows have, in the file's order: all but the id's and the reason's. */
  columns: string[];
  rows: number;
  /** The first {@link MAX_NAMED_FAULTS}. */
  faults: CsvFault[];
  faultCount: number;
}

/**
 * `id`: as it is stored; null where it stands like that in `json`, byte for byte. `json`: the row as JSON,
 * `["user-1","Bob",0]`, the cells in the order of `columns`; 0 is an absent value, and absent ones at the end are left
 * out. Valid during the call only. `isFull`: none is absent.
 */
export type OnRow = (id: string | null, json: Uint8Array, isFull: boolean) => void;

const MAX_NAMED_FAULTS = 20;

interface Header {
  names: string[];
  /** Cells that a row may have: those of the header's line, or any number where its right ones have no name. */
  most: number;
  idIndex: number;
  reasonIndex: number;
  /** Indexes of the other columns. */
  others: number[];
  /** The id's, then the others. */
  cells: number[];
}

/** Push bytes in with `write`, close with `end`. Rows come out while the bytes go in. */
export class CsvReader {
  readonly #rules: CsvRules;
  readonly #onRow: OnRow;
  readonly #faults: CsvFault[] = [];
  #faultCount = 0;
  readonly #records = new RecordReader(SEPARATORS, (record) => this.#takeRecord(record));
  readonly #writer = new JsonRowWriter();
  /** The first bytes, until there are enough to tell what they are; null from then on. */
  #head: Uint8Array | null = new Uint8Array();
  #isSeparatorKnown = false;
  #header: Header | null = null;
  #rows = 0;
  #audienceBytes = 0;
  /** True once nothing that follows can be understood. */
  #hasStopped = false;

  constructor(rules: CsvRules, onRow: OnRow) {
    this.#rules = rules;
    this.#onRow = onRow;
  }

  write(bytes: Uint8Array): void {
    if (this.#hasStopped) return;
    if (this.#head === null) this.#records.write(bytes);
    else {
      const head = new Uint8Array(this.#head.length + bytes.length);
      head.set(this.#head);
      head.set(bytes, this.#head.length);
      this.#head = head;
      if (head.length >= SNIFFED_BYTES) this.#openHead();
    }
  }

  end(): CsvSummary {
    if (this.#head !== null) this.#openHead();
    if (!this.#hasStopped) this.#records.end();
    const { idColumn } = this.#rules;
    if (this.#header === null && this.#faultCount === 0) {
      this.#addFault(1, `the file is empty; the first line must name the columns, ${idColumn} among them`);
    } else if (this.#rows === 0 && this.#faultCount === 0) {
      this.#addFault(this.#records.line, "there are no targets below the header; add at least one row");
    }
    return {
      columns: this.#header === null ? [] : columnsOf(this.#header),
      rows: this.#rows,
      faults: this.#faults,
      faultCount: this.#faultCount,
    };
  }

  #openHead(): void {
    const head = this.#head ?? new Uint8Array();
    this.#head = null;
    const kind = nameOtherKind(head);
    if (kind === null) this.#records.write(stripByteOrderMark(head));
    else {
      this.#addFault(1, kind);
      this.#hasStopped = true;
    }
  }

  #takeRecord(record: CsvRecord): void {
    if (this.#hasStopped) return;
    // A blank line is no row, nor is one of separators alone: files often end with such.
    if (record.filled === 0 && record.fault === null) return;
    const fault = findRecordFault(record);
    if (fault !== null) this.#addFault(fault.line, fault.message);
    else if (this.#header === null) this.#takeFirst(record);
    else this.#takeTarget(this.#header, record);
    // Where the columns' names are wrong, no row below can be judged.
    if (this.#header === null && this.#faultCount > 0) this.#hasStopped = true;
  }

  #takeFirst(record: CsvRecord): void {
    const { idColumn, reasonColumn } = this.#rules;
    const named = this.#isSeparatorKnown ? null : readSeparatorLine(record);
    if (named === "") {
      this.#addFault(record.line, "sep= names no separator that is read here; use one of , ; | or tabs");
      return;
    }
    if (named !== null) {
      this.#isSeparatorKnown = true;
      this.#records.separateBy(named);
      return;
    }
    const header = readHeader(record, idColumn);
    for (const message of findHeaderFaults(header, idColumn)) this.#addFault(record.line, message);
    this.#records.separateBy(header.separator);
    const { names, width } = header;
    const idIndex = names.indexOf(idColumn);
    const others = names.flatMap((name, index) =>
      name === idColumn || name === reasonColumn ? [] : [index],
    );
    this.#header = {
      names,
      most: width > names.length ? Number.POSITIVE_INFINITY : width,
      idIndex,
      reasonIndex: names.indexOf(reasonColumn),
      others,
      cells: [idIndex, ...others],
    };
  }

  #takeTarget(header: Header, record: CsvRecord): void {
    this.#rows++;
    const { line } = record;
    const { maxRows, toId, isId, idMessage, idColumn } = this.#rules;
    if (this.#rows === maxRows + 1) {
      this.#addFault(line, `there are more than ${maxRows} rows; split the file`);
    }
    const width = findWidthFault(header, record);
    if (width !== null) this.#addFault(line, width);
    else if (header.idIndex >= 0) {
      // Most ids are plain: a text of each would cost more than all else that is done with it.
      const sent = this.#hasPlainId(header, record) ? null : textOf(record, header.idIndex);
      const id = sent === null ? null : toId(sent);
      const length = this.#findLengthFault(header, record);
      if (id !== null && !isId(id)) this.#addFault(line, `${idColumn} ${idMessage}`);
      else if (length !== null) this.#addFault(line, length);
      // Once a fault is found nothing of the file will be used.
      else if (this.#faultCount === 0)
        this.#giveRow(id, id === null || id === sent ? null : encoder.encode(id), header, record);
    }
  }

  #hasPlainId({ idIndex }: Header, { bytes, ends }: CsvRecord): boolean {
    const start = idIndex === 0 ? 0 : (ends[idIndex - 1] ?? 0);
    return this.#rules.isPlainId(bytes, start, ends[idIndex] ?? start);
  }

  #findLengthFault({ others }: Header, record: CsvRecord): string | null {
    const { maxRowLength, idColumn } = this.#rules;
    if (record.cutBytes > 0) {
      const bytes = record.bytes.length + record.cutBytes;
      return `the cells have ${bytes} bytes; a row may have ${maxRowLength} characters`;
    }
    // Cheap first: a character has at least one byte, so so few bytes can't be too many characters.
    if ((record.ends[record.filled - 1] ?? 0) <= maxRowLength) return null;
    const length = others.reduce((sum, cell) => sum + textOf(record, cell).length, 0);
    if (length <= maxRowLength) return null;
    return `the cells have ${length} characters; a row may have ${maxRowLength} beside ${idColumn}`;
  }

  /** `idBytes`: the id's where it isn't what the record has. */
  #giveRow(
    id: string | null,
    idBytes: Uint8Array | null,
    { cells, reasonIndex }: Header,
    record: CsvRecord,
  ): void {
    const { maxAudienceBytes } = this.#rules;
    // A program that quotes every cell doesn't tell an empty text from an absent value.
    const tellsEmpty = reasonIndex >= 0 && record.quoted[reasonIndex] === 0;
    const isAbsent = (cell: number) => !tellsEmpty || record.quoted[cell] === 0;
    const json = this.#writer.write(record, cells, isAbsent, idBytes);
    const before = this.#audienceBytes;
    this.#audienceBytes += json.length + 1;
    if (this.#audienceBytes <= maxAudienceBytes) this.#onRow(id, json, this.#writer.isFull);
    else if (before <= maxAudienceBytes) {
      const message = `the rows up to here have more than ${maxAudienceBytes} bytes as they are stored, each cell in quotes; split the file`;
      this.#addFault(record.line, message);
    }
  }

  #addFault(line: number, message: string): void {
    this.#faultCount++;
    if (this.#faults.length < MAX_NAMED_FAULTS) this.#faults.push({ line, message });
  }
}

function columnsOf({ names, others }: Header): string[] {
  return others.map((index) => names[index] ?? "");
}

function findWidthFault({ names, most }: Header, { count, filled }: CsvRecord): string | null {
  if (count >= names.length && count <= most && filled <= names.length) return null;
  if (most === Number.POSITIVE_INFINITY && filled > names.length) {
    return `column ${filled} has a value here, and no name in the header; give it one, or empty it`;
  }
  const cells = count === 1 ? "is 1 cell" : `are ${count} cells`;
  return `there ${cells}; the header has ${names.length} ${names.length === 1 ? "column" : "columns"}`;
}
