/// <reference types="vite/types/importMeta.d.ts" />
import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { RecordReader } from "../../src/audiences/csv-records.ts";
import { cutAt, cutEverywhere, readCsv, writeCsv } from "../support/csv.ts";

// The public acid test of CSV readers: a CSV and, as JSON, what a reader must make of it.
const files = import.meta.glob<string>("../../node_modules/csv-spectrum/csvs/*.csv", {
  query: "?raw",
  import: "default",
  eager: true,
});
const answers = import.meta.glob<string>("../../node_modules/csv-spectrum/json/*.json", {
  query: "?raw",
  import: "default",
  eager: true,
});
const acidFiles = Object.entries(files).map(([path, csv]) => {
  const answer = answers[path.replace("/csvs/", "/json/").replace(".csv", ".json")] ?? "";
  // One of its answers has another telephone number than its CSV.
  const corrected = answer.replace("1234567890", "2095257564");
  return { name: path.split("/").at(-1), csv, rows: [JSON.parse(corrected)].flat() };
});

describe("the CSV reader reads the acid file", () => {
  it("of every kind there is", () => {
    expect(acidFiles).toHaveLength(12);
  });

  it.each(acidFiles)("$name", ({ csv, rows }) => {
    // Our column names have no spaces, and the first column is the id here.
    const [header = "", ...rest] = csv.split(/(?=\r?\n)/);
    const named = header.replaceAll(" ", "_") + rest.join("");
    const names = Object.keys(rows[0]);
    const idColumn = (names[0] ?? "").replaceAll(" ", "_");
    for (const pieces of [[named], cutEverywhere(named)]) {
      const { faults, columns, targets } = readCsv(pieces, { idColumn, isId: () => true });
      expect(faults).toEqual([]);
      expect(columns).toEqual(names.slice(1).map((name) => name.replaceAll(" ", "_")));
      const expected = rows.map((row) => names.map((name, i) => (i === 0 ? row[name] : row[name] || null)));
      expect(targets).toEqual(expected);
    }
  });
});

const cellText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", "é", "😀", " "), maxLength: 6 }),
);
const id = fc.string({ unit: fc.constantFrom("u", "é", "😀", '"', ",", " "), minLength: 1, maxLength: 5 });
const table = fc
  .record({ width: fc.nat(4), lineBreak: fc.constantFrom("\n" as const, "\r\n" as const) })
  .chain(({ width, lineBreak }) =>
    fc.record({
      lineBreak: fc.constant(lineBreak),
      columns: fc.constant(Array.from({ length: width }, (_, index) => `column.${index}`)),
      rows: fc.array(fc.tuple(id, fc.array(cellText, { minLength: width, maxLength: width })), {
        minLength: 1,
        maxLength: 6,
      }),
      quotesAll: fc.boolean(),
      endsWithBreak: fc.boolean(),
      places: fc.array(fc.nat(1000), { maxLength: 8 }),
    }),
  );

describe("any table that a CSV writer wrote", () => {
  it("comes back the same, however its text is cut", () => {
    fc.assert(
      fc.property(table, ({ columns, rows, lineBreak, quotesAll, endsWithBreak, places }) => {
        const cells = rows.map(([userId, values]) => [userId, ...values]);
        const text = writeCsv([["user_id", ...columns], ...cells], lineBreak, quotesAll);
        const whole = endsWithBreak ? text : text.slice(0, -lineBreak.length);
        const expected = rows.map(([userId, values]) => [userId, ...values.map((value) => value || null)]);
        const read = readCsv(whole);
        expect(read).toMatchObject({ faults: [], columns, rows: rows.length });
        expect(read.targets).toEqual(expected);
        expect(readCsv(cutAt(whole, places))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });
});

describe("any text at all", () => {
  it("gives the same rows and the same faults, however it is cut", () => {
    const unit = fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "user_id", "user_id,a\n", "é");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 25 }), fc.array(fc.nat(200)), (text, places) => {
        expect(readCsv(cutAt(text, places))).toEqual(readCsv(text));
        expect(readCsv(cutEverywhere(text))).toEqual(readCsv(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the records of any text that papaparse finds no fault in", () => {
  const decoder = new TextDecoder();
  const readRecords = (pieces: readonly Uint8Array[], separator: string): string[][] => {
    const records: string[][] = [];
    const reader = new RecordReader(separator, ({ bytes, ends, count, fault }) => {
      const cells = Array.from({ length: count }, (_, cell) =>
        decoder.decode(bytes.slice(cell === 0 ? 0 : ends[cell - 1], ends[cell])),
      );
      records.push(fault === null ? cells : [`fault: ${fault.kind}`]);
    });
    for (const piece of pieces) reader.write(piece);
    reader.end();
    return records;
  };

  it.each([",", ";", "\t"])("are papaparse's, separated by %j", (separator) => {
    const unit = fc.constantFrom('"', '""', separator, "\n", "a", "é", "😀");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 25 }), fc.array(fc.nat(200)), (text, places) => {
        const { data, errors } = Papa.parse<string[]>(text, { delimiter: separator, newline: "\n" });
        fc.pre(errors.length === 0);
        // A line break at the end begins another line for papaparse.
        const expected = text === "" ? [] : text.endsWith("\n") ? data.slice(0, -1) : data;
        expect(readRecords(cutAt(text, places), separator)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the time that a text takes", () => {
  // 37 s once, where each piece was looked at together with all that came before it.
  it.each([
    ["an open quote", '"', "a"],
    ["line breaks in quotes", '"', "\n"],
    ["halves of CRLF in quotes", '"', "\r\n"],
    ["quotes in quotes", '"', '""'],
    ["one cell", "", "a"],
    ["separators", "", ","],
  ])("is of its bytes and not of their pieces: %s", (_, start, unit) => {
    const encoder = new TextEncoder();
    const pieces = Array.from(encoder.encode(unit), (byte) => new Uint8Array([byte]));
    const startedAt = performance.now();
    const all = [encoder.encode(`user_id,x\nu1,${start}`)];
    for (let sent = 0; sent < 1_000_000; sent += pieces.length) all.push(...pieces);
    expect(readCsv(all).faultCount).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});
