import { CHUNK_BYTES, CHUNK_ROWS } from "../limits.ts";
import { shardOfUser, type UserPlacement } from "../users/hash.ts";
import type { Chunk, ShardRun } from "./partition.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const COMMA = ",".charCodeAt(0);
const OPEN = new Uint8Array(["[".charCodeAt(0)]);
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
  readonly #placement: UserPlacement;
  readonly #rule: DuplicateRule;
  readonly #shards = new Map<number, ShardRows>();
  /** Where the row of each user is that counts so far. */
  readonly #places = new Map<string, number>();
  #duplicates = 0;

  constructor(placement: UserPlacement, rule: DuplicateRule) {
    this.#placement = placement;
    this.#rule = rule;
  }

  /** `json`: the row as text, `["user-1","Bob",…]`. */
  add(userId: string, json: string): void {
    const earlier = this.#places.get(userId);
    if (earlier !== undefined) {
      this.#duplicates++;
      if (this.#rule === "first") return;
    }
    const shard = shardOfUser(userId, this.#placement);
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
      rows.visit((start, end) => {
        writer.add(shard, rows, start, end);
      });
    }
    return { ...writer.finish(), expected, total: this.#places.size, duplicates: this.#duplicates };
  }
}

// A cut piece of a text keeps the whole text alive; what the map holds must be a text of its own.
function copyText(text: string): string {
  return decoder.decode(encoder.encode(text));
}

/** One shard's rows in one buffer, a comma behind each: a run of rows is a view of it, not a copy. */
class ShardRows {
  #bytes = new Uint8Array(4096);
  #length = 0;
  /** Where each row's comma ends. */
  readonly #ends: number[] = [];
  readonly #dropped = new Set<number>();

  get count(): number {
    return this.#ends.length - this.#dropped.size;
  }

  /** Returns the row's number in this shard. */
  add(json: string): number {
    this.#reserve(json.length * 3 + 1);
    this.#length += encoder.encodeInto(json, this.#bytes.subarray(this.#length)).written;
    this.#bytes[this.#length++] = COMMA;
    return this.#ends.push(this.#length) - 1;
  }

  drop(row: number): void {
    this.#dropped.add(row);
  }

  /** Where the rows that count are, each with the comma behind it. */
  visit(onRow: (start: number, end: number) => void): void {
    let start = 0;
    for (let row = 0; row < this.#ends.length; row++) {
      const end = this.#ends[row] ?? start;
      if (!this.#dropped.has(row)) onRow(start, end);
      start = end;
    }
  }

  bytesOf(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    // By half, not double: at the size limit the slack of all shards together counts.
    const grown = new Uint8Array(Math.max(Math.ceil(this.#bytes.length * 1.5), this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Rows that lie one behind the other in their shard's buffer. */
interface Segment {
  rows: ShardRows;
  start: number;
  end: number;
}

/** Joins rows to chunks: `[row,row,…]` each. */
class ChunkWriter {
  readonly #pieces: Uint8Array[] = [];
  readonly #chunks: Chunk[] = [];
  #segments: Segment[] = [];
  #rows = 0;
  #bytes = 0;
  #runs: ShardRun[] = [];
  #offset = 0;

  add(shard: number, rows: ShardRows, start: number, end: number): void {
    if (this.#rows >= CHUNK_ROWS || this.#bytes + end - start > CHUNK_BYTES) this.#cut();
    const segment = this.#segments.at(-1);
    if (segment?.rows === rows && segment.end === start) segment.end = end;
    else this.#segments.push({ rows, start, end });
    this.#rows++;
    this.#bytes += end - start;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === shard) run.rows++;
    else this.#runs.push({ shard, rows: 1 });
  }

  finish(): { pieces: Uint8Array[]; length: number; chunks: Chunk[] } {
    this.#cut();
    return { pieces: this.#pieces, length: this.#offset, chunks: this.#chunks };
  }

  #cut(): void {
    if (this.#rows === 0) return;
    this.#pieces.push(OPEN);
    for (const [index, { rows, start, end }] of this.#segments.entries()) {
      // The last row's comma is left out; between segments it separates.
      const isLast = index === this.#segments.length - 1;
      this.#pieces.push(rows.bytesOf(start, isLast ? end - 1 : end));
    }
    this.#pieces.push(CLOSE);
    // A bracket before and one after; a comma less than there are rows.
    const length = this.#bytes + 1;
    this.#chunks.push({ offset: this.#offset, length, runs: this.#runs });
    this.#offset += length;
    this.#segments = [];
    this.#rows = 0;
    this.#bytes = 0;
    this.#runs = [];
  }
}
