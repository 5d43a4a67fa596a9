const encoder = new TextEncoder();
const scratch = new Uint8Array(1024);

/**
 * The user shard of a user id: FNV-1a (32 bit) over its UTF-8 bytes, finished with MurmurHash3's fmix32 so
 * that ids that differ in their last character only spread evenly. Frozen: stored data depends on it.
 */
export function shardOfUser(userId: string, shardCount: number): number {
  const { written } = encoder.encodeInto(userId, scratch);
  let hash = 0x811c9dc5;
  for (let index = 0; index < written; index++) {
    hash = Math.imul(hash ^ (scratch[index] ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shardCount;
}

/** The hash's name in an app's record; a later one would get another. */
export const USER_HASH = "fnv1a32-fmix32";
