import { SLOTS_GROW_PAUSE_MS } from "../../model/limits.ts";

/** Reports and accepted notifications a minute beyond which a ledger asks for more slots. */
const LEDGER_BUSY_PER_MINUTE = 12_000;
/** The share of its room beyond which it does. */
const LEDGER_BIG_SHARE = 0.1;

const MINUTE_MS = 60_000;

/** Whether a ledger has so much to do, or so much in it, that new notifications should be spread among more. */
export class LedgerLoad {
  #minuteStart = 0;
  #inMinute = 0;
  #askedAt = 0;
  /** The size, in shares of the room, from which it asks. */
  #nextShare = LEDGER_BIG_SHARE;

  /** Takes `count` reports or plans; true where the registry should be asked now. `filled`: 0 to 1. */
  note(count: number, filled: number, now: number): boolean {
    if (now - this.#minuteStart >= MINUTE_MS) {
      this.#minuteStart = now;
      this.#inMinute = 0;
    }
    this.#inMinute += count;
    const isBig = filled >= this.#nextShare;
    if (!isBig && this.#inMinute < LEDGER_BUSY_PER_MINUTE) return false;
    if (now - this.#askedAt < SLOTS_GROW_PAUSE_MS) return false;
    this.#askedAt = now;
    if (isBig) this.#nextShare = filled * 2;
    return true;
  }
}
