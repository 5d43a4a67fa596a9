import { type MultipartError, make } from "multipasta";
import { OnecallError } from "../errors.ts";

/** A part of a form as it arrives: fields whole, the file in pieces. */
export type FormEvent =
  | { kind: "field"; name: string; value: string }
  | { kind: "file"; name: string }
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "fileEnd" };

/**
 * Reads a multipart form as a stream: what follows isn't read before the caller asks for it, so that a
 * signature in the fields is checked before the file is. The platform's `formData()` would hold it whole.
 */
export async function* readForm(request: Request, fileField: string): AsyncGenerator<FormEvent> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    throw new OnecallError("ERR_BAD_REQUEST", "Send a multipart/form-data body with a boundary.");
  }
  let events: FormEvent[] = [];
  const state: { error: MultipartError | null; isDone: boolean } = { error: null, isDone: false };
  const parser = make({
    headers: { "content-type": type },
    // By its name: some clients send the file without a filename.
    isFile: ({ name }) => name === fileField,
    maxParts: 20,
    maxFieldSize: 16 * 1024,
    onField: ({ name }, value) =>
      events.push({ kind: "field", name, value: new TextDecoder().decode(value) }),
    onFile: ({ name }) => {
      events.push({ kind: "file", name });
      return (bytes) => events.push(bytes === null ? { kind: "fileEnd" } : { kind: "bytes", bytes });
    },
    onError: (error) => {
      state.error ??= error;
    },
    onDone: () => {
      state.isDone = true;
    },
  });
  for await (const chunk of holdEndBack((request.body ?? []) as AsyncIterable<Uint8Array>)) {
    try {
      parser.write(chunk);
    } catch (error) {
      // A filename* that can't be decoded.
      if (error instanceof URIError) throw malformed();
      throw error;
    }
    const ready = events;
    events = [];
    yield* ready;
    if (state.error !== null) throw malformed();
  }
  parser.end();
  yield* events;
  if (state.error !== null || !state.isDone) throw malformed();
}

/** Bytes of a form's last boundary, at most: the parser doesn't know it where it comes in two pieces. */
const END_BYTES = 128;

/** The same bytes in pieces of which the last holds the form's end whole. Only that end is copied. */
async function* holdEndBack(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array();
  for await (const piece of pieces) {
    if (piece.length >= END_BYTES) {
      if (held.length > 0) yield held;
      if (piece.length > END_BYTES) yield piece.subarray(0, -END_BYTES);
      held = piece.slice(-END_BYTES);
      continue;
    }
    const bytes = new Uint8Array(held.length + piece.length);
    bytes.set(held);
    bytes.set(piece, held.length);
    const end = Math.max(0, bytes.length - END_BYTES);
    if (end > 0) yield bytes.subarray(0, end);
    held = bytes.subarray(end);
  }
  if (held.length > 0) yield held;
}

function malformed(): OnecallError {
  return new OnecallError("ERR_BAD_REQUEST", "The multipart body is malformed, or it ended early.");
}
