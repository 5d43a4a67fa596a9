import { OnecallError } from "../model/errors.ts";
import { digitsOf } from "../model/sent-number.ts";

/** Characters that are encoded at a time: a body of 16 MB isn't made once more as one text. */
const PIECE_CHARACTERS = 64 * 1024;

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

/** On an answer that is given once more: nothing was done for it. */
export function replayHeaders(isReplayed: boolean): Record<string, string> {
  return isReplayed ? { "idempotent-replayed": "true" } : {};
}

/** SHA-256 in hex: the same for the same JSON, in whatever order its keys came. */
async function hashJson(value: unknown): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  const text = new CanonicalText();
  text.add(value);
  for (const piece of text.finish()) await writer.write(piece);
  await writer.close();
  return new Uint8Array(await digest.digest).toHex();
}

/** Writes JSON with its keys sorted, as bytes in pieces: the same JSON gives the same bytes. */
class CanonicalText {
  readonly #encoder = new TextEncoder();
  readonly #pieces: Uint8Array[] = [];
  #text = "";

  add(value: unknown): void {
    if (typeof value !== "object" || value === null) this.#write(digitsOf(value) ?? JSON.stringify(value));
    else if (Array.isArray(value)) {
      this.#write("[");
      for (let index = 0; index < value.length; index++) {
        if (index > 0) this.#write(",");
        this.add(value[index]);
      }
      this.#write("]");
    } else {
      this.#write("{");
      let separator = "";
      // Sorted by UTF-16 units, as `<` does.
      for (const key of Object.keys(value).sort()) {
        this.#write(`${separator}${JSON.stringify(key)}:`);
        separator = ",";
        this.add((value as Record<string, unknown>)[key]);
      }
      this.#write("}");
    }
  }

  finish(): readonly Uint8Array[] {
    this.#cut();
    return this.#pieces;
  }

  #write(text: string): void {
    this.#text += text;
    if (this.#text.length > PIECE_CHARACTERS) this.#cut();
  }

  #cut(): void {
    this.#pieces.push(this.#encoder.encode(this.#text));
    this.#text = "";
  }
}
