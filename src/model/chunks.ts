/** A run of rows of one shard inside a chunk. */
export interface ShardRun {
  shard: number;
  rows: number;
}

/** Where bytes are in an object. */
export interface ByteRange {
  offset: number;
  /** Bytes. */
  length: number;
}

/**
 * A byte range of an audience's text: rows grouped by user shard, a line of JSON each. Earlier versions wrote them
 * as one array.
 */
export interface Chunk extends ByteRange {
  /** Where the audience's object has it, as a gzip file. Not set by earlier versions, whose object is the text. */
  stored?: ByteRange | undefined;
  runs: ShardRun[];
  /**
   * Bytes of the longest row, where every row has a text in each of its columns: then nothing needs to be asked of
   * each. Not set where a value lacks, or is something else than a text, and by earlier versions.
   */
  longestFullRow?: number | undefined;
}
