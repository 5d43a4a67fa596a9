import { describe, expect, it } from "vitest";
import { isUserId } from "../../src/http/validation.ts";
import { type ReadCsv, readCsv } from "../support/csv.ts";

const read = (text: string): ReadCsv => readCsv(text, { isId: isUserId });

/** Every fault as `line: message`. */
const faultsOf = (text: string): string[] =>
  read(text).faults.map(({ line, message }) => `${line}: ${message}`);

describe("a targets file is refused", () => {
  it.each([
    ["that is empty", "", [/^1: .*empty.*user_id/]],
    ["of blank lines alone", "\n\n", [/^1: .*empty/]],
    ["without the column user_id", "name\nBob\n", [/^1: there is no column user_id/]],
    ["whose user column has another case", "User_ID\nu\n", [/^1: there is no column user_id/]],
    ["with a column that stands twice", "user_id,a,a\nu,1,2\n", [/^1: the column a stands twice/]],
    ["with a column without a name", "user_id,\nu,1\n", [/^1: the column name "" must have letters/]],
    ["with a space in a column name", "user_id,first name\nu,1\n", [/^1: the column name "first name"/]],
    [
      "with more than one fault in its header",
      "a,a,b!\n1,2,3\n",
      [/^1: the column a/, /^1: the column name "b!"/, /^1: there is no/],
    ],
    ["without a row below the header", "user_id,a\n", [/^2: there are no targets/]],
    ["whose header is its only text", "user_id", [/^[12]: there are no targets/]],
    ["with too few cells", "user_id,a\nu,1\nv\n", [/^3: there are 1 cells; the header has 2 columns/]],
    ["with too many cells", "user_id,a\nu,1,2\nv,1\n", [/^2: there are 3 cells; the header has 2/]],
    ["with an empty user id", "user_id,a\n,1\nu,1\n", [/^2: user_id must be a user id/]],
    ["with a user id over 255 bytes", `user_id\n${"é".repeat(128)}\n`, [/^2: user_id must be/]],
    ["with a control character in a user id", "user_id\nu\u0007\n", [/^2: user_id must be/]],
    ["with a line break in a user id", 'user_id\n"u\nv"\n', [/^2: user_id must be/]],
    ["with a step of a path as a user id", "user_id\n..\n", [/^2: user_id must be/]],
    ["with text behind a closing quote", 'user_id,a\nu,"1"2\nv,1\n', [/^2: the quotes aren't right/]],
    ["with a quote that stays open", 'user_id,a\nu,1\nv,"1\nw,1\n', [/^3: the quotes aren't right/]],
    ["with a CRLF line after an LF header", "user_id,a\nu,1\nv,1\r\n", [/^3: .*CRLF.*throughout/]],
    ["with an LF line after a CRLF header", "user_id,a\r\nu,1\nv,1\r\n", [/^2: .*LF.*throughout/]],
    ["with an LF line at the end after a CRLF header", "user_id,a\r\nu,1\r\nv,1\n", [/^3: .*LF.*throughout/]],
    ["with LF lines of one column after a CRLF header", "user_id\r\nu\nv\n", [/^2: .*LF.*throughout/]],
    [
      "with a row over 16 KB",
      `user_id,a\nu,${"x".repeat(17_000)}\n`,
      [/^2: the cells have 17001 characters/],
    ],
  ])("%s", (_, text, messages) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(messages.length);
    for (const [index, message] of messages.entries()) expect(faults[index]).toMatch(message);
  });

  it("at the physical line, where quoted line breaks and blank lines come before it", () => {
    const text = 'user_id,a\n"u","1\n2\n\n3"\n\nv,"x\ny"\nw\nz,"\n"\n,1\n';
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^9: there are 1 cells/),
      expect.stringMatching(/^12: user_id must be/),
    ]);
    const crlf = text.replaceAll("\n", "\r\n");
    expect(faultsOf(crlf).map((fault) => fault.split(":")[0])).toEqual(["9", "12"]);
  });

  it("with its first 20 faults and the number of all", () => {
    const { faults, faultCount } = read(`user_id,a\n${"u\n".repeat(57)}`);
    expect(faults.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    expect(faultCount).toBe(57);
  });

  it("with more than 100,000 rows, at the first row too many", () => {
    const rows = Array.from({ length: 100_002 }, (_, index) => `u${index}\n`).join("");
    const { faults, faultCount } = read(`user_id\n${rows}`);
    expect([faults, faultCount]).toEqual([
      [{ line: 100_002, message: expect.stringContaining("more than 100000 rows; split") }],
      1,
    ]);
    expect(read(`user_id\n${rows.slice(0, rows.indexOf("u100000\n"))}`)).toMatchObject({
      faultCount: 0,
      rows: 100_000,
    });
  });

  it("where a quote is never closed, before the rest is held in memory", () => {
    const pieces = ['user_id,a\nu,1\nv,"', ...Array.from({ length: 200 }, () => "text\n".repeat(2000))];
    const { faults, targets } = readCsv(pieces);
    expect(faults).toEqual([{ line: 3, message: expect.stringContaining("quote was opened") }]);
    expect(targets).toEqual([["u", "1"]]);
  });
});

describe("a targets file is taken", () => {
  it.each([
    ["with its user column anywhere", "a,user_id\n1,u\n", ["a"], [["u", "1"]]],
    ["without its reserved column", "user_id,_reason,a\nu,expired,1\n", ["a"], [["u", "1"]]],
    ["without a break behind its last line", "user_id,a\nu,1", ["a"], [["u", "1"]]],
    ["with blank lines", "\nuser_id,a\n\nu,1\n\n\n", ["a"], [["u", "1"]]],
    ["with blank CRLF lines", "user_id,a\r\n\r\nu,1\r\n\r\n", ["a"], [["u", "1"]]],
    ["with quoted column names", '"user_id","a.b-c_1"\nu,1\n', ["a.b-c_1"], [["u", "1"]]],
    ["with empty cells, which are absent", 'user_id,a,b\nu,,""\n', ["a", "b"], [["u", null, null]]],
    [
      "with names that objects have",
      "user_id,__proto__\nconstructor,1\n",
      ["__proto__"],
      [["constructor", "1"]],
    ],
    ["with spaces, which it keeps", "user_id,a\nu, 1 \n", ["a"], [["u", " 1 "]]],
    ["with a user twice: the reader counts rows", "user_id\nu\nu\n", [], [["u"], ["u"]]],
  ])("%s", (_, text, columns, targets) => {
    expect(read(text)).toEqual({ columns, targets, rows: targets.length, faults: [], faultCount: 0 });
  });
});
