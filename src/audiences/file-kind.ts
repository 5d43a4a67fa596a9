/** Tells from a file's first bytes what it is where it is no CSV. Pure. */

/** As many of a file's first bytes are enough to tell its kind. */
export const SNIFFED_BYTES = 1024;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const SAVE_AS_CSV = "save the table as CSV (UTF-8) and upload that";

/** Kinds by the bytes they begin with. */
const SIGNATURES: readonly [bytes: readonly number[] | string, kind: string, help: string][] = [
  [[0xd0, 0xcf, 0x11, 0xe0], "a workbook (.xls)", SAVE_AS_CSV],
  ["%PDF-", "a PDF", SAVE_AS_CSV],
  ["{\\rtf", "a text document (RTF)", SAVE_AS_CSV],
  ["PAR1", "a Parquet file", SAVE_AS_CSV],
  ["SQLite format 3", "a database", SAVE_AS_CSV],
  [[0x1f, 0x8b], "compressed (gzip)", "unpack it first"],
  ["BZh", "compressed (bzip2)", "unpack it first"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "compressed (xz)", "unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "compressed (zstd)", "unpack it first"],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "an archive (7z)", "unpack it first"],
  ["Rar!", "an archive (rar)", "unpack it first"],
  [[0x89, 0x50, 0x4e, 0x47], "a picture", "upload the table itself"],
  [[0xff, 0xd8, 0xff], "a picture", "upload the table itself"],
  ["GIF8", "a picture", "upload the table itself"],
];

/** In the first names of a ZIP that is a workbook: Excel's, LibreOffice's, Apple's. */
const WORKBOOK =
  /\[Content_Types\]\.xml|xl\/|_rels\/|docProps\/|opendocument\.spreadsheet|Index\/|\.iwa|preview[-a-z]*\.jpg|Metadata\//;
const TEXT_DOCUMENT = /word\/|opendocument\.text/;
/** Where a tar's header says that it is one. */
const TAR_MARK_AT = 257;

const HTML =
  /^<(!doctype html|!--|html|head|body|meta|table|script|style|title|div|span|p|h[1-6]|a|center|pre|br|iframe)\b|^<!--/i;

/** What the file is and what to do, or null where it may be a CSV. */
export function nameOtherKind(head: Uint8Array): string | null {
  const found = nameByMark(head) ?? nameByText(head);
  return found === null ? null : `the file isn't a CSV: it is ${found}`;
}

function nameByMark(head: Uint8Array): string | null {
  const encoding = findEncoding(head);
  if (encoding !== null) return `${encoding} text; save it as UTF-8 ("CSV UTF-8" in Excel)`;
  if (beginsWith(head, [0x50, 0x4b, 0x03, 0x04]) || beginsWith(head, [0x50, 0x4b, 0x05, 0x06])) {
    const names = String.fromCharCode(...head.subarray(0, SNIFFED_BYTES));
    if (TEXT_DOCUMENT.test(names)) return `a text document (such as .docx); ${SAVE_AS_CSV}`;
    return WORKBOOK.test(names)
      ? `a workbook (such as .xlsx); ${SAVE_AS_CSV}`
      : "an archive (zip); unpack it first";
  }
  if (beginsWith(head.subarray(TAR_MARK_AT), "ustar")) return "an archive (tar); unpack it first";
  const found = SIGNATURES.find(([bytes]) => beginsWith(head, bytes));
  return found === undefined ? null : `${found[1]}; ${found[2]}`;
}

/** UTF-16 and UTF-32, with their marks or told by the zero bytes of a Latin header. */
function findEncoding(head: Uint8Array): "UTF-16" | "UTF-32" | null {
  if (beginsWith(head, [0xff, 0xfe, 0, 0]) || beginsWith(head, [0, 0, 0xfe, 0xff])) return "UTF-32";
  if (beginsWith(head, [0xff, 0xfe]) || beginsWith(head, [0xfe, 0xff])) return "UTF-16";
  const zeros = Array.from(head.subarray(0, 8), (byte) => (byte === 0 ? "0" : "x")).join("");
  if (zeros.startsWith("x000x000") || zeros.startsWith("000x000x")) return "UTF-32";
  if (zeros.startsWith("x0x0") || zeros.startsWith("0x0x")) return "UTF-16";
  return hasWideComma(head) ? "UTF-16" : null;
}

/** A separator or line end in two bytes, where the letters before it aren't Latin. */
function hasWideComma(head: Uint8Array): boolean {
  const isSeparator = (byte: number | undefined) =>
    byte !== undefined && ",;\t\n\r".includes(String.fromCharCode(byte));
  for (let at = 0; at + 1 < head.length; at += 2) {
    if (head[at + 1] === 0 ? isSeparator(head[at]) : head[at] === 0 && isSeparator(head[at + 1])) return true;
  }
  return false;
}

function nameByText(head: Uint8Array): string | null {
  // No header begins with these, as names of columns have none of them.
  const text = new TextDecoder().decode(head).trimStart();
  if (text.startsWith("%PDF-")) return `a PDF; ${SAVE_AS_CSV}`;
  if (HTML.test(text)) return "a web page; perhaps the download needed a sign-in";
  if (/^<[a-z?!/]/i.test(text)) return `XML; ${SAVE_AS_CSV}`;
  if (/^[[{]/.test(text)) return `JSON; ${SAVE_AS_CSV}`;
  return text.startsWith("\0") ? `not text; ${SAVE_AS_CSV}` : null;
}

/** The bytes behind a UTF-8 byte order mark. */
export function stripByteOrderMark(head: Uint8Array): Uint8Array {
  return beginsWith(head, BYTE_ORDER_MARK) ? head.subarray(BYTE_ORDER_MARK.length) : head;
}

function beginsWith(head: Uint8Array, bytes: readonly number[] | string): boolean {
  const wanted = typeof bytes === "string" ? Array.from(bytes, (letter) => letter.charCodeAt(0)) : bytes;
  return head.length >= wanted.length && wanted.every((byte, index) => head[index] === byte);
}
