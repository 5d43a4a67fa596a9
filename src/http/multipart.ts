import { OnecallError } from "../model/errors.ts";
import { readParameters } from "./header-parameters.ts";

/** A part of a form as it arrives: fields whole, the file in pieces. */
export type FormPiece =
  | { kind: "field"; name: string; value: string }
  | { kind: "file"; name: string }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "fileEnd" };

const MAX_PARTS = 20;
/** Bytes of a field, and of a part's headers. */
const MAX_FIELD_BYTES = 16 * 1024;
/** Bytes of white space behind a boundary. */
const MAX_PADDING_BYTES = 1024;
/** RFC 2046 allows 70. */
const MAX_BOUNDARY_LENGTH = 256;

const RETURN = 0x0d;
const LINE_FEED = 0x0a;
const HYPHEN = "-".charCodeAt(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Reads a multipart form (RFC 7578, RFC 2046) as a stream: what follows isn't read before the caller asks for
 * it, so that a signature in the fields is checked before the file is. The platform's `formData()` would hold
 * it whole. `fileField` is the name of the part that comes in pieces; file names are of no meaning here.
 */
export async function* readForm(
  type: string | null,
  body: AsyncIterable<Uint8Array>,
  fileField: string,
): AsyncGenerator<FormPiece> {
  const reader = new FormReader(boundaryOf(type ?? ""), fileField);
  for await (const piece of body) yield* reader.write(piece);
  if (!reader.isDone) throw malformed();
}

function boundaryOf(type: string): string {
  const boundary = /^multipart\/form-data\s*;/i.test(type)
    ? readParameters(type)?.get("boundary")
    : undefined;
  if (boundary === undefined || boundary === "" || boundary.length > MAX_BOUNDARY_LENGTH) {
    throw new OnecallError("ERR_BAD_REQUEST", "Send a multipart/form-data body with a boundary.");
  }
  return boundary;
}

/** Where the reader stands: before the first boundary, behind one, in a part's headers, in its body, at the end. */
type Place = "preamble" | "boundary" | "headers" | "body" | "epilogue";

/** Cuts a form's bytes at its boundaries. Between two pieces it keeps headers or a boundary that isn't whole. */
class FormReader {
  readonly #delimiter: Uint8Array;
  readonly #fileField: string;
  #place: Place = "preamble";
  // As if a line had ended before the first byte: a boundary stands at a line's start.
  #held: Uint8Array = new Uint8Array([RETURN, LINE_FEED]);
  #parts = 0;
  #name = "";
  #field: Uint8Array[] = [];
  #fieldBytes = 0;

  constructor(boundary: string, fileField: string) {
    this.#delimiter = encoder.encode(`\r\n--${boundary}`);
    this.#fileField = fileField;
  }

  get isDone(): boolean {
    return this.#place === "epilogue";
  }

  *write(piece: Uint8Array): Generator<FormPiece> {
    let rest = concat(this.#held, piece);
    this.#held = new Uint8Array();
    while (rest.length > 0) {
      const used: number | null =
        this.#place === "boundary"
          ? this.#readBoundaryEnd(rest)
          : this.#place === "headers"
            ? yield* this.#readHeaders(rest)
            : this.#place === "epilogue"
              ? rest.length
              : yield* this.#readBody(rest);
      if (used === null) break;
      rest = rest.subarray(used);
    }
    // A copy: the piece may be as large as the network likes.
    this.#held = rest.slice();
  }

  /** What stands before the first boundary, or a part's body. Null where more bytes are needed. */
  *#readBody(bytes: Uint8Array): Generator<FormPiece, number | null> {
    const end = find(bytes, this.#delimiter);
    // What may be the delimiter's beginning waits.
    const safe = end >= 0 ? end : Math.max(0, bytes.length - this.#delimiter.length + 1);
    if (safe > 0) yield* this.#giveBody(bytes.subarray(0, safe));
    if (end < 0) return safe === 0 ? null : safe;
    if (this.#place === "body") yield* this.#endPart();
    this.#place = "boundary";
    return end + this.#delimiter.length;
  }

  *#giveBody(bytes: Uint8Array): Generator<FormPiece> {
    if (this.#place === "preamble") return;
    if (this.#name === this.#fileField) yield { kind: "bytes", bytes };
    else {
      this.#fieldBytes += bytes.length;
      if (this.#fieldBytes > MAX_FIELD_BYTES) {
        throw new OnecallError("ERR_BAD_REQUEST", `A field has more than ${MAX_FIELD_BYTES} bytes.`);
      }
      this.#field.push(bytes.slice());
    }
  }

  *#endPart(): Generator<FormPiece> {
    if (this.#name === this.#fileField) yield { kind: "fileEnd" };
    else yield { kind: "field", name: this.#name, value: decoder.decode(concat(...this.#field)) };
    this.#field = [];
    this.#fieldBytes = 0;
  }

  /** The rest of a boundary's line: white space, or the two hyphens of the last. */
  #readBoundaryEnd(bytes: Uint8Array): number | null {
    if (bytes[0] === HYPHEN && bytes[1] === HYPHEN) {
      this.#place = "epilogue";
      return bytes.length;
    }
    if (bytes[0] === HYPHEN && bytes.length === 1) return null;
    const end = bytes.indexOf(LINE_FEED);
    if (end < 0) {
      if (bytes.length > MAX_PADDING_BYTES) throw malformed();
      return null;
    }
    if (decoder.decode(bytes.subarray(0, end)).trim() !== "") throw malformed();
    if (++this.#parts > MAX_PARTS) {
      throw new OnecallError("ERR_BAD_REQUEST", `The form has more than ${MAX_PARTS} parts.`);
    }
    this.#place = "headers";
    // The line's end stays: headers end with an empty line, and there may be none.
    return end - (bytes[end - 1] === RETURN ? 1 : 0);
  }

  /** A part's headers, from the line end before them to the empty line behind them. */
  *#readHeaders(bytes: Uint8Array): Generator<FormPiece, number | null> {
    const empty = find(bytes, EMPTY_LINE);
    // A part may lack its body, and the empty line with it.
    const boundary = find(bytes.subarray(0, empty < 0 ? bytes.length : empty), this.#delimiter);
    const end = boundary >= 0 ? boundary : empty;
    if (end < 0 || end > MAX_FIELD_BYTES) {
      if (bytes.length > MAX_FIELD_BYTES) throw malformed();
      return null;
    }
    // The empty line's own end may begin the delimiter of a part without a body.
    const behind = bytes.subarray(end + 2, end + 2 + this.#delimiter.length);
    if (boundary < 0 && behind.length < this.#delimiter.length) return null;
    const isEmpty = boundary >= 0 || find(behind, this.#delimiter) === 0;
    this.#name = nameOf(bytes.subarray(0, end));
    this.#place = "body";
    if (this.#name === this.#fileField) yield { kind: "file", name: this.#name };
    if (isEmpty) return boundary >= 0 ? end : end + 2;
    return end + EMPTY_LINE.length;
  }
}

const EMPTY_LINE = new Uint8Array([RETURN, LINE_FEED, RETURN, LINE_FEED]);

/** The part's name. Its file name may be in any script and any encoding: nobody asks for it. */
function nameOf(bytes: Uint8Array): string {
  // A line that begins with white space goes on with the one before.
  const lines = decoder
    .decode(bytes)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = new Map(
    lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]];
    }),
  );
  const disposition = headers.get("content-disposition") ?? "";
  const name = /^form-data\s*;/i.test(disposition) ? readParameters(disposition)?.get("name") : undefined;
  if (name === undefined) throw malformed();
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding)) {
    throw new OnecallError(
      "ERR_BAD_REQUEST",
      `${name}: send the part as it is, without ${encoding.slice(0, 50)}.`,
    );
  }
  return name;
}

/** Where the pattern begins, or -1. */
function find(bytes: Uint8Array, pattern: Uint8Array): number {
  const last = bytes.length - pattern.length;
  const first = pattern[0] ?? 0;
  for (
    let start = bytes.indexOf(first);
    start >= 0 && start <= last;
    start = bytes.indexOf(first, start + 1)
  ) {
    let length = 1;
    while (length < pattern.length && bytes[start + length] === pattern[length]) length++;
    if (length === pattern.length) return start;
  }
  return -1;
}

function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const [first, second] = pieces;
  if (pieces.length === 2 && first?.length === 0 && second !== undefined) return second;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

function malformed(): OnecallError {
  return new OnecallError("ERR_BAD_REQUEST", "The multipart body is malformed, or it ended early.");
}
