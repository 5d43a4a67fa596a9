import { freeBytes } from "./byte-pieces.ts";

/** The first block is small: most audiences are. */
const FIRST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 256 * 1024;
/** Up to so many bytes a loop copies faster than `set`, which needs a view of them. */
const SHORT_BYTES = 256;

/** Rows of bytes one behind the other in blocks: what isn't used is less than a block. Pure. */
export class RowLog {
  readonly #blocks: Uint8Array[] = [];
  /** By a row's number: its block, and where in the block the row begins and ends. */
  readonly #blockOf: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #filled = 0;
  #heldBytes = 0;

  /** Bytes of the blocks. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Copies the bytes. */
  add(bytes: Uint8Array): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || this.#filled + bytes.length > block.length) {
      const size = block === undefined ? FIRST_BLOCK_BYTES : BLOCK_BYTES;
      block = new Uint8Array(Math.max(size, bytes.length));
      this.#blocks.push(block);
      this.#heldBytes += block.length;
      this.#filled = 0;
    }
    copyBytes(bytes, 0, bytes.length, block, this.#filled);
    this.#blockOf.push(this.#blocks.length - 1);
    this.#starts.push(this.#filled);
    this.#filled += bytes.length;
    this.#ends.push(this.#filled);
  }

  /** True where a row has the same bytes between two offsets. */
  hasBytes(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    const block = this.#blocks[this.#blockOf[row] ?? 0] ?? new Uint8Array();
    const start = this.#starts[row] ?? 0;
    for (let index = from; index < to; index++) {
      if (block[start + index] !== bytes[index]) return false;
    }
    return true;
  }

  /** Lets go of the rows: they can't be read after. */
  release(): void {
    for (const block of this.#blocks) freeBytes(block);
    this.#blocks.length = 0;
  }

  lengthOf(row: number): number {
    return (this.#ends[row] ?? 0) - (this.#starts[row] ?? 0);
  }

  /** Writes a row's bytes to `target` from `offset` on; returns where they end there. */
  copyTo(row: number, target: Uint8Array, offset: number): number {
    const block = this.#blocks[this.#blockOf[row] ?? 0] ?? new Uint8Array();
    const start = this.#starts[row] ?? 0;
    const end = this.#ends[row] ?? 0;
    copyBytes(block, start, end, target, offset);
    return offset + end - start;
  }
}

function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, offset: number): void {
  if (end - start > SHORT_BYTES) to.set(from.subarray(start, end), offset);
  else for (let index = start, at = offset; index < end; index++, at++) to[at] = from[index] ?? 0;
}
