import type { Bindings } from "../../env.ts";
import type { ObjectSize } from "../../model/object-state.ts";
import { STORAGE_FULL } from "../../model/platform-fault.ts";

/** What a Durable Object's database may hold (developers.cloudflare.com/durable-objects/platform/limits). */
export const OBJECT_BYTES = 10_000_000_000;

/** The share of its room from which an object takes nothing that would grow it: what frees it needs the rest. */
export const FULL_SHARE = 0.8;
/** The share from which a user shard takes no chunk of what was accepted either: what it has left is for deletions. */
const RESERVED_SHARE = 0.95;
/** A shard with a smaller share of its room doesn't say so with a batch. */
export const TOLD_SHARE = 0.01;
/** Objects that a status names. */
export const SHOWN_OBJECTS = 10;

export function sizeOf(storage: DurableObjectStorage, env: Bindings): ObjectSize {
  return { bytes: measure(storage), share: filledShare(storage, env) };
}

export function isFull(storage: DurableObjectStorage, env: Bindings): boolean {
  return filledShare(storage, env) >= FULL_SHARE;
}

/** Before what would grow the object. Throws where it has no room. */
export function requireRoom(storage: DurableObjectStorage, env: Bindings): void {
  if (isFull(storage, env)) throw new Error(STORAGE_FULL);
}

/** Before what was accepted when there was room. Throws where so little is left that deletions may need it. */
export function requireReserve(storage: DurableObjectStorage, env: Bindings): void {
  if (filledShare(storage, env) >= RESERVED_SHARE) throw new Error(STORAGE_FULL);
}

/** How much of an object's room is used: 0 to 1. */
export function filledShare(storage: DurableObjectStorage, { OBJECT_BYTES: bytes }: Bindings): number {
  return measure(storage) / (bytes === undefined ? OBJECT_BYTES : Number(bytes));
}

/**
 * A database is measured once in so long, ms, as that is a statement of its own. An object writes some MB meanwhile;
 * beyond the share that is full it has 2 GB.
 */
const MEASURE_EVERY_MS = 1000;
const measured = new WeakMap<DurableObjectStorage, { bytes: number; at: number }>();

function measure(storage: DurableObjectStorage): number {
  const now = Date.now();
  const last = measured.get(storage);
  if (last !== undefined && now >= last.at && now - last.at < MEASURE_EVERY_MS) return last.bytes;
  const bytes = storage.sql.databaseSize;
  measured.set(storage, { bytes, at: now });
  return bytes;
}
