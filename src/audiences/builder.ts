import type { Chunk, ShardRun } from "../model/chunks.ts";
import { CHUNK_BYTES, CHUNK_ROWS } from "../model/limits.ts";
import { placeUser, type UserPlacement } from "../model/user-hash.ts";
import { RowLog } from "./row-log.ts";
import { UserRows } from "./user-rows.ts";

const encoder = new TextEncoder();
const COMMA = ",".charCodeAt(0);
const OPEN = "[".charCodeAt(0);
const CLOSE = "]".charCodeAt(0);
/** Bytes of a piece of a finished audience. */
const PIECE_BYTES = 512 * 1024;
/** In place of a row's shard: another row of its user counts. */
const DROPPED = -1;

/** An audience ready to be written. */
export interface BuiltAudience {
  /** Its bytes in pieces, so that they are never held twice. Each is valid until the next is asked for. */
  pieces: Iterable<Uint8Array>;
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
 * row is in exactly one chunk. Rows lie in one log in the order they came in, whatever their shards: the memory
 * is that of the rows' bytes. Pure.
 */
export class AudienceBuilder {
  readonly #placement: UserPlacement;
  readonly #rule: DuplicateRule;
  readonly #log = new RowLog();
  /** The shard of each row, by the row's number. */
  readonly #shards: number[] = [];
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

  /** `json`: the row, `["user-1","Bob",…]`, as text or as its UTF-8 bytes, which are copied. */
  add(userId: string, json: string | Uint8Array): void {
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
    this.#log.add(bytes);
  }

  /** The chunks lie one behind the other and cover the pieces whole. */
  finish(): BuiltAudience {
    const expected = new Map<number, number>();
    const rows = this.#orderByShard();
    const cutter = new ChunkCutter();
    for (const row of rows) {
      const shard = this.#shards[row] ?? 0;
      expected.set(shard, (expected.get(shard) ?? 0) + 1);
      cutter.add(shard, this.#log.lengthOf(row));
    }
    const { chunks, length } = cutter.finish();
    return {
      pieces: { [Symbol.iterator]: () => listPieces(this.#log, rows, chunks) },
      length,
      chunks,
      expected,
      total: rows.length,
      duplicates: this.#duplicates,
    };
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

/** `[row,row,…]` of each chunk. */
function* listPieces(log: RowLog, rows: Uint32Array, chunks: readonly Chunk[]): Generator<Uint8Array> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const piece = new Uint8Array(Math.min(PIECE_BYTES, length));
  let filled = 0;
  let next = 0;
  for (const { runs } of chunks) {
    const end = next + runs.reduce((sum, run) => sum + run.rows, 0);
    for (let index = next; index < end; index++) {
      if (filled === piece.length) filled = yield* givePiece(piece, filled);
      piece[filled++] = index === next ? OPEN : COMMA;
      let bytes = log.bytesOf(rows[index] ?? 0);
      while (bytes.length > piece.length - filled) {
        piece.set(bytes.subarray(0, piece.length - filled), filled);
        bytes = bytes.subarray(piece.length - filled);
        filled = yield* givePiece(piece, piece.length);
      }
      piece.set(bytes, filled);
      filled += bytes.length;
    }
    if (filled === piece.length) filled = yield* givePiece(piece, filled);
    piece[filled++] = CLOSE;
    next = end;
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

function* givePiece(piece: Uint8Array, filled: number): Generator<Uint8Array, number> {
  if (filled > 0) yield piece.subarray(0, filled);
  return 0;
}

/** Cuts rows into chunks by their number and bytes. */
class ChunkCutter {
  readonly #chunks: Chunk[] = [];
  #rows = 0;
  #bytes = 0;
  #runs: ShardRun[] = [];
  #offset = 0;

  /** `bytes`: the row's length; a comma or bracket belongs to each. */
  add(shard: number, bytes: number): void {
    if (this.#rows >= CHUNK_ROWS || this.#bytes + bytes + 1 > CHUNK_BYTES) this.#cut();
    this.#rows++;
    this.#bytes += bytes + 1;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === shard) run.rows++;
    else this.#runs.push({ shard, rows: 1 });
  }

  finish(): { chunks: Chunk[]; length: number } {
    this.#cut();
    return { chunks: this.#chunks, length: this.#offset };
  }

  #cut(): void {
    if (this.#rows === 0) return;
    // A bracket before and one after; a comma less than there are rows.
    const length = this.#bytes + 1;
    this.#chunks.push({ offset: this.#offset, length, runs: this.#runs });
    this.#offset += length;
    this.#rows = 0;
    this.#bytes = 0;
    this.#runs = [];
  }
}
