import { validate as isUuid, stringify as stringifyUuid, version as uuidVersion, v7 as uuidv7 } from "uuid";

/** In the 12 bits after the version: this notification was opened in its ledger, not in a user shard. */
const NO_SHARD = 0xfff;

/** A UUIDv7 (RFC 9562): ordered by time, so ids sort as their notifications do. */
export function newId(): string {
  return uuidv7();
}

/**
 * A notification's id: a UUIDv7 whose 12 bits after the version hold the user shard of a realtime send,
 * so that a read that comes before the shard's first report knows whom to ask. Without `shard`: a batch.
 */
export function newNotificationId(shard?: number): string {
  const bytes = uuidv7(undefined, new Uint8Array(16));
  const bits = shard ?? NO_SHARD;
  bytes[6] = 0x70 | (bits >> 8);
  bytes[7] = bits & 0xff;
  return stringifyUuid(bytes);
}

export interface NotificationIdParts {
  /** Unix ms of the creation. */
  timeMs: number;
  /** UTC day, `YYYY-MM-DD`: names the ledger. */
  day: string;
  /** User shard of a realtime send, null for a batch. */
  shard: number | null;
}

/** What a notification id says by itself, or null where it is none. */
export function parseNotificationId(id: string): NotificationIdParts | null {
  if (!isUuid(id) || uuidVersion(id) !== 7 || id !== id.toLowerCase()) return null;
  const timeMs = timeOfId(id);
  // Dates past the year 9999 don't format as YYYY-MM-DD; no notification has such an id.
  if (timeMs > Date.UTC(9999, 11, 31)) return null;
  const bits = Number.parseInt(id.slice(15, 18), 16);
  return { timeMs, day: utcDay(timeMs), shard: bits === NO_SHARD ? null : bits };
}

/** Unix ms of a UUIDv7. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** `YYYY-MM-DD` of a time in Unix ms, in UTC. */
export function utcDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** The smallest notification id of a millisecond: a bound for ranges by time. */
export function firstIdAt(timeMs: number): string {
  const hex = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
