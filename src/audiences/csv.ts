import Papa from "papaparse";
import { LineBreaks } from "./line-breaks.ts";

/** Reads a targets file's CSV (RFC 4180) piece by piece. Pure: no I/O, no clock. */

/** What is wrong with a file, and where: `line` counts from 1, line breaks inside quotes included. */
export interface CsvFault {
  line: number;
  message: string;
}

export interface CsvRules {
  /** The column that every file has. */
  idColumn: string;
  /** Columns that are read past. */
  reservedColumns: readonly string[];
  isId: (value: string) => boolean;
  idMessage: string;
  maxRows: number;
  /** Characters of a row's cells together. */
  maxRowLength: number;
}

export interface CsvSummary {
  /** The columns whose cells rows have, in the file's order: all but the id's and the reserved ones. */
  columns: string[];
  rows: number;
  /** The first {@link MAX_NAMED_FAULTS}. */
  faults: CsvFault[];
  faultCount: number;
}

/** `cells` in the order of `columns`; an empty cell is an absent value: null. */
export type OnRow = (id: string, cells: (string | null)[]) => void;

export const MAX_NAMED_FAULTS = 20;
/** Characters without the end of a row: longer than any row may be, so a quote was left open. */
const MAX_OPEN_ROW = 1_000_000;
const COLUMN_NAME = /^[A-Za-z0-9._-]+$/;

/** Push text in with `write`, close with `end`. Rows come out while the text goes in. */
export class CsvReader {
  readonly #rules: CsvRules;
  readonly #onRow: OnRow;
  readonly #faults: CsvFault[] = [];
  #faultCount = 0;
  readonly #breaks = new LineBreaks();
  #parser: Papa.Parser | null = null;
  #rest = "";
  #line = 1;
  #rows = 0;
  #header: Header | null = null;
  #lineBreak = "\n";
  #hasStopped = false;

  constructor(rules: CsvRules, onRow: OnRow) {
    this.#rules = rules;
    this.#onRow = onRow;
  }

