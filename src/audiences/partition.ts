import { CHUNK_BYTES, CHUNK_ROWS } from "../limits.ts";
import { shardOfUser } from "../users/hash.ts";

/** A target of an audience as JSON text: `["user-1","Bob",…]`, or `["user-1"]` for one without variables. */
export interface AudienceRow {
  userId: string;
  json: string;
}

/** A run of rows of one shard inside a chunk. */
export interface ShardRun {
  shard: number;
  rows: number;
}

/** A byte range of the audience object that is one JSON array of rows, grouped by user shard. */
export interface Chunk {
  offset: number;
  /** Bytes. */
  length: number;
  runs: ShardRun[];
}

export interface PartitionedAudience {
  body: Uint8Array;
  chunks: Chunk[];
  /** Targets per shard; a shard without targets isn't there. */
  expected: Map<number, number>;
  total: number;
  /** Rows that named a user again. The first row of a user is the one that counts. */
  duplicates: number;
}

/**
 * Groups the rows by user shard and cuts them into chunks, so that a chunk touches one shard or a few and
 * every row is in exactly one chunk. The chunks lie one behind the other and cover the body whole.
 */
export function partitionAudience(rows: Iterable<AudienceRow>, shardCount: number): PartitionedAudience {
  const seen = new Set<string>();
  const byShard = new Map<number, string[]>();
  let duplicates = 0;
  for (const { userId, json } of rows) {
    if (seen.has(userId)) {
      duplicates++;
      continue;
    }
    seen.add(userId);
    const shard = shardOfUser(userId, shardCount);
    const list = byShard.get(shard);
    if (list === undefined) byShard.set(shard, [json]);
    else list.push(json);
  }
  const writer = new ChunkWriter();
  const expected = new Map<number, number>();
  for (const [shard, list] of [...byShard].sort(([a], [b]) => a - b)) {
    expected.set(shard, list.length);
    for (const json of list) writer.add(shard, json);
  }
  return { ...writer.finish(), expected, total: seen.size, duplicates };
}

class ChunkWriter {
  readonly #encoder = new TextEncoder();
  readonly #parts: Uint8Array[] = [];
  readonly #chunks: Chunk[] = [];
  #offset = 0;
  #rows: string[] = [];
  #units = 0;
  #runs: ShardRun[] = [];

  add(shard: number, json: string): void {
    // Chunks are cut by UTF-16 units, which are at most a third of the bytes: close enough for a size.
    if (this.#rows.length >= CHUNK_ROWS || this.#units + json.length > CHUNK_BYTES) this.#cut();
    this.#rows.push(json);
    this.#units += json.length;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.shard === shard) run.rows++;
    else this.#runs.push({ shard, rows: 1 });
  }

  finish(): { body: Uint8Array; chunks: Chunk[] } {
    this.#cut();
    const body = new Uint8Array(this.#offset);
    for (const [index, chunk] of this.#chunks.entries()) {
      const part = this.#parts[index];
      if (part !== undefined) body.set(part, chunk.offset);
    }
    return { body, chunks: this.#chunks };
  }

  #cut(): void {
    if (this.#rows.length === 0) return;
    const part = this.#encoder.encode(`[${this.#rows.join(",")}]`);
    this.#parts.push(part);
    this.#chunks.push({ offset: this.#offset, length: part.length, runs: this.#runs });
    this.#offset += part.length;
    this.#rows = [];
    this.#units = 0;
    this.#runs = [];
  }
}
