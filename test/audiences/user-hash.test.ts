import { describe, expect, it } from "vitest";
import { DEFAULT_SHARD_COUNT } from "../../src/model/limits.ts";
import { parseSipKey, sipHash } from "../../src/model/siphash.ts";
import { NEW_USER_HASH, newHashKey, shardOfUser, type UserPlacement } from "../../src/model/user-hash.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";
const OTHER_KEY = "ffeeddccbbaa99887766554433221100";

const withoutKey = (shardCount: number): UserPlacement => ({
  shardCount,
  hash: "fnv1a32-fmix32",
  hashKey: null,
});
const keyed = (shardCount: number, hashKey = KEY): UserPlacement => ({
  shardCount,
  hash: "siphash13",
  hashKey,
});

/**
 * Frozen: every stored feed, token claim and audience depends on them. A change here is a change of the hash,
 * and needs another name in the app's record, not new numbers.
 */
const GOLDEN: [userId: string, hash: number, shardOf64: number][] = [
  ["user-jane-123", 34_232_658, 18],
  ["user_1", 1_907_386_726, 38],
  ["user_2", 4_169_594_828, 12],
  ["", 2_872_998_923, 11],
  ["ünï-😀", 1_031_114_581, 21],
  ["日本語", 3_932_500_114, 18],
  ["__proto__", 3_182_021_803, 43],
  ["x".repeat(1024), 2_120_413_026, 34],
];

describe("the user hash without a key", () => {
  it.each(GOLDEN)("of %j is %d, shard %d of 64", (userId, hash, shardOf64) => {
    expect(shardOfUser(userId, withoutKey(2 ** 32))).toBe(hash);
    expect(shardOfUser(userId, withoutKey(64))).toBe(shardOf64);
  });
});

/** `openssl mac -macopt hexkey:KEY -macopt size:8 -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH` of 0, 1, 2 … */
const SIPHASH: [length: number, mac: string][] = [
  [0, "dcc40f055801acab"],
  [1, "93ca577df39bf4c9"],
  [3, "fbf7dde7b80af88b"],
  [7, "4011b19b987d92d3"],
  [8, "8e9a298d11959036"],
  [9, "e43d066cb38ea425"],
  [15, "5699512a6dd820d3"],
  [16, "668b907d1add4fcc"],
  [33, "bff98f7ae5b9544d"],
  [63, "a8b3bbb76290199d"],
];

describe("SipHash-1-3", () => {
  it.each(SIPHASH)("of %d bytes is what OpenSSL makes of them: %s", (length, mac) => {
    // What lies around the bytes doesn't count.
    const bytes = new Uint8Array(length + 14).fill(0xff);
    for (let index = 0; index < length; index++) bytes[5 + index] = index;
    const words = new DataView(new ArrayBuffer(8));
    for (const [index, word] of sipHash(parseSipKey(KEY), bytes, 5, 5 + length).entries()) {
      words.setUint32(index * 4, word, true);
    }
    const hex = [...new Uint8Array(words.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    expect(hex).toBe(mac);
  });
});

/** The low word of the same `openssl mac` of the id's UTF-8 bytes. */
const GOLDEN_KEYED: [userId: string, hash: number][] = [
  ["user-jane-123", 1_122_330_705],
  ["", 84_919_516],
  ["ünï-😀", 2_782_808_704],
  ["日本語", 3_334_104_675],
  ["x".repeat(1024), 2_703_958_190],
];

describe("the user hash of new apps", () => {
  it.each(GOLDEN_KEYED)("of %j is %d", (userId, hash) => {
    expect(shardOfUser(userId, keyed(2 ** 32))).toBe(hash);
    expect(shardOfUser(userId, keyed(1000))).toBe(hash % 1000);
  });

  it("is keyed, with 64 shards where nothing else is asked for", () => {
    expect([NEW_USER_HASH, DEFAULT_SHARD_COUNT]).toEqual(["siphash13", 64]);
    expect(newHashKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newHashKey()).not.toBe(newHashKey());
  });

  it("doesn't depend on what was hashed before, nor with which key", () => {
    const before = shardOfUser("user_1", keyed(64));
    shardOfUser("z".repeat(1024), keyed(64, OTHER_KEY));
    shardOfUser("ü".repeat(512), withoutKey(64));
    expect(shardOfUser("user_1", keyed(64))).toBe(before);
  });

  it("puts users that meet in one shard under one key into all shards under another", () => {
    const together: string[] = [];
    for (let index = 0; together.length < 2000; index++) {
      if (shardOfUser(`aimed-${index}`, keyed(64)) === 7) together.push(`aimed-${index}`);
    }
    const users = new Array<number>(64).fill(0);
    for (const userId of together) {
      const shard = shardOfUser(userId, keyed(64, OTHER_KEY));
      users[shard] = (users[shard] ?? 0) + 1;
    }
    expect(Math.max(...users)).toBeLessThan((2000 / 64) * 2);
  });

  it("refuses to work without its key", () => {
    expect(() => shardOfUser("user_1", { ...keyed(64), hashKey: null })).toThrow();
  });
});

describe.each([
  ["without a key", withoutKey],
  ["keyed", keyed],
])("the user hash, %s,", (_name, placementOf) => {
  it.each<[string, (index: number) => string]>([
    ["counted up", (index) => `user-${index}`],
    ["numbers", String],
    ["padded numbers", (index) => `user_${String(index).padStart(6, "0")}`],
    ["addresses", (index) => `name.${index}@example.com`],
    ["hexadecimal", (index) => index.toString(16).padStart(32, "0")],
  ])("spreads 100,000 ids evenly over 64 shards: %s", (_, idOf) => {
    const users = new Array<number>(64).fill(0);
    const placement = placementOf(64);
    for (let index = 0; index < 100_000; index++) {
      const shard = shardOfUser(idOf(index), placement);
      users[shard] = (users[shard] ?? 0) + 1;
    }
    const mean = 100_000 / 64;
    const chiSquare = users.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // For 63 degrees of freedom random placing stays under 119 in 99.998 % of all cases.
    expect(chiSquare).toBeLessThan(119);
    expect(Math.max(...users)).toBeLessThan(mean * 1.15);
    expect(Math.min(...users)).toBeGreaterThan(mean * 0.85);
  });
});
