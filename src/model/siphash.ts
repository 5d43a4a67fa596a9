/**
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; the variant that Rust and Python use for
 * their tables): whoever doesn't know the key can't find inputs whose hashes meet. Words of 64 bits are two of 32,
 * as bigints would cost ten times as much.
 */

/** A key's 16 bytes as four words. */
export type SipKey = readonly [number, number, number, number];

/** From 32 hexadecimal digits. */
export function parseSipKey(hex: string): SipKey {
  const word = (index: number): number => {
    const [a, b, c, d] = [0, 2, 4, 6].map((at) => Number.parseInt(hex.substr(index * 8 + at, 2), 16));
    return (a ?? 0) | ((b ?? 0) << 8) | ((c ?? 0) << 16) | ((d ?? 0) << 24);
  };
  return [word(0), word(1), word(2), word(3)];
}

/** The low and the high 32 bits. */
type SipHash = [low: number, high: number];

/** The hash of the bytes between two offsets. */
export function sipHash(key: SipKey, bytes: Uint8Array, start: number, end: number): SipHash {
  let v0l = key[0] ^ 0x70736575;
  let v0h = key[1] ^ 0x736f6d65;
  let v1l = key[2] ^ 0x6e646f6d;
  let v1h = key[3] ^ 0x646f7261;
  let v2l = key[0] ^ 0x6e657261;
  let v2h = key[1] ^ 0x6c796765;
  let v3l = key[2] ^ 0x79746573;
  let v3h = key[3] ^ 0x74656462;
  let swap = 0;
  const last = (end - start) >>> 3;
  // One round per block of 8 bytes (the last one holds the rest and the length), then three to finish.
  for (let block = 0; block <= last + 3; block++) {
    const low = readWord(bytes, start + block * 8, end);
    const high = readWord(bytes, start + block * 8 + 4, end) | (block === last ? (end - start) << 24 : 0);
    if (block === last + 1) v2l ^= 0xff;
    v3l ^= low;
    v3h ^= high;
    v0l = (v0l + v1l) | 0;
    v0h = (v0h + v1h + (v0l >>> 0 < v1l >>> 0 ? 1 : 0)) | 0;
    swap = v1l;
    v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
    v1h = ((v1h << 13) | (swap >>> 19)) ^ v0h;
    swap = v0l;
    v0l = v0h;
    v0h = swap;
    v2l = (v2l + v3l) | 0;
    v2h = (v2h + v3h + (v2l >>> 0 < v3l >>> 0 ? 1 : 0)) | 0;
    swap = v3l;
    v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
    v3h = ((v3h << 16) | (swap >>> 16)) ^ v2h;
    v0l = (v0l + v3l) | 0;
    v0h = (v0h + v3h + (v0l >>> 0 < v3l >>> 0 ? 1 : 0)) | 0;
    swap = v3l;
    v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
    v3h = ((v3h << 21) | (swap >>> 11)) ^ v0h;
    v2l = (v2l + v1l) | 0;
    v2h = (v2h + v1h + (v2l >>> 0 < v1l >>> 0 ? 1 : 0)) | 0;
    swap = v1l;
    v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
    v1h = ((v1h << 17) | (swap >>> 15)) ^ v2h;
    swap = v2l;
    v2l = v2h;
    v2h = swap;
    v0l ^= low;
    v0h ^= high;
  }
  return [(v0l ^ v1l ^ v2l ^ v3l) >>> 0, (v0h ^ v1h ^ v2h ^ v3h) >>> 0];
}

/** Four bytes, the first the lowest; from `end` on they count as 0. */
function readWord(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    return (a ?? 0) | ((b ?? 0) << 8) | ((c ?? 0) << 16) | ((d ?? 0) << 24);
  }
  let word = 0;
  for (let index = at; index < end; index++) word |= (bytes[index] ?? 0) << ((index - at) * 8);
  return word;
}
