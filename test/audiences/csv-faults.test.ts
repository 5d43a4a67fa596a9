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
    [
      "with a value in a column without a name",
      "user_id,\nu,1\n",
      [/^2: column 2 has a value here, and no name/],
    ],
    ["with a column without a name among others", "user_id,,a\nu,,1\n", [/^1: column 2 of 3 has no name/]],
    [
      "with too few cells for its names",
      "user_id,a,,\nu\n",
      [/^2: there is 1 cell; the header has 2 columns$/],
    ],
    ["with a space in a column name", "user_id,first name\nu,1\n", [/^1: the column name "first name"/]],
    [
      "with more than one fault in its header",
      "a,a,b!\n1,2,3\n",
      [/^1: the column a/, /^1: the column name "b!"/, /^1: there is no/],
    ],
    ["without a row below the header", "user_id,a\n", [/^2: there are no targets/]],
    ["whose header is its only text", "user_id", [/^[12]: there are no targets/]],
    ["with too few cells", "user_id,a\nu,1\nv\n", [/^3: there is 1 cell; the header has 2 columns$/]],
    ["with too many cells", "user_id,a\nu,1,2\nv,1\n", [/^2: there are 3 cells; the header has 2/]],
    [
      "with more cells than its only name",
      "user_id\nu,1\n",
      [/^2: there are 2 cells; the header has 1 column$/],
    ],
    ["with an empty user id", "user_id,a\n,1\nu,1\n", [/^2: user_id must be a user id/]],
    ["with a user id over 255 bytes", `user_id\n${"é".repeat(128)}\n`, [/^2: user_id must be/]],
    ["with a control character in a user id", "user_id\nu\u0007\n", [/^2: user_id must be/]],
    ["with a line break in a user id", 'user_id\n"u\nv"\n', [/^2: user_id must be/]],
    ["with a step of a path as a user id", "user_id\n..\n", [/^2: user_id must be/]],
    [
      "with text behind a closing quote",
      'user_id,a\nu,"1"2\nv,1\n',
      [/^2: the quotes aren't right \(text follows/],
    ],
    [
      "with a quote that another line closes",
      'user_id,a\nu,"1\nv,"2"\nw\n',
      [
        /^2: the quotes aren't right \(a quote was opened here, and text follows where it is closed, in line 3/,
        /^4/,
      ],
    ],
    [
      "with other white space before a quote",
      'user_id,a\nu,\u00a0"1"\n',
      [/^2: .*a quote follows white space/],
    ],
    [
      "with a character that can't be seen before a quote",
      'user_id,a\nu,\u200b"1"\n',
      [/^2: .*a quote follows/],
    ],
    [
      "with more than 200 columns",
      `user_id,${Array.from({ length: 200 }, (_, index) => `c${index}`).join()}\nu${",".repeat(200)}\n`,
      [/^1: there are 201 columns; a file may have 200/],
    ],
    [
      "with as many columns as a sheet may have",
      `user_id${",a".repeat(16_383)}\nu\n`,
      [/^1: there are 16384 columns; a file may have 200/, /^2/],
    ],
    [
      "with a column name over 150 characters",
      `user_id,${"x".repeat(151)}\nu,1\n`,
      [/^1: .*has 151 characters; it may have 150/],
    ],
    [
      "with a row over 64 KB",
      `user_id,a\nu,${"x".repeat(70_000)}\nv,1\n`,
      [/^2: the cells have 70001 bytes/],
    ],
    ["with a quote that stays open", 'user_id,a\nu,1\nv,"1\nw,1\n', [/^3: the quotes aren't right/]],
    [
      "with a row over 16 KB",
      `user_id,a\nu,${"x".repeat(17_000)}\n`,
      [/^2: the cells have 17000 characters; a row may have 16384 beside user_id/],
    ],
  ])("%s", (_, text, messages) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(messages.length);
    for (const [index, message] of messages.entries()) expect(faults[index]).toMatch(message);
  });

  it("at the physical line, where quoted line breaks and blank lines come before it", () => {
    const text = 'user_id,a\n"u","1\n2\n\n3"\n\nv,"x\ny"\nw\nz,"\n"\n,1\n';
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(/^9: there is 1 cell;/),
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

  it("at its header alone where that can't be read", () => {
    expect(faultsOf('"user_id,a\nu,1\nv,"1\n')).toEqual([
      expect.stringMatching(/^1: the quotes aren't right/),
    ]);
  });

  it("over the bytes of an audience, once, at the row that passes them", () => {
    const rows = "u,12345678\n".repeat(10);
    const { faults, targets } = readCsv(`user_id,a\n${rows}`, { maxAudienceBytes: 50 });
    expect(faults).toEqual([
      { line: 4, message: expect.stringContaining("more than 50 bytes as they are stored") },
    ]);
    expect(targets).toHaveLength(2);
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
    [
      "with CRLF and LF",
      "user_id,a\r\nu,1\nv,2\r\n",
      ["a"],
      [
        ["u", "1"],
        ["v", "2"],
      ],
    ],
    [
      "with CR alone",
      "user_id,a\ru,1\r\rv,2\r",
      ["a"],
      [
        ["u", "1"],
        ["v", "2"],
      ],
    ],
    ["with CR in quotes", 'user_id,a\r"u","1\r2\r\n3"\r', ["a"], [["u", "1\r2\r\n3"]]],
    ["with semicolons", "user_id;a;b\nu;1,5;x\n", ["a", "b"], [["u", "1,5", "x"]]],
    [
      "with tabs",
      'user_id\ta\nu\t 1 \nv\t"x\ty"\n',
      ["a"],
      [
        ["u", " 1 "],
        ["v", "x\ty"],
      ],
    ],
    ["with bars", "a|user_id\n1|u\n", ["a"], [["u", "1"]]],
    ["with one column and separators in its ids", "user_id\nu;1\nv|2\n", [], [["u;1"], ["v|2"]]],
    ["with a line that names its separator", "sep=;\r\nuser_id;a\r\nu;1\r\n", ["a"], [["u", "1"]]],
    ["with such a line of commas", "SEP=,\nuser_id,a\nu,1\n", ["a"], [["u", "1"]]],
    ["with such a line in quotes", '"sep=\t"\nuser_id\ta\nu\t1\n', ["a"], [["u", "1"]]],
    [
      "with columns without a name at the right",
      "user_id,a,,\nu,1,,\nv,2\nw,3,,,\n",
      ["a"],
      [
        ["u", "1"],
        ["v", "2"],
        ["w", "3"],
      ],
    ],
    [
      "with lines of separators",
      `,,\nuser_id,a,\nu,1,\n,,\n${",".repeat(70_000)}\n"",""\n`,
      ["a"],
      [["u", "1"]],
    ],
    ["with blanks around quotes", 'user_id, "a" ,b\nu, "x, y" ,"z"\t\n', ["a", "b"], [["u", "x, y", "z"]]],
    ["with a quote in a text", 'user_id,a\nu,5" pipe\n', ["a"], [["u", '5" pipe']]],
    [
      "with 200 columns",
      `user_id,${Array.from({ length: 199 }, (_, index) => `c${index}`).join()}\nu${",".repeat(199)}\n`,
      Array.from({ length: 199 }, (_, index) => `c${index}`),
      [["u", ...new Array(199).fill(null)]],
    ],
    ["with a user twice: the reader counts rows", "user_id\nu\nu\n", [], [["u"], ["u"]]],
  ])("%s", (_, text, columns, targets) => {
    expect(read(text)).toEqual({ columns, targets, rows: targets.length, faults: [], faultCount: 0 });
  });
});

describe("an empty text", () => {
  const cellsOf = (text: string) => read(text).targets.map(([, ...cells]) => cells);

  it("is told from an absent value in a failures file alone", () => {
    expect(cellsOf('user_id,a,b,_reason\nu,"",,expired\nv,,"",expired\n')).toEqual([
      ["", null],
      [null, ""],
    ]);
    expect(cellsOf('user_id,a,b\nu,"",\n')).toEqual([[null, null]]);
  });

  it("isn't where every cell is in quotes", () => {
    expect(cellsOf('"user_id","a","_reason"\n"u","","expired"\n')).toEqual([[null]]);
  });
});

describe("what can't be seen in a column's name", () => {
  it.each([
    ["a space", "user_id ,a\nu,1\n", '"user_id "'],
    ["a no-break space", "user_id\u00a0,a\nu,1\n", '"user_id\\u00a0"'],
    ["a second byte order mark", "\ufeff\ufeffuser_id,a\nu,1\n", '"\\ufeffuser_id"'],
    ["a zero-width space", "\u200buser_id,a\nu,1\n", '"\\u200buser_id"'],
    ["a soft hyphen", "user\u00ad_id,a\nu,1\n", '"user\\u00ad_id"'],
    ["a mark of direction", "user_id,a\u202e\nu,1\n", '"a\\u202e"'],
    ["a tag of two units", "user_id,a\u{e0041}\nu,1\n", '"a\\udb40\\udc41"'],
    ["a control character", "user_id,a\u0000\nu,1\n", '"a\\u0000"'],
    ["a Hangul filler", "user_id,\u3164\nu,1\n", '"\\u3164"'],
  ])("is shown: %s", (_, text, shown) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(`the column name ${shown}`)]);
  });
});
