import { freeBytes } from "./byte-pieces.ts";
import { ShardLines } from "./shard-lines.ts";

/** Slots are cut from blocks. The first is small, as most audiences are. */
const FIRST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 256 * 1024;
const MAX_SLOT_BYTES = 4 * 1024;
/** What the shards' last slots may leave unused, together. */
const UNUSED_BYTES = 1024 * 1024;

/**
 * Rows by shard, in each in the order they came in: what is written together lies together. To gather rows of a hundred
 * bytes from all over ten megabytes takes longer than to read them as a CSV. The memory is that of the rows' bytes, and
 * of a slot for each shard. Pure.
 */
export class RowLog {
  readonly #slotBytes: number;
  readonly #shards: (ShardLines | undefined)[];
  readonly #blocks: Uint8Array[] = [];
  /** Of the last block, the bytes that are slots already. */
  #taken = 0;
  #heldBytes = 0;
  /** By a row's number: its shard, and which of that one's lines it is. */
  readonly #shardOf: number[] = [];
  readonly #lineOf: number[] = [];

  constructor(shardCount: number) {
    this.#slotBytes = Math.min(MAX_SLOT_BYTES, Math.floor(UNUSED_BYTES / shardCount));
    this.#shards = Array.from({ length: shardCount });
  }

  /** Bytes of the blocks. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How many were added. */
  get rows(): number {
    return this.#shardOf.length;
  }

  /** The shards that have rows which count, in their order. */
  listShards(): [shard: number, lines: ShardLines][] {
    return this.#shards.flatMap((lines, shard): [number, ShardLines][] =>
      lines === undefined || lines.count === 0 ? [] : [[shard, lines]],
    );
  }

  /** Copies the bytes. Rows are numbered from 0 on. `isFull`: the row has a text in every column. */
  add(shard: number, bytes: Uint8Array, isFull: boolean): void {
    this.#shardOf.push(shard);
    this.#lineOf.push(this.#linesOf(shard).add(bytes, isFull));
  }

  /** The row counts no more. */
  drop(row: number): void {
    this.#linesOf(this.#shardOf[row] ?? 0).drop(this.#lineOf[row] ?? 0);
  }

  /** True where a row has the same bytes between two offsets. */
  hasBytes(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#linesOf(this.#shardOf[row] ?? 0).hasBytes(this.#lineOf[row] ?? 0, bytes, from, to);
  }

  /** Lets go of the rows: they can't be read after. */
  release(): void {
    for (const block of this.#blocks) freeBytes(block);
    this.#blocks.length = 0;
  }

  #linesOf(shard: number): ShardLines {
    const known = this.#shards[shard];
    if (known !== undefined) return known;
    const lines = new ShardLines(this.#slotBytes, () => this.#takeSlot());
    this.#shards[shard] = lines;
    return lines;
  }

  #takeSlot(): Uint8Array {
    let block = this.#blocks.at(-1);
    if (block === undefined || this.#taken + this.#slotBytes > block.length) {
      block = new Uint8Array(block === undefined ? FIRST_BLOCK_BYTES : BLOCK_BYTES);
      this.#blocks.push(block);
      this.#heldBytes += block.length;
      this.#taken = 0;
    }
    const slot = block.subarray(this.#taken, this.#taken + this.#slotBytes);
    this.#taken += this.#slotBytes;
    return slot;
  }
}
