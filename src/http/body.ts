import { OnecallError } from "../model/errors.ts";
import {
  LARGE_BODY_BYTES,
  MAX_BODY_BYTES,
  MAX_BODY_VALUES,
  MAX_JSON_DEPTH,
  MAX_SEND_BODY_BYTES,
  MAX_SEND_BODY_VALUES,
} from "../model/limits.ts";
import { reviveDigits } from "../model/sent-number.ts";
import { scanJson } from "./json-scan.ts";
import { LargeBodyTurn } from "./large-bodies.ts";

/** A body that takes longer is refused. */
const BODY_SECONDS = 60;

/** What a JSON body may have. */
interface BodyLimits {
  bytes: number;
  /** JSON values: 16 MB of empty objects would be hundreds of MB, once parsed. */
  values: number;
}

const BODY: BodyLimits = { bytes: MAX_BODY_BYTES, values: MAX_BODY_VALUES };
const SEND_BODY: BodyLimits = { bytes: MAX_SEND_BODY_BYTES, values: MAX_SEND_BODY_VALUES };

/** A request's JSON body. Refuses other content types, more than 1 MB, 50,000 values or 20 levels of nesting. */
export async function readJson(request: Request, keepsDigits = false): Promise<unknown> {
  requireJson(request);
  return parseJson(await readBytes(request, BODY.bytes), BODY, keepsDigits);
}

/** The same, or a form's fields as texts: some clients of the vendor's send forms. */
export async function readJsonOrForm(request: Request, keepsDigits = false): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)\s*(;|$)/i.test(type)) {
    return readJson(request, keepsDigits);
  }
  const bytes = await readBytes(request, BODY.bytes);
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData().catch(() => {
    throw new OnecallError("ERR_BAD_REQUEST", "The body isn't a valid form.");
  });
  return Object.fromEntries(
    [...form].map(([name, value]) => [name, typeof value === "string" ? value : value.name]),
  );
}

/** The body of a call that may come without one. */
export async function readOptionalJson(request: Request): Promise<unknown> {
  const isEmpty = request.body === null || request.headers.get("content-length") === "0";
  return isEmpty ? {} : readJson(request);
}

/**
 * Does a send's work with its JSON body, which may have 16 MB and 250,000 values. Of large bodies one is read
 * and worked on at a time in an isolate, in turn between the apps.
 */
export async function withSendJson<T>(
  request: Request,
  appId: string,
  work: (body: unknown) => Promise<T>,
): Promise<T> {
  requireJson(request);
  const length = contentLengthOf(request, SEND_BODY.bytes);
  if (length !== null && length <= LARGE_BODY_BYTES) {
    return work(parseJson(await readBytes(request, SEND_BODY.bytes), SEND_BODY, true));
  }
  const body = new LargeBody(appId, length);
  try {
    return await work(parseJson(await body.read(request, SEND_BODY.bytes), SEND_BODY, true));
  } finally {
    body.release();
  }
}

function requireJson(request: Request): void {
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/json\s*(;|$)/i.test(type)) return;
  throw new OnecallError(
    "ERR_BAD_REQUEST",
    "Send the body as JSON with the header Content-Type: application/json.",
  );
}

// Looked at as bytes: what asks for too much is refused before there is any of it.
function parseJson(bytes: Uint8Array, limits: BodyLimits, keepsDigits: boolean): unknown {
  const { exceeded, hasLongNumbers } = scanJson(bytes, { depth: MAX_JSON_DEPTH, values: limits.values });
  if (exceeded === "depth") {
    throw new OnecallError("ERR_BAD_REQUEST", `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  if (exceeded === "values") {
    throw new OnecallError(
      "ERR_PAYLOAD_TOO_LARGE",
      `The body has more than ${limits.values} JSON values (objects, arrays, texts, numbers …).`,
    );
  }
  const text = decodeText(bytes);
  try {
    // With a reviver it takes several times as long, and memory.
    return keepsDigits && hasLongNumbers ? JSON.parse(text, reviveDigits) : JSON.parse(text);
  } catch {
    throw new OnecallError("ERR_BAD_REQUEST", "The body isn't valid JSON.");
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw endedEarly();
  }
}

function contentLengthOf(request: Request, maxBytes: number): number | null {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  return length === null ? null : Number(length);
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (contentLengthOf(request, maxBytes) === null) return readPieces(request, maxBytes);
  const startedAt = Date.now();
  // The runtime holds a body to its Content-Length.
  const bytes = await request.arrayBuffer().catch(() => {
    throw endedEarly();
  });
  requireInTime(startedAt);
  return new Uint8Array(bytes);
}

// Without a Content-Length it can be of any size, so it is counted.
async function readPieces(request: Request, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of piecesOf(request, maxBytes)) {
    pieces.push(piece);
    total += piece.length;
  }
  return joinBytes(pieces, total);
}

async function* piecesOf(request: Request, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const startedAt = Date.now();
  const iterator = (request.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let total = 0;
  for (;;) {
    const { value, done } = await iterator.next().catch(() => {
      throw endedEarly();
    });
    requireInTime(startedAt);
    if (done) return;
    total += value.byteLength;
    if (total > maxBytes) throw tooLarge(maxBytes);
    yield value;
  }
}

/** A send's body that is large, or may become so: it takes a turn as soon as it is. */
class LargeBody {
  readonly #appId: string;
  readonly #length: number | null;
  #turn: LargeBodyTurn | null = null;

  /** `length` is what is announced, null where nothing is. */
  constructor(appId: string, length: number | null) {
    this.#appId = appId;
    this.#length = length;
  }

  async read(request: Request, maxBytes: number): Promise<Uint8Array> {
    if (this.#length !== null) {
      // Before a byte of it is read: who waits holds nothing.
      this.#turn = await LargeBodyTurn.take(this.#appId, true);
      this.#turn.reserve(this.#length);
    }
    let held: Uint8Array[] = [];
    let total = 0;
    for await (const piece of piecesOf(request, maxBytes)) {
      total += piece.length;
      held.push(piece);
      if (this.#turn === null && total <= LARGE_BODY_BYTES) continue;
      // By now it holds too much to wait with.
      this.#turn ??= await LargeBodyTurn.take(this.#appId, false);
      for (const bytes of held) this.#turn.keep(bytes);
      held = [];
    }
    return this.#turn === null ? joinBytes(held, total) : this.#turn.startWork();
  }

  release(): void {
    this.#turn?.release();
  }
}

function joinBytes(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

// What a call's credentials allowed when it began isn't done much later. No timer: hardly any body is slow.
function requireInTime(startedAt: number): void {
  if (Date.now() - startedAt <= BODY_SECONDS * 1000) return;
  throw new OnecallError("ERR_BAD_REQUEST", `The body didn't arrive within ${BODY_SECONDS} seconds.`);
}

function tooLarge(maxBytes: number): OnecallError {
  return new OnecallError("ERR_PAYLOAD_TOO_LARGE", `The body has more than ${maxBytes} bytes.`);
}

function endedEarly(): OnecallError {
  return new OnecallError("ERR_BAD_REQUEST", "The body isn't valid UTF-8, or it ended early.");
}
