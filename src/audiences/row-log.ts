import { freeBytes } from "./byte-pieces.ts";

/** The first block is small: most audiences are. */
const FIRST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 256 * 1024;

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
    block.set(bytes, this.#filled);
    this.#blockOf.push(this.#blocks.length - 1);
    this.#starts.push(this.#filled);
    this.#filled += bytes.length;
    this.#ends.push(this.#filled);
  }

  /** True where a row has these bytes from `offset` on. */
  hasBytes(row: number, offset: number, bytes: Uint8Array): boolean {
    const block = this.#blocks[this.#blockOf[row] ?? 0] ?? new Uint8Array();
    const start = (this.#starts[row] ?? 0) + offset;
    for (let index = 0; index < bytes.length; index++) {
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

  bytesOf(row: number): Uint8Array {
    const block = this.#blocks[this.#blockOf[row] ?? 0] ?? new Uint8Array();
    return block.subarray(this.#starts[row], this.#ends[row]);
  }
}
