/// <reference types="vite/types/importMeta.d.ts" />
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAt, readCsv, writeCsv } from "../support/csv.ts";

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
    for (const pieces of [[named], [...named]]) {
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
        expect(readCsv([...text])).toEqual(readCsv(text));
      }),
      { numRuns: 2000 },
    );
  });
});
