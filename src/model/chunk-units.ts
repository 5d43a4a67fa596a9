import type { Chunk } from "./chunks.ts";
import type { ChunkCut, Priority } from "./notification.ts";

/**
 * What a delivery message is about: a chunk of an audience, or a part of one where its rows render to much. A unit is a
 * number, `chunk × parts + part`, so that a ledger can say which are to go with a few ranges, whatever the audience's
 * size. Pure.
 */

/** Units from the first to before the second. Lists of them are in order and don't touch each other. */
export type UnitRange = [start: number, end: number];

/** Where a unit's rows are: those of the chunk from `from` to before `to`. */
export interface UnitPlace {
  chunk: Chunk;
  from: number;
  to: number;
}

/** Chunks as they are. */
const WHOLE: ChunkCut = { rows: Number.MAX_SAFE_INTEGER, parts: 1 };

/** The units of an audience that have rows; with `shards`, those that have rows of one of these. */
export function listUnits(
  chunks: readonly Chunk[],
  { rows, parts }: ChunkCut = WHOLE,
  shards: ReadonlySet<number> | null = null,
): UnitRange[] {
  const ranges: UnitRange[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const total = countRows(chunk);
    for (let part = 0; part < parts && part * rows < total; part++) {
      const from = part * rows;
      if (shards === null || hasRowsOf(chunk, from, Math.min(total, from + rows), shards)) {
        addUnit(ranges, index * parts + part);
      }
    }
  }
  return ranges;
}

/** Null where the audience has no such unit. */
export function findUnit(
  chunks: readonly Chunk[],
  { rows, parts }: ChunkCut = WHOLE,
  unit: number,
): UnitPlace | null {
  const chunk = chunks[Math.floor(unit / parts)];
  if (chunk === undefined) return null;
  const from = (unit % parts) * rows;
  const to = Math.min(countRows(chunk), from + rows);
  return from < to ? { chunk, from, to } : null;
}

/** The shards that a unit has rows of. */
export function shardsOfUnit(place: UnitPlace): number[] {
  return cutRuns(place).map(({ shard }) => shard);
}

/** The runs of a unit's rows, in their order. */
export function cutRuns({ chunk, from, to }: UnitPlace): { shard: number; rows: number }[] {
  let start = 0;
  return chunk.runs.flatMap(({ shard, rows }) => {
    const end = start + rows;
    const own = Math.min(end, to) - Math.max(start, from);
    start = end;
    return own > 0 ? [{ shard, rows: own }] : [];
  });
}

/** The first units of a list in place, at most `count`. */
export function takeUnits(ranges: UnitRange[], count: number): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const [first] = ranges;
    if (first === undefined) break;
    taken.push(first[0]++);
    if (first[0] === first[1]) ranges.shift();
  }
  return taken;
}

/** Adds units to a list in place; those that are there already change nothing. */
export function addUnit(ranges: UnitRange[], unit: number): void {
  const last = ranges.at(-1);
  // Units mostly come in order, so the last range grows.
  if (last !== undefined && last[1] === unit) {
    last[1]++;
    return;
  }
  const index = ranges.findIndex(([, end]) => end >= unit);
  const range = ranges[index];
  if (range === undefined) {
    ranges.push([unit, unit + 1]);
    return;
  }
  if (unit >= range[0] && unit < range[1]) return;
  if (unit === range[1]) range[1]++;
  else if (unit === range[0] - 1) range[0]--;
  else ranges.splice(index, 0, [unit, unit + 1]);
  const next = ranges[index + 1];
  if (next !== undefined && next[0] === ranges[index]?.[1]) {
    ranges.splice(index, 2, [ranges[index][0], next[1]]);
  }
}

/** Takes a unit out of a list in place; false where it isn't in it. */
export function removeUnit(ranges: UnitRange[], unit: number): boolean {
  const index = ranges.findIndex(([start, end]) => start <= unit && unit < end);
  const range = ranges[index];
  if (range === undefined) return false;
  const parts: UnitRange[] = [
    [range[0], unit],
    [unit + 1, range[1]],
  ];
  ranges.splice(index, 1, ...parts.filter(([start, end]) => start < end));
  return true;
}

/** The units of a list, one by one. */
export function eachUnit(ranges: readonly UnitRange[]): number[] {
  return ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, index) => start + index));
}

function hasRowsOf(chunk: Chunk, from: number, to: number, shards: ReadonlySet<number>): boolean {
  return cutRuns({ chunk, from, to }).some(({ shard }) => shards.has(shard));
}

function countRows({ runs }: Chunk): number {
  return runs.reduce((sum, { rows }) => sum + rows, 0);
}

/** A unit whose message is done with. */
export interface FinishedUnit {
  notificationId: string;
  attempt: number;
  unit: number;
}

/** Units of a batch that are to go into their queue now. */
export interface Handout {
  notificationId: string;
  attempt: number;
  priority: Priority;
  units: number[];
}
