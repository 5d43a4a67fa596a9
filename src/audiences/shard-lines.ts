const NEWLINE = "\n".charCodeAt(0);

/** A shard's rows as they are written in the end: a line each, one behind the other through slots of one size. Pure. */
export class ShardLines {
  readonly #slotBytes: number;
  readonly #takeSlot: () => Uint8Array;
  readonly #slots: Uint8Array[] = [];
  #bytes = 0;
  /** Where each line ends, in bytes from the first one's beginning. */
  readonly #ends: number[] = [];
  readonly #isFull: boolean[] = [];
  /** Lines that count no more. */
  readonly #dropped = new Set<number>();

  /** @param takeSlot gives a piece of memory of `slotBytes` */
  constructor(slotBytes: number, takeSlot: () => Uint8Array) {
    this.#slotBytes = slotBytes;
    this.#takeSlot = takeSlot;
  }

  /** Lines that count. */
  get count(): number {
    return this.#ends.length - this.#dropped.size;
  }

  /** Copies the bytes, and returns the number of their line. */
  add(bytes: Uint8Array, isFull: boolean): number {
    this.#append(bytes);
    const line = this.#ends.length;
    this.#ends.push(this.#bytes);
    this.#isFull.push(isFull);
    return line;
  }

  drop(line: number): void {
    this.#dropped.add(line);
  }

  /** True where a line has the same bytes between two offsets. */
  hasBytes(line: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#startOf(line);
    for (let index = from; index < to; index++) {
      const at = start + index;
      if (this.#slots[Math.floor(at / this.#slotBytes)]?.[at % this.#slotBytes] !== bytes[index])
        return false;
    }
    return true;
  }

  /** Calls back for each line that counts, with its bytes without the line's end. */
  eachLine(onLine: (length: number, isFull: boolean) => void): void {
    let start = 0;
    for (let line = 0; line < this.#ends.length; line++) {
      const end = this.#ends[line] ?? start;
      if (!this.#dropped.has(line)) onLine(end - start - 1, this.#isFull[line] === true);
      start = end;
    }
  }

  /** The line behind so many that count, from `first` on. */
  endOf(first: number, count: number): number {
    if (this.#dropped.size === 0) return first + count;
    let line = first;
    for (let left = count; left > 0; line++) if (!this.#dropped.has(line)) left--;
    return line;
  }

  /** Writes what counts of the lines between two to `target` from `offset` on; returns where they end there. */
  copyTo(first: number, end: number, target: Uint8Array, offset: number): number {
    if (this.#dropped.size === 0) return this.#copyBytes(first, end, target, offset);
    let filled = offset;
    for (let line = first; line < end; line++) {
      if (!this.#dropped.has(line)) filled = this.#copyBytes(line, line + 1, target, filled);
    }
    return filled;
  }

  #startOf(line: number): number {
    return line === 0 ? 0 : (this.#ends[line - 1] ?? 0);
  }

  #append(bytes: Uint8Array): void {
    const at = this.#bytes % this.#slotBytes;
    const slot = this.#slots.at(-1);
    if (slot === undefined || at === 0 || at + bytes.length >= this.#slotBytes) {
      this.#appendOver(bytes);
      return;
    }
    // Mostly a row has room where the last one ended; so few bytes a loop copies faster than `set`.
    for (let index = 0; index < bytes.length; index++) slot[at + index] = bytes[index] ?? 0;
    slot[at + bytes.length] = NEWLINE;
    this.#bytes += bytes.length + 1;
  }

  /** A line that needs another slot. */
  #appendOver(bytes: Uint8Array): void {
    for (let index = 0; index <= bytes.length; index++) {
      const at = this.#bytes % this.#slotBytes;
      if (at === 0) this.#slots.push(this.#takeSlot());
      const slot = this.#slots.at(-1);
      if (slot !== undefined) slot[at] = bytes[index] ?? NEWLINE;
      this.#bytes++;
    }
  }

  #copyBytes(first: number, end: number, target: Uint8Array, offset: number): number {
    const last = this.#startOf(end);
    let filled = offset;
    for (let at = this.#startOf(first); at < last; ) {
      const start = at % this.#slotBytes;
      const stop = Math.min(this.#slotBytes, start + last - at);
      const slot = this.#slots[Math.floor(at / this.#slotBytes)];
      if (slot !== undefined) target.set(slot.subarray(start, stop), filled);
      filled += stop - start;
      at += stop - start;
    }
    return filled;
  }
}
