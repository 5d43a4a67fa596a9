import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BuiltAudience } from "../../src/audiences/builder.ts";
import { type AudienceRow, partitionAudience } from "../../src/audiences/partition.ts";
import { parseChunk } from "../../src/audiences/store.ts";
import { CHUNK_BYTES, CHUNK_ROWS } from "../../src/model/limits.ts";
import { shardOfUser, type UserPlacement } from "../../src/model/user-hash.ts";

type Row = [userId: string, ...values: unknown[]];

const toRow = (row: Row): AudienceRow => ({
  userId: row[0],
  json: JSON.stringify(row),
  isFull: row.every((value) => typeof value === "string"),
});
const placementOf = (shardCount: number): UserPlacement => ({
  shardCount,
  hash: "siphash13",
  hashKey: "000102030405060708090a0b0c0d0e0f",
});
const partition = (rows: Row[], shardCount = 64) =>
  partitionAudience(rows.map(toRow), placementOf(shardCount));

function readTexts({ texts }: BuiltAudience): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return Array.from(texts, (text) => decoder.decode(text));
}

/** The rows of every chunk, read as the consumer reads them. */
function readChunks(audience: BuiltAudience): Row[][] {
  return readTexts(audience).map(parseChunk);
}

/** All that must hold of a partitioned audience, whatever its rows were. */
function expectWhole(audience: BuiltAudience, rows: readonly Row[], shardCount: number): void {
  const firstOfUser = new Map<string, Row>();
  for (const row of rows) if (!firstOfUser.has(row[0])) firstOfUser.set(row[0], row);
  const chunks = readChunks(audience);

  // Every user is in exactly one chunk, once, with their first row.
  const stored = chunks.flat();
  expect(stored.length).toBe(firstOfUser.size);
  for (const row of stored) expect(row).toEqual(firstOfUser.get(row[0]));
  expect(new Set(stored.map(([userId]) => userId)).size).toBe(stored.length);

  // The chunks lie one behind the other, each as long as its text.
  let end = 0;
  const lengths = Array.from(audience.texts, ({ length }) => length);
  for (const [index, { offset, length }] of audience.chunks.entries()) {
    expect([offset, length]).toEqual([end, lengths[index]]);
    end += length;
  }
  expect(audience.chunks.length).toBe(lengths.length);

  // The runs say which shards a chunk touches, in the order of its rows, and a shard's rows stand together.
  const perShard = new Map<number, number>();
  for (const [index, { runs }] of audience.chunks.entries()) {
    const shards = (chunks[index] ?? []).map(([userId]) => shardOfUser(userId, placementOf(shardCount)));
    expect(runs.flatMap(({ shard, rows: count }) => new Array<number>(count).fill(shard))).toEqual(shards);
    expect(shards).toEqual(shards.toSorted((a, b) => a - b));
    expect(runs.every(({ rows: count }) => count > 0)).toBe(true);
    for (const shard of shards) perShard.set(shard, (perShard.get(shard) ?? 0) + 1);
  }
  expect([...audience.expected].sort(([a], [b]) => a - b)).toEqual([...perShard].sort(([a], [b]) => a - b));

  expect(audience.total).toBe(firstOfUser.size);
  expect(audience.duplicates).toBe(rows.length - firstOfUser.size);
}

const userId = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
  fc.constantFrom("user_1", "__proto__", "constructor", "ünï-😀", '"', "\\", "\u2028"),
);
const row = fc
  .tuple(
    userId,
    fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 1 })), { maxLength: 3 }),
  )
  .map(([id, values]): Row => JSON.parse(JSON.stringify([id, ...values])));

describe("an audience", () => {
  it("is whole for any rows and any number of shards", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), fc.integer({ min: 1, max: 100 }), (rows, shardCount) => {
        expectWhole(partition(rows, shardCount), rows, shardCount);
      }),
      { numRuns: 200 },
    );
  });

  it("is whole for rows of any size, up to more than a chunk each", () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 100_000, max: CHUNK_BYTES + 10 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(userId, size), { maxLength: 12 }), (entries) => {
        const rows = entries.map(([id, length]): Row => [id, "x".repeat(length)]);
        expectWhole(partition(rows, 3), rows, 3);
      }),
      { numRuns: 20 },
    );
  });

  it.each([1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 10_000])("of %d users is whole", (count) => {
    const rows = Array.from({ length: count }, (_, index): Row => [`user-${index}`, index, "ü😀"]);
    const audience = partition(rows);
    expectWhole(audience, rows, 64);
    // What of a chunk stays empty is less than a shard's rows.
    const mostOfShard = Math.max(...audience.expected.values());
    const full = Math.max(CHUNK_ROWS / 2, CHUNK_ROWS - mostOfShard);
    expect(audience.chunks.length).toBeGreaterThanOrEqual(Math.ceil(count / CHUNK_ROWS));
    expect(audience.chunks.length).toBeLessThanOrEqual(Math.ceil(count / full));
  });

  it("without rows has no chunks", () => {
    const audience = partition([]);
    expect({ ...audience, texts: [...audience.texts] }).toEqual({
      texts: [],
      chunks: [],
      expected: new Map(),
      total: 0,
      duplicates: 0,
    });
  });

  it("takes the first row of a user that is named again", () => {
    const audience = partition([
      ["a", 1],
      ["b", 2],
      ["a", 3],
      ["a", 4],
    ]);
    expect(readChunks(audience).flat().sort()).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect([audience.total, audience.duplicates]).toEqual([2, 2]);
  });

  it("is the same bytes for the same rows, so that a repeated call stores the same object", () => {
    const rows = Array.from({ length: 1000 }, (_, index): Row => [`user-${index}`, "x"]);
    const [first, second] = [partition(rows), partition(rows)];
    expect(readTexts(first)).toEqual(readTexts(second));
    expect(first.chunks).toEqual(second.chunks);
  });
});

describe("a chunk", () => {
  it("has a shard's rows whole where they fit; more of them are parted evenly", () => {
    const rows = Array.from({ length: 4 * CHUNK_ROWS }, (_, index): Row => [`user-${index}`]);
    for (const shardCount of [1, 3, 7, 64]) {
      const { chunks, expected } = partition(rows, shardCount);
      const runs = chunks.flatMap((chunk) => chunk.runs);
      for (const [shard, count] of expected) {
        const own = runs.filter((run) => run.shard === shard).map((run) => run.rows);
        expect(own).toHaveLength(Math.ceil(count / CHUNK_ROWS));
        expect(Math.max(...own) - Math.min(...own)).toBeLessThan(own.length);
      }
    }
  });

  it("knows its longest row where each has a text in every column", () => {
    const longest = (rows: Row[]) => partition(rows, 1).chunks.map(({ longestFullRow }) => longestFullRow);
    expect(
      longest([
        ["a", "x"],
        ["b", "é"],
      ]),
    ).toEqual([Buffer.byteLength('["b","é"]')]);
    expect(
      longest([
        ["a", "x"],
        ["b", 0],
        ["c", "x"],
      ]),
    ).toEqual([undefined]);
  });

  it("has no more rows and no more characters than its limits", () => {
    const rows = Array.from({ length: 3000 }, (_, index): Row => [`user-${index}`, "x".repeat(index % 5000)]);
    const audience = partition(rows);
    for (const [index, chunk] of audience.chunks.entries()) {
      expect(readChunks(audience)[index]?.length).toBeLessThanOrEqual(CHUNK_ROWS);
      expect(chunk.length).toBeLessThanOrEqual(CHUNK_BYTES + CHUNK_ROWS + 2);
    }
    expectWhole(audience, rows, 64);
  });
});
