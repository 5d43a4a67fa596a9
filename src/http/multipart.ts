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
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    parser.write(chunk);
    const ready = events;
    events = [];
    yield* ready;
    if (state.error !== null) throw malformed();
  }
  parser.end();
  yield* events;
  if (state.error !== null || !state.isDone) throw malformed();
}

function malformed(): OnecallError {
  return new OnecallError("ERR_BAD_REQUEST", "The multipart body is malformed, or it ended early.");
}
