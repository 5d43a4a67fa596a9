import { OnecallError } from "../model/errors.ts";

/** How long a call waits for its turn, ms. */
const MAX_WAIT_MS = 15_000;
/** How often it looks, ms. */
const POLL_MS = 20;
/** Who hasn't looked for this long, ms, has lost its client: a cancelled request runs no `finally`. */
const LOST_MS = 5_000;
/** A body may arrive for as long, ms, before it must make way for another call that waits. */
const READ_TURN_MS = 5_000;
/** So may the work on it, ms: more than any takes, so what takes longer was cancelled. */
const WORK_TURN_MS = 30_000;

interface Waiter {
  appId: string;
  since: number;
  seenAt: number;
}

let holder: LargeBodyTurn | null = null;
let waiters: Waiter[] = [];
/** When an app's last turn began: who had one goes behind who had none. */
const lastTurns = new Map<string, number>();
const MAX_LAST_TURNS = 1000;

/**
 * The right to read a large body and to work on it: one at a time in an isolate, which has 128 MB for all of
 * its calls. Nobody keeps it by being slow: a body that is still arriving makes way after five seconds, if
 * another call waits, and an app that had its turn goes behind those that hadn't.
 */
export class LargeBodyTurn {
  #buffer = new Uint8Array();
  #length = 0;
  #since: number;
  #isReading = true;

  private constructor(now: number) {
    this.#since = now;
  }

  /**
   * Waits for a turn, throws a 503 where that takes too long. It polls: a promise of another request may never
   * resolve. With `isWaiting` false it doesn't wait: what the call holds already is too much to wait with.
   */
  static async take(appId: string, isWaiting: boolean): Promise<LargeBodyTurn> {
    const waiter: Waiter = { appId, since: Date.now(), seenAt: Date.now() };
    waiters.push(waiter);
    try {
      while (!isNext(waiter)) {
        if (!isWaiting || Date.now() - waiter.since > MAX_WAIT_MS) throw isBusy();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        waiter.seenAt = Date.now();
      }
      if (holder !== null) holder.#lose();
      holder = new LargeBodyTurn(Date.now());
      rememberTurn(appId);
      return holder;
    } finally {
      waiters = waiters.filter((other) => other !== waiter);
    }
  }

  /** Room for as many bytes as are announced. */
  reserve(length: number): void {
    this.#buffer = new Uint8Array(length);
  }

  /** Keeps a piece of the body. Throws where another call has the turn by now: then nothing is kept. */
  keep(piece: Uint8Array): void {
    if (holder !== this) throw isBusy();
    const end = this.#length + piece.length;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = end;
  }

  /** The body has arrived: its bytes, which the turn keeps no longer. */
  startWork(): Uint8Array {
    if (holder !== this) throw isBusy();
    this.#isReading = false;
    this.#since = Date.now();
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#lose();
    return bytes;
  }

  release(): void {
    this.#lose();
    if (holder === this) holder = null;
  }

  isOver(now: number): boolean {
    return now - this.#since > (this.#isReading ? READ_TURN_MS : WORK_TURN_MS);
  }

  // Its request may be stalled for long: what it has read is let go of here.
  #lose(): void {
    this.#buffer = new Uint8Array();
    this.#length = 0;
  }
}

function isNext(waiter: Waiter): boolean {
  const now = Date.now();
  waiters = waiters.filter(({ seenAt }) => now - seenAt <= LOST_MS);
  if (holder !== null && !holder.isOver(now)) return false;
  const order = ({ appId, since }: Waiter) => [lastTurns.get(appId) ?? 0, since] as const;
  const [turn, since] = order(waiter);
  return !waiters.some((other) => {
    if (other === waiter) return false;
    const [otherTurn, otherSince] = order(other);
    return otherTurn < turn || (otherTurn === turn && otherSince < since);
  });
}

function rememberTurn(appId: string): void {
  lastTurns.delete(appId);
  lastTurns.set(appId, Date.now());
  const [oldest] = lastTurns.keys();
  if (lastTurns.size > MAX_LAST_TURNS && oldest !== undefined) lastTurns.delete(oldest);
}

function isBusy(): OnecallError {
  return new OnecallError(
    "ERR_UNAVAILABLE",
    "Another large body is being read. Repeat the call in a few seconds with the same Idempotency-Key.",
    { headers: { "retry-after": "2" } },
  );
}
