import { OnecallError } from "../errors.ts";

/** Characters that are hashed at a time: a body of 16 MB isn't made once more as one text. */
const HASHED_CHARACTERS = 64 * 1024;

const KEY_MESSAGE = "must have 1 to 255 printable ASCII characters";

/** An Idempotency-Key with the hash of what it stands for. */
export interface Idempotency {
  key: string;
  requestHash: string;
}

/** From the header `Idempotency-Key` (1 to 255 printable ASCII characters); null where there is none. */
export async function readIdempotency(request: Request, body: unknown): Promise<Idempotency | null> {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new OnecallError("ERR_BAD_REQUEST", `Idempotency-Key: ${KEY_MESSAGE}`, {
      details: { "Idempotency-Key": KEY_MESSAGE },
    });
  }
  return { key, requestHash: await hashJson(body) };
}

/** SHA-256 in hex: the same for the same JSON, in whatever order its keys came. */
export async function hashJson(value: unknown): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  const encoder = new TextEncoder();
  let text = "";
  for (const piece of canonicalPieces(value)) {
    text += piece;
    if (text.length < HASHED_CHARACTERS) continue;
    await writer.write(encoder.encode(text));
    text = "";
  }
  await writer.write(encoder.encode(text));
  await writer.close();
  return [...new Uint8Array(await digest.digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same text for the same JSON, piece by piece. */
function* canonicalPieces(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) yield JSON.stringify(value);
  else if (Array.isArray(value)) {
    yield "[";
    for (const [index, child] of value.entries()) {
      if (index > 0) yield ",";
      yield* canonicalPieces(child);
    }
    yield "]";
  } else {
    yield "{";
    // Sorted by UTF-16 units, as `<` does.
    for (const [index, key] of Object.keys(value).sort().entries()) {
      yield `${index > 0 ? "," : ""}${JSON.stringify(key)}:`;
      yield* canonicalPieces((value as Record<string, unknown>)[key]);
    }
    yield "}";
  }
}
