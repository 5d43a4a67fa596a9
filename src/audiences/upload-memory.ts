import { OnecallError } from "../model/errors.ts";
import { MAX_AUDIENCE_BYTES, UPLOAD_PART_BYTES, WHOLE_UPLOAD_BYTES } from "../model/limits.ts";

/** Bytes of files on their way to R2, of all uploads of an isolate together. */
const RECEIVING_BYTES = 2 * WHOLE_UPLOAD_BYTES;
/** Bytes of audiences that are built: the largest, and small ones beside it. */
const BUILDING_BYTES = MAX_AUDIENCE_BYTES + 4 * 1024 * 1024;
/** How long an upload waits for memory, ms. */
const MAX_WAIT_MS = 20_000;
/** How often it looks, ms. It polls: a promise of another request may never resolve. */
const POLL_MS = 20;
/** An upload that waits longer than this isn't passed by smaller ones any more, ms. */
const PATIENCE_MS = 5000;
/** What wasn't heard of for this long, ms, is gone: a request that is cancelled runs no `finally`. */
const GONE_MS = 10_000;
/** How often a share says that its request still runs, ms. */
const HEARTBEAT_MS = 500;
/** The only upload of its app gives way to another app's after this long, ms: then its client is slow. */
const SLOW_AFTER_MS = 5000;

/** A part of an isolate's memory that one upload may use. */
export interface MemoryShare {
  /** Another app's upload took its place: this one must end. */
  readonly isRevoked: boolean;
  /** Waits until the share may be of so many bytes. */
  grow(bytes: number): Promise<void>;
  release(): void;
}

interface Holder {
  appId: string;
  bytes: number;
  since: number;
  seenAt: number;
  isRevoked: boolean;
}

/**
 * Bytes that the uploads of an isolate may hold together, and how many of them one app may. Who finds no room
 * waits, the app that holds least before those that hold more. With `canRevoke` an app that holds more than the
 * waiting one gives way.
 */
export class UploadMemory {
  readonly #bytes: number;
  readonly #appBytes: number;
  readonly #canRevoke: boolean;
  readonly #holders = new Set<Holder>();
  readonly #waiting = new Set<Holder>();

  constructor({ bytes, appBytes, canRevoke }: { bytes: number; appBytes: number; canRevoke: boolean }) {
    this.#bytes = bytes;
    this.#appBytes = appBytes;
    this.#canRevoke = canRevoke;
  }

  /** Throws a 503 where there is no room for too long. */
  async take(appId: string, bytes: number): Promise<MemoryShare> {
    const now = Date.now();
    const holder: Holder = { appId, bytes: 0, since: now, seenAt: now, isRevoked: false };
    await this.#waitFor(holder, bytes);
    this.#holders.add(holder);
    const heartbeat = setInterval(() => {
      holder.seenAt = Date.now();
    }, HEARTBEAT_MS);
    return {
      get isRevoked() {
        return holder.isRevoked;
      },
      grow: (larger) => this.#waitFor(holder, larger),
      release: () => {
        clearInterval(heartbeat);
        this.#holders.delete(holder);
      },
    };
  }

  async #waitFor(holder: Holder, bytes: number): Promise<void> {
    const wanted = Math.min(bytes, this.#appBytes) - holder.bytes;
    if (wanted <= 0) return;
    const waiter: Holder = { ...holder, bytes: wanted, since: Date.now(), seenAt: Date.now() };
    this.#waiting.add(waiter);
    try {
      while (!this.#mayGo(waiter)) {
        if (Date.now() - waiter.since > MAX_WAIT_MS) throw noRoom();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        waiter.seenAt = Date.now();
      }
      holder.bytes += wanted;
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  #mayGo(waiter: Holder): boolean {
    this.#forgetGone();
    if (this.#heldBy(waiter.appId) + waiter.bytes > this.#appBytes) return false;
    for (const other of this.#waiting) if (other !== waiter && this.#isBefore(other, waiter)) return false;
    while (!this.#fits(waiter)) if (!this.#canRevoke || !this.#revokeFor(waiter)) return false;
    return true;
  }

  #fits({ bytes }: Holder): boolean {
    return sumOf(this.#holders) + bytes <= this.#bytes;
  }

  /** True where the other's turn is first: its app holds less, or as much and it waits longer. */
  #isBefore(other: Holder, waiter: Holder): boolean {
    if (this.#heldBy(other.appId) + other.bytes > this.#appBytes) return false;
    if (!this.#fits(other) && Date.now() - other.since < PATIENCE_MS) return false;
    const difference = this.#heldBy(other.appId) - this.#heldBy(waiter.appId);
    return difference < 0 || (difference === 0 && other.since < waiter.since);
  }

  /** Ends an upload of the app that holds most, if that is more than the waiter's would. */
  #revokeFor(waiter: Holder): boolean {
    const held = Map.groupBy(this.#holders, ({ appId }) => appId);
    const [most] = [...held.values()].sort((a, b) => sumOf(b) - sumOf(a));
    if (most === undefined || most[0]?.appId === waiter.appId) return false;
    if (sumOf(most) < this.#heldBy(waiter.appId) + waiter.bytes) return false;
    const [oldest] = most.sort((a, b) => a.since - b.since);
    if (oldest === undefined) return false;
    if (most.length === 1 && Date.now() - oldest.since < SLOW_AFTER_MS) return false;
    oldest.isRevoked = true;
    this.#holders.delete(oldest);
    return true;
  }

  #heldBy(appId: string): number {
    return sumOf([...this.#holders].filter((holder) => holder.appId === appId));
  }

  #forgetGone(): void {
    const before = Date.now() - GONE_MS;
    for (const set of [this.#holders, this.#waiting]) {
      for (const entry of set) if (entry.seenAt < before) set.delete(entry);
    }
  }
}

function sumOf(holders: Iterable<Holder>): number {
  let sum = 0;
  for (const { bytes } of holders) sum += bytes;
  return sum;
}

function noRoom(): OnecallError {
  return new OnecallError(
    "ERR_UNAVAILABLE",
    "Other uploads are being read. Repeat this one in a few seconds.",
    {
      headers: { "retry-after": "5" },
    },
  );
}

/** What a form of so many bytes may hold while it arrives. */
export function receivingBytes(length: number): number {
  return length <= WHOLE_UPLOAD_BYTES ? length : UPLOAD_PART_BYTES;
}

/** Of files that arrive: each holds what isn't in R2 yet. Clients set their pace, so they can be ended. */
export const receivingMemory = new UploadMemory({
  bytes: RECEIVING_BYTES,
  // An app alone may not take all: a part of another app's file must fit beside its own.
  appBytes: RECEIVING_BYTES - UPLOAD_PART_BYTES,
  canRevoke: true,
});
/** Of audiences that are built from files that are there whole: no client is waited for. */
export const buildingMemory = new UploadMemory({
  bytes: BUILDING_BYTES,
  appBytes: BUILDING_BYTES,
  canRevoke: false,
});
