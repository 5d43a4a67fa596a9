import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addUnit,
  cutRuns,
  eachUnit,
  findUnit,
  listUnits,
  removeUnit,
  shardsOfUnit,
  takeUnits,
  type UnitRange,
} from "../../src/model/chunk-units.ts";
import type { Chunk } from "../../src/model/chunks.ts";

const chunkOf = (...runs: [shard: number, rows: number][]): Chunk => ({
  offset: 0,
  length: 10,
  runs: runs.map(([shard, rows]) => ({ shard, rows })),
});

/** Lists of units as these functions keep them. */
const lists = fc.uniqueArray(fc.nat(40), { maxLength: 30 }).map((units) => {
  const ranges: UnitRange[] = [];
  for (const unit of units) addUnit(ranges, unit);
  return { units: units.toSorted((a, b) => a - b), ranges };
});

describe("a list of units", () => {
  it("holds what was added, in order, in ranges that don't touch each other", () => {
    fc.assert(
      fc.property(lists, ({ units, ranges }) => {
        expect(eachUnit(ranges)).toEqual(units);
        for (const [index, [start]] of ranges.entries()) {
          expect(start).toBeGreaterThan(ranges[index - 1]?.[1] ?? -1);
        }
      }),
    );
  });

  it("loses what is removed, and nothing else", () => {
    fc.assert(
      fc.property(lists, fc.nat(40), ({ units, ranges }, unit) => {
        expect(removeUnit(ranges, unit)).toBe(units.includes(unit));
        expect(eachUnit(ranges)).toEqual(units.filter((other) => other !== unit));
      }),
    );
  });

  it("gives its first units away once", () => {
    fc.assert(
      fc.property(lists, fc.nat(40), ({ units, ranges }, count) => {
        expect(takeUnits(ranges, count)).toEqual(units.slice(0, count));
        expect(eachUnit(ranges)).toEqual(units.slice(count));
      }),
    );
  });
});

describe("the units of an audience", () => {
  const chunks = [chunkOf([0, 3], [1, 4]), chunkOf([1, 2]), chunkOf([2, 1], [3, 5])];

  it("are its chunks where nothing cuts them", () => {
    expect(listUnits(chunks)).toEqual([[0, 3]]);
    expect(findUnit(chunks, undefined, 1)).toEqual({ chunk: chunks[1], from: 0, to: 2 });
    expect(findUnit(chunks, undefined, 3)).toBeNull();
  });

  it("are parts of so many rows, and none is empty", () => {
    const cut = { rows: 3, parts: 4 };
    expect(eachUnit(listUnits(chunks, cut))).toEqual([0, 1, 2, 4, 8, 9]);
    expect(findUnit(chunks, cut, 3)).toBeNull();
    const last = findUnit(chunks, cut, 2);
    expect(last).toEqual({ chunk: chunks[0], from: 6, to: 7 });
    expect(last === null ? [] : cutRuns(last)).toEqual([{ shard: 1, rows: 1 }]);
  });

  it("are those with rows of the shards that are asked for", () => {
    expect(listUnits(chunks, undefined, new Set([1]))).toEqual([[0, 2]]);
    expect(eachUnit(listUnits(chunks, { rows: 3, parts: 4 }, new Set([0, 3])))).toEqual([0, 8, 9]);
  });

  it("have each row of each chunk in one of them", () => {
    const audiences = fc.array(
      fc.array(fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 }),
    );
    fc.assert(
      fc.property(audiences, fc.integer({ min: 1, max: 12 }), (runs, rows) => {
        const all = runs.map((ofChunk) => chunkOf(...ofChunk));
        const cut = { rows, parts: Math.ceil(45 / rows) };
        const places = eachUnit(listUnits(all, cut)).map((unit) => findUnit(all, cut, unit));
        for (const chunk of all) {
          const own = places.filter((place) => place?.chunk === chunk);
          expect(own.flatMap((place) => [place?.from, place?.to])[0]).toBe(0);
          const counted = own.reduce((sum, place) => sum + (place?.to ?? 0) - (place?.from ?? 0), 0);
          expect(counted).toBe(chunk.runs.reduce((sum, run) => sum + run.rows, 0));
          const shards = new Set(own.flatMap((place) => (place === null ? [] : shardsOfUnit(place))));
          expect(shards).toEqual(new Set(chunk.runs.map(({ shard }) => shard)));
        }
      }),
    );
  });
});
