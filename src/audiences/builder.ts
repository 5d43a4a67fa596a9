import type { Chunk, ShardRun } from "../model/chunks.ts";
import { CHUNK_BYTES, CHUNK_ROWS } from "../model/limits.ts";
import { placeUser, placeUserBytes, type UserPlacement } from "../model/user-hash.ts";
import { RowLog } from "./row-log.ts";
import type { ShardLines } from "./shard-lines.ts";
import { endOfId, START_OF_ID, UserRows } from "./user-rows.ts";

const encoder = new TextEncoder();

/** An audience ready to be written. */
export interface BuiltAudience {
  /** The text of each chunk, so that it is never held twice. Each is valid until the next is asked for. */
  texts: Iterable<Uint8Array>;
  chunks: Chunk[];
  /** Targets per shard; a shard without targets isn't there. */
  expected: Map<number, number>;
  total: number;
  duplicates: number;
}

/** Which row of a user who is named several times counts. */
export type DuplicateRule = "first" | "last";

/**
 * Groups rows by user shard and cuts them into chunks, so that a chunk touches one shard or a few and every row is in
 * exactly one chunk. Pure.
 */
export class AudienceBuilder {
  readonly #placement: UserPlacement;
  readonly #rule: DuplicateRule;
  readonly #log: RowLog;
  /** The row of each user that counts so far. */
  readonly #users: UserRows;
  #duplicates = 0;

  constructor(placement: UserPlacement, rule: DuplicateRule) {
    this.#placement = placement;
    this.#rule = rule;
    this.#log = new RowLog(placement.shardCount);
    this.#users = new UserRows(this.#log);
  }

  /** Bytes that the rows so far are held in. */
  get heldBytes(): number {
    return this.#log.heldBytes;
  }

  /**
   * `json`: the row, `["user-1","Bob",…]`, as text or as its UTF-8 bytes, which are copied. `userId` null: the id is
   * what stands there, byte for byte. `isFull`: the row has a text in every column.
   */
  add(userId: string | null, json: string | Uint8Array, isFull: boolean): void {
    const bytes = typeof json === "string" ? encoder.encode(json) : json;
    const { shard, hash } =
      userId === null
        ? placeUserBytes(bytes, START_OF_ID, endOfId(bytes), this.#placement)
        : placeUser(userId, this.#placement);
    const earlier = this.#users.put(bytes, hash, this.#log.rows, this.#rule === "last");
    if (earlier !== null) {
      this.#duplicates++;
      if (this.#rule === "first") return;
      this.#log.drop(earlier);
    }
    this.#log.add(shard, bytes, isFull);
  }

  /** The chunks lie one behind the other and have every row that counts. */
  finish(): BuiltAudience {
    const shards = this.#log.listShards();
    const cutter = new ChunkCutter();
    let total = 0;
    for (const [shard, lines] of shards) {
      cutter.begin(shard, lines.count);
      lines.eachLine((length, isFull) => cutter.add(length, isFull));
      total += lines.count;
    }
    const chunks = cutter.finish();
    const linesOf = new Map(shards);
    return {
      texts: { [Symbol.iterator]: () => listTexts(linesOf, chunks) },
      chunks,
      expected: new Map(shards.map(([shard, { count }]) => [shard, count])),
      total,
      duplicates: this.#duplicates,
    };
  }

  /** Gives the rows' memory back: an audience's texts can't be read after. */
  release(): void {
    this.#log.release();
  }
}

/** The rows of each chunk, a line each. Each shard's go on where the last chunk ended. */
function* listTexts(
  linesOf: ReadonlyMap<number, ShardLines>,
  chunks: readonly Chunk[],
): Generator<Uint8Array> {
  const text = new Uint8Array(Math.max(0, ...chunks.map(({ length }) => length)));
  const next = new Map<number, number>();
  for (const { runs, length } of chunks) {
    let filled = 0;
    for (const { shard, rows } of runs) {
      const first = next.get(shard) ?? 0;
      const lines = linesOf.get(shard);
      if (lines === undefined) throw new Error("A chunk's shard has no rows");
      const end = lines.endOf(first, rows);
      filled = lines.copyTo(first, end, text, filled);
      next.set(shard, end);
    }
    yield text.subarray(0, length);
  }
}

/**
 * Cuts rows into chunks by their number and bytes. A shard's rows stay in one chunk where they fit, and else go into
 * few of the same size: each part of a shard costs it a call and a transaction.
 */
class ChunkCutter {
  readonly #chunks: Chunk[] = [];
  #shard = 0;
  /** Rows of the chunk at most. */
  #most = CHUNK_ROWS;
  #rows = 0;
  #bytes = 0;
  /** Infinite from a row on that isn't full. */
  #longestFullRow = 0;
  #runs: ShardRun[] = [];
  #offset = 0;

  /** The rows that follow, so many, are this shard's: closes the chunk where they wouldn't fit into it. */
  begin(shard: number, rows: number): void {
    this.#shard = shard;
    if (this.#rows + rows > CHUNK_ROWS) this.#cut();
    this.#most = this.#rows > 0 ? CHUNK_ROWS : Math.ceil(rows / Math.ceil(rows / CHUNK_ROWS));
  }

  /** `bytes`: the row's length; the end of its line belongs to each. */
  add(bytes: number, isFull: boolean): void {
    if (this.#rows >= this.#most || this.#bytes + bytes + 1 > CHUNK_BYTES) this.#cut();
    this.#rows++;
    this.#bytes += bytes + 1;
    this.#longestFullRow = isFull ? Math.max(this.#longestFullRow, bytes) : Number.POSITIVE_INFINITY;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === this.#shard) run.rows++;
    else this.#runs.push({ shard: this.#shard, rows: 1 });
  }

  finish(): Chunk[] {
    this.#cut();
    return this.#chunks;
  }

  #cut(): void {
    if (this.#rows === 0) return;
    const length = this.#bytes;
    const longest = this.#longestFullRow;
    const longestFullRow = longest === Number.POSITIVE_INFINITY ? undefined : longest;
    this.#chunks.push({ offset: this.#offset, length, runs: this.#runs, longestFullRow });
    this.#offset += length;
    this.#rows = 0;
    this.#bytes = 0;
    this.#longestFullRow = 0;
    this.#runs = [];
  }
}
