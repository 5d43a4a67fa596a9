import { OnecallError } from "../errors.ts";
import { MAX_BODY_BYTES, MAX_JSON_DEPTH } from "../limits.ts";

/** A body that takes longer is refused. */
const BODY_SECONDS = 60;

const BRACE_OPEN = "{".charCodeAt(0);
const BRACE_CLOSE = "}".charCodeAt(0);
const BRACKET_OPEN = "[".charCodeAt(0);
const BRACKET_CLOSE = "]".charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);

/** A request's JSON body. Refuses other content types, bodies over `maxBytes`, and nesting over 20 levels. */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new OnecallError(
      "ERR_BAD_REQUEST",
      "Send the body as JSON with the header Content-Type: application/json.",
    );
  }
  const text = await readText(request, maxBytes);
  if (isTooDeep(text)) {
    throw new OnecallError("ERR_BAD_REQUEST", `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new OnecallError("ERR_BAD_REQUEST", "The body isn't valid JSON.");
  }
}

/** The body of a call that may come without one. */
export async function readOptionalJson(request: Request): Promise<unknown> {
  const isEmpty = request.body === null || request.headers.get("content-length") === "0";
  return isEmpty ? {} : readJson(request);
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  const startedAt = Date.now();
  let bytes: ArrayBuffer | Uint8Array;
  try {
    // The runtime holds a body to its Content-Length; without one it can be of any size, so it is counted.
    bytes = length === null ? await readCounted(request, maxBytes) : await request.arrayBuffer();
    // What a call's credentials allowed when it began isn't done much later. No timer: hardly any body is slow.
    if (Date.now() - startedAt > BODY_SECONDS * 1000) {
      throw new OnecallError("ERR_BAD_REQUEST", `The body didn't arrive within ${BODY_SECONDS} seconds.`);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    if (error instanceof OnecallError) throw error;
    throw new OnecallError("ERR_BAD_REQUEST", "The body isn't valid UTF-8, or it ended early.");
  }
}

async function readCounted(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength;
    if (total > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(maxBytes: number): OnecallError {
  return new OnecallError("ERR_PAYLOAD_TOO_LARGE", `The body has more than ${maxBytes} bytes.`);
}

/** Looks at the text, not at the value: what is too deep is refused before anything walks it. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === BRACE_OPEN || code === BRACKET_OPEN) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (code === BRACE_CLOSE || code === BRACKET_CLOSE) depth--;
  }
  return false;
}
