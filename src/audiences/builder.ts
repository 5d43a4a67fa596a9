import type { Chunk, ShardRun } from "../model/chunks.ts";
import { CHUNK_BYTES, CHUNK_ROWS } from "../model/limits.ts";
import { placeUser, type UserPlacement } from "../model/user-hash.ts";
import { RowLog } from "./row-log.ts";
import { UserRows } from "./user-rows.ts";

const encoder = new TextEncoder();
const NEWLINE = "\n".charCodeAt(0);
/** In place of a row's shard: another row of its user counts. */
const DROPPED = -1;

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
 * Groups rows by user shard and cuts them into chunks, so that a chunk touches one shard or a few and every
 * row is in exactly one chunk. Rows lie in one log in the order they came in, whatever their shards: the memory
 * is that of the rows' bytes. Pure.
 */
export class AudienceBuilder {
  readonly #placement: UserPlacement;
  readonly #rule: DuplicateRule;
  readonly #log = new RowLog();
  /** The shard of each row, by the row's number. */
  readonly #shards: number[] = [];
  /** Whether each row has a text in every column. */
  readonly #isFull: boolean[] = [];
  /** The row of each user that counts so far. */
  readonly #users = new UserRows(this.#log);
  #duplicates = 0;

  constructor(placement: UserPlacement, rule: DuplicateRule) {
    this.#placement = placement;
    this.#rule = rule;
  }

  /** Bytes that the rows so far are held in. */
  get heldBytes(): number {
    return this.#log.heldBytes;
  }

  /**
   * `json`: the row, `["user-1","Bob",…]`, as text or as its UTF-8 bytes, which are copied. `isFull`: it has a text in
   * every column.
   */
  add(userId: string, json: string | Uint8Array, isFull: boolean): void {
    const bytes = typeof json === "string" ? encoder.encode(json) : json;
    const row = this.#shards.length;
    const { shard, hash } = placeUser(userId, this.#placement);
    const earlier = this.#users.put(bytes, hash, row, this.#rule === "last");
    if (earlier !== null) {
      this.#duplicates++;
      if (this.#rule === "first") return;
      this.#shards[earlier] = DROPPED;
    }
    this.#shards.push(shard);
    this.#isFull.push(isFull);
    this.#log.add(bytes);
  }

  /** The chunks lie one behind the other and have every row that counts. */
  finish(): BuiltAudience {
    const expected = new Map<number, number>();
    const rows = this.#orderByShard();
    for (const row of rows) {
      const shard = this.#shards[row] ?? 0;
      expected.set(shard, (expected.get(shard) ?? 0) + 1);
    }
    const cutter = new ChunkCutter(expected);
    for (const row of rows) {
      cutter.add(this.#shards[row] ?? 0, this.#log.lengthOf(row), this.#isFull[row] === true);
    }
    const chunks = cutter.finish();
    return {
      texts: { [Symbol.iterator]: () => listTexts(this.#log, rows, chunks) },
      chunks,
      expected,
      total: rows.length,
      duplicates: this.#duplicates,
    };
  }

  /** Gives the rows' memory back: an audience's texts can't be read after. */
  release(): void {
    this.#log.release();
  }

  /** The rows that count, shard by shard, in each in the order they came in. */
  #orderByShard(): Uint32Array {
    const { shardCount } = this.#placement;
    const starts = new Uint32Array(shardCount + 1);
    for (const shard of this.#shards) if (shard !== DROPPED) starts[shard + 1] = (starts[shard + 1] ?? 0) + 1;
    for (let shard = 0; shard < shardCount; shard++) {
      starts[shard + 1] = (starts[shard + 1] ?? 0) + (starts[shard] ?? 0);
    }
    const rows = new Uint32Array(starts[shardCount] ?? 0);
    for (const [row, shard] of this.#shards.entries()) {
      if (shard === DROPPED) continue;
      const place = starts[shard] ?? 0;
      rows[place] = row;
      starts[shard] = place + 1;
    }
    return rows;
  }
}

/** The rows of each chunk, a line each. */
function* listTexts(log: RowLog, rows: Uint32Array, chunks: readonly Chunk[]): Generator<Uint8Array> {
  const text = new Uint8Array(Math.max(0, ...chunks.map(({ length }) => length)));
  let next = 0;
  for (const { length } of chunks) {
    for (let filled = 0; filled < length; filled++) {
      filled = log.copyTo(rows[next++] ?? 0, text, filled);
      text[filled] = NEWLINE;
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
  readonly #rowsOfShard: ReadonlyMap<number, number>;
  /** Rows of the chunk at most. */
  #most = CHUNK_ROWS;
  #rows = 0;
  #bytes = 0;
  /** Infinite from a row on that isn't full. */
  #longestFullRow = 0;
  #runs: ShardRun[] = [];
  #offset = 0;

  constructor(rowsOfShard: ReadonlyMap<number, number>) {
    this.#rowsOfShard = rowsOfShard;
  }

  /** `bytes`: the row's length; the end of its line belongs to each. */
  add(shard: number, bytes: number, isFull: boolean): void {
    if (this.#runs.at(-1)?.shard !== shard) this.#makeRoomFor(this.#rowsOfShard.get(shard) ?? 0);
    if (this.#rows >= this.#most || this.#bytes + bytes + 1 > CHUNK_BYTES) this.#cut();
    this.#rows++;
    this.#bytes += bytes + 1;
    this.#longestFullRow = isFull ? Math.max(this.#longestFullRow, bytes) : Number.POSITIVE_INFINITY;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === shard) run.rows++;
    else this.#runs.push({ shard, rows: 1 });
  }

  finish(): Chunk[] {
    this.#cut();
    return this.#chunks;
  }

  /** Called before a shard's rows are added: closes the chunk where they wouldn't fit into it. */
  #makeRoomFor(rows: number): void {
    if (this.#rows + rows > CHUNK_ROWS) this.#cut();
    this.#most = this.#rows > 0 ? CHUNK_ROWS : Math.ceil(rows / Math.ceil(rows / CHUNK_ROWS));
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
