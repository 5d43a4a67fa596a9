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
