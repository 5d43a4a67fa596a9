import { describe, expect, it } from "vitest";
import { cutAt, readCsv } from "../support/csv.ts";

const encoder = new TextEncoder();
const bytes = (...values: (number | string)[]) =>
  new Uint8Array(
    values.flatMap((value) => (typeof value === "string" ? [...encoder.encode(value)] : [value])),
  );
const utf16 = (text: string, isBigEndian: boolean) => {
  const units = new DataView(new ArrayBuffer(text.length * 2));
  for (let index = 0; index < text.length; index++) {
    units.setUint16(index * 2, text.charCodeAt(index), !isBigEndian);
  }
  return new Uint8Array(units.buffer);
};

describe("a file that is no CSV is named for what it is", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["UTF-16, little-endian", utf16("\ufeffuser_id\tname\r\n", false), /UTF-16 text; save it as UTF-8/],
    ["UTF-16, big-endian", utf16("\ufeffuser_id\tname\r\n", true), /UTF-16/],
    ["UTF-16 without a mark", utf16("user_id,name\n", false), /UTF-16/],
    ["UTF-16 without a mark, big-endian", utf16("user_id,name\n", true), /UTF-16/],
    ["UTF-32", bytes(0xff, 0xfe, 0, 0, "u", 0, 0, 0), /UTF-32/],
    [
      "xlsx",
      bytes("PK\u0003\u0004", 20, 0, 6, 0, "[Content_Types].xml"),
      /a workbook .*save the table as CSV/,
    ],
    [
      "ods",
      bytes("PK\u0003\u0004", 20, 0, "mimetypeapplication/vnd.oasis.opendocument.spreadsheet"),
      /workbook/,
    ],
    ["xls", bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), /workbook \(\.xls\)/],
    ["zip", bytes("PK\u0003\u0004", 20, 0, "targets.csv"), /an archive \(zip\); unpack it/],
    ["gzip", bytes(0x1f, 0x8b, 8, 0), /compressed \(gzip\)/],
    ["7z", bytes("7z", 0xbc, 0xaf, 0x27, 0x1c), /archive \(7z\)/],
    ["PDF", bytes("%PDF-1.7\n%"), /a PDF/],
    ["a web page", bytes("\n<!DOCTYPE html>\n<html><body>user_id</body></html>"), /a web page/],
    ["a table of a web page", bytes("<table><tr><td>user_id"), /a web page/],
    ["XML", bytes('\ufeff<?xml version="1.0"?><Workbook/>'), /XML/],
    ["JSON", bytes('[{"user_id": "u"}]'), /JSON/],
    ["UTF-32, big-endian", bytes(0, 0, 0xfe, 0xff, 0, 0, 0, "u"), /UTF-32/],
    ["UTF-16 in which no letter is Latin", utf16("\u30e6\u30fc\u30b6\u30fc,\u540d\u524d\n", false), /UTF-16/],
    ["numbers", bytes("PK\u0003\u0004", 20, 0, "preview.jpg", 0xff, 0xd8), /workbook/],
    ["docx, in another order", bytes("PK\u0003\u0004", 20, 0, "word/document.xml"), /a text document/],
    [
      "odt",
      bytes("PK\u0003\u0004", 20, 0, "mimetypeapplication/vnd.oasis.opendocument.text"),
      /a text document/,
    ],
    ["tar", bytes("targets.csv", "\0".repeat(246), "ustar"), /an archive \(tar\)/],
    ["a PDF behind a byte order mark", bytes("\ufeff\n%PDF-1.7\n"), /a PDF/],
    ["a web page behind a byte order mark", bytes("\ufeff<!doctype html>"), /a web page/],
    ["a piece of a web page", bytes("<div>Not found</div>"), /a web page/],
    ["XML without a declaration", bytes("<rows>\n<row/></rows>"), /XML/],
    ["JSON lines", bytes('{"user_id":"u"}\n{"user_id":"v"}\n'), /JSON/],
    ["JSON of numbers", bytes("[1,2]"), /JSON/],
    ["JSON of nothing", bytes("{}"), /JSON/],
    ["bytes", bytes(0, 1, 2, 3, 4, 5), /not text/],
    ["a picture", bytes(0x89, "PNG\r\n"), /a picture/],
  ])("%s", (_, file, message) => {
    for (const pieces of [[file], cutAt(file, Array.from(file.keys()))]) {
      expect(readCsv(pieces).faults).toEqual([
        { line: 1, message: expect.stringMatching(/^the file isn't a CSV: it is /) },
      ]);
      expect(readCsv(pieces).faults[0]?.message).toMatch(message);
    }
  });

  it("and its other faults aren't, however large it is", () => {
    const file = bytes("PK\u0003\u0004", "x".repeat(3000), '"\n"\n');
    expect(readCsv([file, file]).faultCount).toBe(1);
  });
});
