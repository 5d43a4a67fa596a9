import { parseSipKey, type SipKey, sipHash } from "./siphash.ts";

const encoder = new TextEncoder();
const scratch = new Uint8Array(1024);

/** The hashes' names in apps' records. Frozen: stored data depends on them; a later one gets another name. */
export const USER_HASHES = ["fnv1a32-fmix32", "siphash13"] as const;
export type UserHash = (typeof USER_HASHES)[number];
/** The hash that new apps place their users by. */
export const NEW_USER_HASH: UserHash = "siphash13";

/** What an app's record says of where its users' data is. It never changes. */
export interface UserPlacement {
  shardCount: number;
  hash: UserHash;
  /** 32 hexadecimal digits; null where the hash has no key. */
  hashKey: string | null;
}

/** A key for a new app's hash. */
export function newHashKey(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

/**
 * The user shard of a user id, by its UTF-8 bytes. The hash is keyed by the app, so that nobody can choose ids
 * that all meet in one shard; apps from before that have one without a key.
 */
export function shardOfUser(userId: string, placement: UserPlacement): number {
  const length = encode(userId);
  if (placement.hash === "fnv1a32-fmix32") return hashWithoutKey(scratch, 0, length) % placement.shardCount;
  const [low] = sipHash(keyOf(placement), scratch, 0, length);
  return low % placement.shardCount;
}

/** The same shard, and a hash of 32 bits for a table of users that nobody can choose ids against either. */
export function placeUser(userId: string, placement: UserPlacement): { shard: number; hash: number } {
  return placeUserBytes(scratch, 0, encode(userId), placement);
}

/** The same of an id whose UTF-8 bytes stand between two offsets. */
export function placeUserBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  placement: UserPlacement,
): { shard: number; hash: number } {
  if (placement.hash === "fnv1a32-fmix32") {
    ownKey ??= parseSipKey(newHashKey());
    const [hash] = sipHash(ownKey, bytes, start, end);
    return { shard: hashWithoutKey(bytes, start, end) % placement.shardCount, hash };
  }
  const [low, high] = sipHash(keyOf(placement), bytes, start, end);
  return { shard: low % placement.shardCount, hash: high };
}

/** For tables of an app whose hash has no key: made when the first needs it, as a Worker may not when it starts. */
let ownKey: SipKey | null = null;

/** FNV-1a (32 bit), finished with MurmurHash3's fmix32 so that ids that differ at their end only spread evenly. */
function hashWithoutKey(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

// Ids are ASCII mostly and short: calling the encoder costs more than hashing them.
function encode(userId: string): number {
  if (userId.length > scratch.length) return encoder.encodeInto(userId, scratch).written;
  for (let index = 0; index < userId.length; index++) {
    const unit = userId.charCodeAt(index);
    if (unit > 0x7f) return encoder.encodeInto(userId, scratch).written;
    scratch[index] = unit;
  }
  return userId.length;
}

// The key that was used last, parsed: mostly the next call is of the same app.
let lastKey: { hex: string; key: SipKey } | null = null;

function keyOf({ hashKey: hex }: UserPlacement): SipKey {
  if (hex === null) throw new Error("An app's user hash has lost its key");
  if (lastKey?.hex !== hex) lastKey = { hex, key: parseSipKey(hex) };
  return lastKey.key;
}
