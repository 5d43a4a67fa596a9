import { CHUNK_BYTES, CHUNK_ROWS } from "../limits.ts";
import { shardOfUser } from "../users/hash.ts";
import type { Chunk, ShardRun } from "./partition.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const COMMA = ",".charCodeAt(0);
const OPEN = new Uint8Array(["[".charCodeAt(0)]);
const SEPARATOR = new Uint8Array([COMMA]);
const CLOSE = new Uint8Array(["]".charCodeAt(0)]);

/** An audience ready to be written: its bytes in pieces, so that they are never held twice. */
export interface BuiltAudience {
  pieces: Uint8Array[];
  /** Bytes of all pieces. */
  length: number;
  chunks: Chunk[];
  /** Targets per shard; a shard without targets isn't there. */
  expected: Map<number, number>;
  total: number;
  duplicates: number;
}

/** The pieces as one. */
export function joinPieces({ pieces, length }: Pick<BuiltAudience, "pieces" | "length">): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Which row of a user who is named several times counts. */
export type DuplicateRule = "first" | "last";

/**
 * Groups rows by user shard and cuts them into chunks, so that a chunk touches one shard or a few and every
 * row is in exactly one chunk. Rows go straight into one growing buffer per shard: the memory is that of the
 * rows' bytes. Pure.
 */
export class AudienceBuilder {
  readonly #shardCount: number;
  readonly #rule: DuplicateRule;
  readonly #shards = new Map<number, ShardRows>();
  /** Where the row of each user is that counts so far. */
  readonly #places = new Map<string, number>();
  #duplicates = 0;

  constructor(shardCount: number, rule: DuplicateRule) {
    this.#shardCount = shardCount;
    this.#rule = rule;
  }

  /** `json`: the row as text, `["user-1","Bob",…]`. */
  add(userId: string, json: string): void {
    const earlier = this.#places.get(userId);
    if (earlier !== undefined) {
      this.#duplicates++;
      if (this.#rule === "first") return;
    }
    const shard = shardOfUser(userId, this.#shardCount);
    let rows = this.#shards.get(shard);
    if (rows === undefined) {
      rows = new ShardRows();
      this.#shards.set(shard, rows);
    }
    if (earlier !== undefined) rows.drop(earlier);
    this.#places.set(earlier === undefined ? copyText(userId) : userId, rows.add(json));
  }

  /** The chunks lie one behind the other and cover the pieces whole. */
  finish(): BuiltAudience {
    const writer = new ChunkWriter();
    const expected = new Map<number, number>();
    for (const [shard, rows] of [...this.#shards].sort(([a], [b]) => a - b)) {
      expected.set(shard, rows.count);
      for (const row of rows.list()) writer.add(shard, row);
    }
    return { ...writer.finish(), expected, total: this.#places.size, duplicates: this.#duplicates };
  }
}

// A cut piece of a text keeps the whole text alive; what the map holds must be a text of its own.
function copyText(text: string): string {
  return decoder.decode(encoder.encode(text));
}

/** One shard's rows in one buffer. */
class ShardRows {
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** Where each row ends. */
  readonly #ends: number[] = [];
  readonly #dropped = new Set<number>();

  get count(): number {
    return this.#ends.length - this.#dropped.size;
  }

  /** Returns the row's number in this shard. */
  add(json: string): number {
    this.#reserve(json.length * 3);
    this.#length += encoder.encodeInto(json, this.#bytes.subarray(this.#length)).written;
    return this.#ends.push(this.#length) - 1;
  }

  drop(row: number): void {
    this.#dropped.add(row);
  }

  *list(): Generator<Uint8Array> {
    let start = 0;
    for (const [row, end] of this.#ends.entries()) {
      if (!this.#dropped.has(row)) yield this.#bytes.subarray(start, end);
      start = end;
    }
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    // By half, not double: at the size limit the slack of all shards together counts.
    const grown = new Uint8Array(Math.max(Math.ceil(this.#bytes.length * 1.5), this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Joins rows to chunks: `[row,row,…]` each. */
class ChunkWriter {
  readonly #pieces: Uint8Array[] = [];
  readonly #chunks: Chunk[] = [];
  #rows: Uint8Array[] = [];
  #rowBytes = 0;
  #runs: ShardRun[] = [];
  #offset = 0;

  add(shard: number, row: Uint8Array): void {
    if (this.#rows.length >= CHUNK_ROWS || this.#rowBytes + row.length > CHUNK_BYTES) this.#cut();
    this.#rows.push(row);
    this.#rowBytes += row.length + 1;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === shard) run.rows++;
    else this.#runs.push({ shard, rows: 1 });
  }

  finish(): { pieces: Uint8Array[]; length: number; chunks: Chunk[] } {
    this.#cut();
    return { pieces: this.#pieces, length: this.#offset, chunks: this.#chunks };
  }

  #cut(): void {
    if (this.#rows.length === 0) return;
    for (const [index, row] of this.#rows.entries()) this.#pieces.push(index === 0 ? OPEN : SEPARATOR, row);
    this.#pieces.push(CLOSE);
    // A bracket before, one after, and a comma between the rows.
    const length = this.#rowBytes + 1;
    this.#chunks.push({ offset: this.#offset, length, runs: this.#runs });
    this.#offset += length;
    this.#rows = [];
    this.#rowBytes = 0;
    this.#runs = [];
  }
}
