import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AudienceBuilder } from "../../src/audiences/builder.ts";
import { parseChunk } from "../../src/audiences/store.ts";
import { placeUser, type UserPlacement } from "../../src/model/user-hash.ts";

const KIB = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const placementOf = (shardCount: number): UserPlacement => ({
  shardCount,
  hash: "siphash13",
  hashKey: "000102030405060708090a0b0c0d0e0f",
});

type Row = [userId: string, value: string];

/** As an upload builds it: from bytes, and of a user who is named again the last row counts. */
function build(rows: readonly Row[], shardCount: number) {
  const builder = new AudienceBuilder(placementOf(shardCount), "last");
  // Every other id as a text, the others as what stands in the row.
  for (const [index, row] of rows.entries()) {
    builder.add(index % 2 === 0 ? row[0] : null, encoder.encode(JSON.stringify(row)), true);
  }
  return builder;
}

describe("an audience of a file", () => {
  it("has each user's last row, in the order of the file in each shard", () => {
    const userId = fc.integer({ min: 0, max: 20 }).map((number) => `user-${number}`);
    // Rows that end in the middle of a slot, and rows of several.
    const value = fc.integer({ min: 0, max: 10_000 }).map((length) => "x".repeat(length));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(userId, value), { maxLength: 80 }),
        fc.constantFrom(1, 3, 64, 1024),
        (rows, shardCount) => {
          const audience = build(rows, shardCount).finish();
          const last = new Map(rows.map((row, index) => [row[0], index]));
          const counted = rows.filter((row, index) => last.get(row[0]) === index);
          const shardOf = ([id]: Row) => placeUser(id, placementOf(shardCount)).shard;
          const expected = counted.toSorted((a, b) => shardOf(a) - shardOf(b));
          const texts = Array.from(audience.texts, (text) => decoder.decode(text));
          expect(texts.flatMap(parseChunk)).toEqual(expected);
          expect(Array.from(audience.texts, (text) => decoder.decode(text))).toEqual(texts);
          expect([audience.total, audience.duplicates]).toEqual([last.size, rows.length - last.size]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([1, 64, 1024])("holds its rows' bytes and little more, in %d shards", (shardCount) => {
    for (const length of [1, 90, 3000, 20_000]) {
      const rows = Array.from({ length: 2000 }, (_, index): Row => [`user-${index}`, "x".repeat(length)]);
      const bytes = rows.reduce((sum, row) => sum + JSON.stringify(row).length + 1, 0);
      expect(build(rows, shardCount).heldBytes).toBeLessThan(bytes + (1024 + 256) * KIB);
    }
  });

  it("of one target holds little", () => {
    expect(build([["user-1", "x"]], 64).heldBytes).toBeLessThanOrEqual(16 * KIB);
  });
});
