import { sha256Hex } from "../apps/credentials.ts";
import { OnecallError } from "../errors.ts";

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
    throw new OnecallError(
      "ERR_BAD_REQUEST",
      "Idempotency-Key: must have 1 to 255 printable ASCII characters",
      {
        details: { "Idempotency-Key": "must have 1 to 255 printable ASCII characters" },
      },
    );
  }
  return { key, requestHash: await sha256Hex(canonicalJson(body)) };
}

/** The same text for the same JSON, in whatever order its keys came. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`).join(",")}}`;
}
