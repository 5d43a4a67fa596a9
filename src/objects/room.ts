import type { Bindings } from "../env.ts";

/** What a Durable Object's database may hold (developers.cloudflare.com/durable-objects/platform/limits). */
const OBJECT_BYTES = 10_000_000_000;

/** How much of an object's room is used: 0 to 1. */
export function filledShare(storage: DurableObjectStorage, { OBJECT_BYTES: bytes }: Bindings): number {
  return storage.sql.databaseSize / (bytes === undefined ? OBJECT_BYTES : Number(bytes));
}
