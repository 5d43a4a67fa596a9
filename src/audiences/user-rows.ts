import type { RowLog } from "./row-log.ts";

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
/** Where the id of `["user-1",…` begins. */
export const START_OF_ID = 2;
const FIRST_SLOTS = 1024;
const EMPTY = -1;

/**
 * Which row of a log is a user's: a hash table over the ids as they stand at the rows' beginnings. A map of
 * texts would hold every id a second time. Pure.
 */
export class UserRows {
  readonly #log: RowLog;
  /** Row numbers. */
  #slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);
  /** The hash of each noted row's user id, by the row's number. */
  readonly #hashes: number[] = [];
  #users = 0;

  constructor(log: RowLog) {
    this.#log = log;
  }

  /**
   * Notes that the user whose id `json` begins with has this row, which goes into the log next; returns the row
   * that there is already, or null. Without `replaces` that one stays. `hash`: of the id, keyed, so that no file can
   * make ids meet.
   */
  put(json: Uint8Array, hash: number, row: number, replaces: boolean): number | null {
    const slot = this.#findSlot(hash, json);
    const earlier = this.#slots[slot] ?? EMPTY;
    if (earlier !== EMPTY && !replaces) return earlier;
    this.#hashes[row] = hash;
    this.#slots[slot] = row;
    if (earlier !== EMPTY) return earlier;
    // Half full at most, so that a search is short.
    if (++this.#users * 2 > this.#slots.length) this.#grow();
    return null;
  }

  /** The slot of the row of the id that `json` begins with, or the empty one where it would be. */
  #findSlot(hash: number, json: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let row = this.#slots[slot] ?? EMPTY; row !== EMPTY; row = this.#slots[slot] ?? EMPTY) {
      if (this.#hashes[row] === hash && this.#log.hasBytes(row, json, START_OF_ID - 1, endOfId(json) + 1))
        break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const rows = this.#slots.filter((row) => row !== EMPTY);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = this.#slots.length - 1;
    for (const row of rows) {
      let slot = (this.#hashes[row] ?? 0) & mask;
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      this.#slots[slot] = row;
    }
  }
}

/** Where the id of `["user-1",…` ends, as it is written there. */
export function endOfId(json: Uint8Array): number {
  let index = START_OF_ID;
  while (index < json.length && json[index] !== QUOTE) index += json[index] === BACKSLASH ? 2 : 1;
  return index;
}
