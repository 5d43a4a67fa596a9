import { describe, expect, it } from "vitest";
import { DEFAULT_SHARD_COUNT } from "../../src/limits.ts";
import { shardOfUser, USER_HASH } from "../../src/users/hash.ts";

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

describe("the user hash", () => {
  it.each(GOLDEN)("of %j is %d, shard %d of 64", (userId, hash, shardOf64) => {
    expect(shardOfUser(userId, 2 ** 32)).toBe(hash);
    expect(shardOfUser(userId, 64)).toBe(shardOf64);
  });

  it("keeps its name and the number of shards of new apps", () => {
    expect([USER_HASH, DEFAULT_SHARD_COUNT]).toEqual(["fnv1a32-fmix32", 64]);
  });

  it("doesn't depend on what was hashed before", () => {
    shardOfUser("z".repeat(1024), 64);
    expect(shardOfUser("user_1", 64)).toBe(38);
  });

  it.each<[string, (index: number) => string]>([
    ["counted up", (index) => `user-${index}`],
    ["numbers", String],
    ["padded numbers", (index) => `user_${String(index).padStart(6, "0")}`],
    ["addresses", (index) => `name.${index}@example.com`],
    ["hexadecimal", (index) => index.toString(16).padStart(32, "0")],
  ])("spreads 100,000 ids evenly over 64 shards: %s", (_, idOf) => {
    const users = new Array<number>(64).fill(0);
    for (let index = 0; index < 100_000; index++) {
      const shard = shardOfUser(idOf(index), 64);
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