  write(text: string): void {
    if (this.#hasStopped) return;
    this.#breaks.write(text);
    this.#read(text, false);
    if (this.#rest.length <= MAX_OPEN_ROW) return;
    // Reading on would look at the same text again and again.
    this.#addFault(this.#line, "the row doesn't end; a quote was opened and not closed");
    this.#rest = "";
    this.#hasStopped = true;
  }

  /** Text that can't be read: the fault's line is that of the text's end. */
  stop(textBefore: string, message: string): void {
    this.#addFault(this.#line + countBreaks(this.#rest + textBefore), message);
    this.#rest = "";
    this.#hasStopped = true;
  }

  end(): CsvSummary {
    if (!this.#hasStopped) this.#read("", true);
    if (this.#header === null && this.#faultCount === 0) {
      this.#addFault(
        1,
        `the file is empty; the first line must name the columns, ${this.#rules.idColumn} among them`,
      );
    } else if (this.#header !== null && this.#rows === 0 && this.#faultCount === 0) {
      this.#addFault(this.#line, "there are no targets below the header; add at least one row");
    }
    return {
      columns: this.#header?.names ?? [],
      rows: this.#rows,
      faults: this.#faults,
      faultCount: this.#faultCount,
    };
  }

  #read(text: string, isLast: boolean): void {
    const input = this.#rest + text;
    this.#rest = "";
    const parser = this.#parser ?? this.#openParser(input, isLast);
    if (parser === null) {
      this.#rest = input;
      return;
    }
    if (input === "") return;
    const { data, errors, meta } = parser.parse(input, 0, !isLast) as Papa.ParseResult<string[]>;
    this.#rest = input.slice(meta.cursor);
    const quoteFaults = new Map(errors.map((error) => [error.row ?? 0, error.message]));
    for (const [index, cells] of data.entries()) this.#takeRow(cells, quoteFaults.get(index));
    this.#breaks.forget(this.#line);
  }

  // The first line break decides: a header's names hold none, so it isn't inside quotes.
  #openParser(input: string, isLast: boolean): Papa.Parser | null {
    const firstBreak = input.indexOf("\n");
    if (firstBreak < 0 && !isLast) return null;
    this.#lineBreak = firstBreak > 0 && input[firstBreak - 1] === "\r" ? "\r\n" : "\n";
    this.#parser = new Papa.Parser({
      delimiter: ",",
      newline: this.#lineBreak as "\n" | "\r\n",
      quoteChar: '"',
    });
    return this.#parser;
  }

  #takeRow(cells: string[], quoteFault: string | undefined): void {
    const line = this.#line;
    this.#line += 1 + cells.reduce((breaks, cell) => breaks + countBreaks(cell), 0);
    // A blank line is no row: files often end with one.
    if (cells.length === 1 && cells[0] === "" && quoteFault === undefined) return;
    if (quoteFault !== undefined) {
      this.#addFault(line, `the quotes aren't right (${quoteFault}); write " inside a quoted cell as ""`);
    } else if (this.#header === null) this.#takeHeader(cells, line);
    else this.#takeTarget(this.#header, cells, line);
  }

  #takeHeader(cells: string[], line: number): void {
    const { idColumn, reservedColumns } = this.#rules;
    const seen = new Set<string>();
    for (const name of cells) {
      if (!COLUMN_NAME.test(name)) {
        const shown = JSON.stringify(name.slice(0, 50));
        this.#addFault(
          line,
          `the column name ${shown} must have letters, digits, underscores, hyphens and periods only`,
        );
      } else if (seen.has(name))
        this.#addFault(line, `the column ${name} stands twice; column names must be unique`);
      seen.add(name);
    }
    if (!seen.has(idColumn))
      this.#addFault(line, `there is no column ${idColumn}; add it with every target's user id`);
    const kept = cells.flatMap((name, index) =>
      name === idColumn || reservedColumns.includes(name) ? [] : [index],
    );
    this.#header = {
      width: cells.length,
      idIndex: cells.indexOf(idColumn),
      kept,
      names: kept.map((index) => cells[index] ?? ""),
    };
  }

  #takeTarget({ width, idIndex, kept }: Header, cells: string[], line: number): void {
    this.#rows++;
    const { isId, idMessage, maxRows, maxRowLength, idColumn } = this.#rules;
    if (this.#rows === maxRows + 1) {
      this.#addFault(line, `there are more than ${maxRows} rows; split the file`);
    }
    const mixedLine = this.#breaks.findMixed(line, this.#line);
    if (mixedLine !== null) {
      const [own, first] = this.#lineBreak === "\n" ? ["CRLF", "LF"] : ["LF", "CRLF"];
      this.#addFault(
        mixedLine,
        `the line ends with ${own}, the first line with ${first}; use one of them throughout`,
      );
    } else if (cells.length !== width) {
      this.#addFault(line, `there are ${cells.length} cells; the header has ${width} columns`);
    } else if (idIndex >= 0) {
      const id = cells[idIndex] ?? "";
      const length = cells.reduce((sum, cell) => sum + cell.length, 0);
      if (!isId(id)) this.#addFault(line, `${idColumn} ${idMessage}`);
      else if (length > maxRowLength) {
        this.#addFault(line, `the cells have ${length} characters; a row may have ${maxRowLength}`);
      }
      // Once a fault is found nothing of the file will be used.
      else if (this.#faultCount === 0)
        this.#onRow(
          id,
          kept.map((index) => cells[index] || null),
        );
    }
  }

  #addFault(line: number, message: string): void {
    this.#faultCount++;
    if (this.#faults.length < MAX_NAMED_FAULTS) this.#faults.push({ line, message });
  }
}

interface Header {
  width: number;
  idIndex: number;
  /** Indexes of the columns whose cells are kept. */
  kept: number[];
  names: string[];
}

function countBreaks(cell: string): number {
  let count = 0;
  for (let index = cell.indexOf("\n"); index >= 0; index = cell.indexOf("\n", index + 1)) count++;
  return count;
}
