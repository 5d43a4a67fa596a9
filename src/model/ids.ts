import { validate as isUuid, stringify as stringifyUuid, version as uuidVersion, v7 as uuidv7 } from "uuid";

/**
 * In the 12 bits after the version: this notification was opened in its ledger, not in a user shard. With it, and where
 * the bits are a shard's number with `HAS_SLOT`, the byte after the variant's is the ledger's slot. Ids from before
 * slots have chance there; their bits are the shard's number alone, or 0xfff.
 */
const NO_SHARD = 0xffe;
const HAS_SLOT = 0x400;

/** A UUIDv7 (RFC 9562): ordered by time, so ids sort as their notifications do. */
export function newId(): string {
  return uuidv7();
}

/**
 * A notification's id: a UUIDv7 whose 12 bits after the version hold the user shard of a realtime send,
 * so that a read that comes before the shard's first report knows whom to ask. Without `shard`: a batch.
 * Of one millisecond, one process, shard and slot they are in the order in which they were made.
 * `slot` (0 to 255): which of its day's ledgers has it.
 */
export function newNotificationId(shard?: number, slot = 0): string {
  const bytes = uuidv7(undefined, new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  // What uuid counts up within a millisecond: 12 bits after the version, 20 after the variant. All go behind the slot.
  const counter = ((view.getUint16(6) & 0xfff) << 20) | ((view.getUint32(8) >>> 10) & 0xfffff);
  const bits = shard === undefined ? NO_SHARD : HAS_SLOT | shard;
  view.setUint16(6, 0x7000 | bits);
  view.setUint8(8, 0x80);
  view.setUint8(9, slot);
  view.setUint32(10, counter);
  return stringifyUuid(bytes);
}

/** Which of an app's ledgers. */
export interface LedgerRef {
  /** UTC day, `YYYY-MM-DD`. */
  day: string;
  /** A day has as many as its notifications need; 0 is the first. */
  slot: number;
}

export interface NotificationIdParts extends LedgerRef {
  /** Unix ms of the creation. */
  timeMs: number;
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
  return { timeMs, day: utcDay(timeMs), ...readPlace(bits, id) };
}

function readPlace(bits: number, id: string): { shard: number | null; slot: number } {
  const slot = Number.parseInt(id.slice(21, 23), 16);
  if (bits < HAS_SLOT) return { shard: bits, slot: 0 };
  if (bits < 2 * HAS_SLOT) return { shard: bits - HAS_SLOT, slot };
  return { shard: null, slot: bits === NO_SHARD ? slot : 0 };
}

/** The parts of what is known to be a notification's id. Throws where it is none. */
export function requireIdParts(id: string): NotificationIdParts {
  const parts = parseNotificationId(id);
  if (parts === null) throw new Error("What stands for a notification isn't its id");
  return parts;
}

/** What belongs to notifications, by the ledger that has these. */
export function groupByLedger<T>(items: readonly T[], idOf: (item: T) => string): [LedgerRef, T[]][] {
  const groups = new Map<string, [LedgerRef, T[]]>();
  for (const item of items) {
    const { day, slot } = requireIdParts(idOf(item));
    const group = groups.get(`${day}:${slot}`);
    if (group === undefined) groups.set(`${day}:${slot}`, [{ day, slot }, [item]]);
    else group[1].push(item);
  }
  return [...groups.values()];
}

/** Unix ms of a UUIDv7. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** The day that was asked for last: mostly the next is the same, and to write a date costs more than the rest. */
let lastDay = { number: Number.NaN, text: "" };

/** `YYYY-MM-DD` of a time in Unix ms, in UTC. */
export function utcDay(timeMs: number): string {
  const number = Math.floor(timeMs / DAY_MS);
  if (number !== lastDay.number) lastDay = { number, text: new Date(timeMs).toISOString().slice(0, 10) };
  return lastDay.text;
}

/** The smallest notification id of a millisecond: a bound for ranges by time. */
export function firstIdAt(timeMs: number): string {
  const hex = Math.max(0, Math.floor(timeMs)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
