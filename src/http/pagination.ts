import * as v from "valibot";
import { OnecallError } from "../model/errors.ts";
import { MAX_PAGE_BYTES } from "../model/limits.ts";
import { shownAs } from "../text/shown-schema.ts";

const encoder = new TextEncoder();

/** Our ids, UUIDv7s: what the cursor of a list by id holds, and whoever compares ids by their bytes needs. */
export const ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A page's size in a query: 1 to `maxLimit`. */
export function limitSchema(defaultLimit: number, maxLimit = 100) {
  const message = `must be a whole number from 1 to ${maxLimit}`;
  return v.optional(wholeNumberText(maxLimit, message), String(defaultLimit));
}

/** A whole number from 1 to `max`, as a query has it. */
export function wholeNumberText(max: number, message: string) {
  const digits = String(max).length;
  return v.pipe(
    shownAs(v.string(message), { type: "integer", minimum: 1, maximum: max }),
    v.check((text) => text.length <= digits && /^\d+$/.test(text), message),
    v.transform(Number),
    v.minValue(1, message),
    v.maxValue(max, message),
  );
}

/** `?limit=` of the management API: default 20. */
export const LimitSchema = limitSchema(20);

/** A page's position as an opaque text; only {@link decodeCursor} reads it. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** What {@link encodeCursor} made of `length` texts like `pattern`; null where no cursor was given. */
export function decodeCursor(
  cursor: string | undefined,
  length: number,
  pattern = /^/,
  field = "cursor",
): string[] | null {
  if (cursor === undefined) return null;
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    const parts: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    const isPart = (part: unknown): part is string => typeof part === "string" && pattern.test(part);
    if (Array.isArray(parts) && parts.length === length && parts.every(isPart)) return parts;
  } catch {
    // Falls through: whatever is wrong with it, the caller gets the same answer.
  }
  throw unknownCursor(field);
}

export function unknownCursor(field: string): OnecallError {
  return new OnecallError(
    "ERR_BAD_REQUEST",
    `${field}: isn't one that this list gave out; start without it`,
    {
      details: { [field]: "must be one that this list gave out" },
    },
  );
}

/**
 * As many of these rows as a page takes by their size: none is larger than a body may be, but a hundred of them
 * are. At least one.
 */
export function fitPage<T>(rows: readonly T[]): T[] {
  let bytes = 0;
  const end = rows.findIndex((row) => {
    bytes += encoder.encode(JSON.stringify(row)).length;
    return bytes > MAX_PAGE_BYTES;
  });
  return end < 0 ? [...rows] : rows.slice(0, Math.max(1, end));
}

interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

/** A page out of `limit + 1` rows, shorter where they are large: what is left says that there is more. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => readonly (string | number)[],
): Page<T> {
  const data = fitPage(rows.slice(0, limit));
  const last = data.at(-1);
  const nextCursor = rows.length > data.length && last !== undefined ? encodeCursor(cursorOf(last)) : null;
  return { data, nextCursor };
}

/** What a list's query has that is read page by page. */
export const PageQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

/** A page of what `read` lists, newest first: up to `limit` rows from before an id. */
export async function readPage<T>(
  { limit, cursor }: v.InferOutput<typeof PageQuerySchema>,
  read: (beforeId: string | null, limit: number) => Promise<T[]>,
  idOf: (row: T) => string,
  idPattern?: RegExp,
): Promise<Page<T>> {
  const beforeId = decodeCursor(cursor, 1, idPattern)?.[0] ?? null;
  return toPage(await read(beforeId, limit + 1), limit, (row) => [idOf(row)]);
}

/**
 * A page of rows that a look found, shorter where they are large. `nextId`: where the look goes on, null at its end.
 */
export function toLookPage<T>(rows: readonly T[], nextId: string | null, idOf: (row: T) => string): Page<T> {
  const data = fitPage(rows);
  const last = data.at(-1);
  const goesOnAt = data.length < rows.length && last !== undefined ? idOf(last) : nextId;
  return { data, nextCursor: goesOnAt === null ? null : encodeCursor([goesOnAt]) };
}
