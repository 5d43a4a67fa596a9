/** Reads one row of a CSV that the service has taken, so that somebody sees what its user gets. */

const ID_COLUMN = "user_id";
const SEPARATORS = [",", ";", "\t", "|"] as const;

export interface CsvRow {
  userId: string;
  /** By their columns' names: those that aren't empty. */
  cells: Readonly<Record<string, string>>;
}

/** The row of that number, from 1, below the header; an empty one where there are fewer. It is read up to there. */
export async function readRow(file: Blob, number: number): Promise<CsvRow> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  const records = new Records();
  const rows: string[][] = [];
  for (let isDone = false; !isDone && rows.length < number + 2; ) {
    const piece = await reader.read();
    isDone = piece.done;
    rows.push(...(piece.done ? records.end() : records.write(piece.value)));
    if (rows.length > number + 2) rows.length = number + 2;
  }
  await reader.cancel();
  return toRow(rows, number);
}

function toRow(records: readonly string[][], number: number): CsvRow {
  const [first = []] = records;
  const hasSeparatorLine = /^sep=/i.test(first.join(""));
  const [header = [], ...rows] = hasSeparatorLine ? records.slice(1) : records;
  const row = rows[number - 1] ?? [];
  const cells = header.map((name, index): [string, string] => [name, row[index] ?? ""]);
  const { [ID_COLUMN]: userId = "", ...others } = Object.fromEntries(cells.filter(([, cell]) => cell !== ""));
  return { userId, cells: others };
}

/** Cuts text into records and cells, however it arrives. */
class Records {
  #separator: string | null = null;
  #record: string[] = [];
  #cell = "";
  #state: "start" | "plain" | "quoted" | "quote" = "start";
  /** The header until its separator is known: its names have none of them. */
  #head = "";

  write(text: string): string[][] {
    if (this.#separator !== null) return this.#read(text);
    this.#head += text;
    const line = /^[^\r\n]*[\r\n]/.exec(this.#head)?.[0];
    return line === undefined ? [] : this.#open(line);
  }

  end(): string[][] {
    const opened = this.#separator === null ? this.#open(this.#head) : [];
    return [...opened, ...this.#read("\n")];
  }

  #open(line: string): string[][] {
    const named = /^\uFEFF?"?sep=(.)/i.exec(line)?.[1];
    this.#separator = named ?? SEPARATORS.find((one) => line.includes(one)) ?? ",";
    return this.#read(this.#head.replace(/^\uFEFF/, ""));
  }

  #read(text: string): string[][] {
    const records: string[][] = [];
    for (const letter of text) {
      if (this.#state === "quoted") {
        if (letter === '"') this.#state = "quote";
        else this.#cell += letter;
      } else if (letter === '"' && this.#state !== "plain") {
        // At a cell's start it opens; behind one in quotes it is the first of two.
        if (this.#state === "quote") this.#cell += letter;
        else this.#cell = "";
        this.#state = "quoted";
      } else if (letter === this.#separator) this.#endCell();
      else if (letter === "\n" || letter === "\r") this.#endRecord(records);
      else this.#take(letter);
    }
    return records;
  }

  #take(letter: string): void {
    // Blanks around quotes belong to no cell.
    if (this.#state === "quote") return;
    this.#cell += letter;
    if (letter !== " " && letter !== "\t") this.#state = "plain";
  }

  #endCell(): void {
    this.#record.push(this.#cell);
    this.#cell = "";
    this.#state = "start";
  }

  /** A blank line is no record, nor is one of separators alone. */
  #endRecord(records: string[][]): void {
    this.#endCell();
    if (this.#record.some((cell) => cell !== "")) records.push(this.#record);
    this.#record = [];
  }
}
