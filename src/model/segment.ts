/**
 * A segment is what a user shard stores of a part of a batch: its targets with their values, once, in place of a row
 * for each target and channel. Pure.
 */

import type { UnitRange } from "./chunk-units.ts";
import type { DeliveryStatus, NotificationHeader, StoredRow } from "./notification.ts";
import type { TemplateText } from "./template.ts";

/** The targets of a segment as they are stored, and how to find one of them without reading the others. */
export interface SegmentTargets {
  /** Their number. */
  count: number;
  /** A line for each: the JSON array `[userId, ...values]`. */
  lines: string;
  /** Where in that array the value of each of the template's variables is; null: in their order, from 1 on. */
  places: number[] | null;
  /** The hashes of the targets' user ids, ascending. */
  hashes: Uint32Array;
  /** Where the line of the target in the same place of `hashes` begins, UTF-16 units. */
  starts: Uint32Array;
}

/** What became of a segment's targets in one channel, but for those who have a row of their own. */
export interface SegmentOutcome {
  channelKey: string;
  status: DeliveryStatus;
  reason: string | null;
}

/** A part of a batch for one shard. */
export interface SegmentRequest {
  header: NotificationHeader;
  /** Targets of this notification that this shard will get in all. */
  expected: number;
  /** Which part of the notification it is: the same whenever it is delivered again. */
  part: string;
  /** For each of the notification's channels, in their order. */
  outcomes: SegmentOutcome[];
  targets: SegmentTargets;
  /** The request's push data; null where no channel is a push channel. */
  pushData: Record<string, string> | null;
  /** What texts are made with; null where the shard should have it. */
  template: TemplateText | null;
  /**
   * The caller takes the shard's report to the ledger before its message counts as done with: the shard needs no duty
   * for it. An earlier version's caller doesn't.
   */
  carriesReport?: boolean;
}

/** One shard's targets in some units of a batch, in the order of its audience. */
export interface RunRequest {
  notificationId: string;
  units: UnitRange;
  /** How many they are. */
  count: number;
}

/** The name of a unit's part in one shard, by how far the unit was cut. */
export function partName(unit: number, index: number): string {
  return `${unit}.${index}`;
}

/** What {@link partName} was made of. */
export function readPartName(part: string): { unit: number; index: number } {
  const [unit, index] = part.split(".").map(Number);
  return { unit: unit ?? 0, index: index ?? 0 };
}

/** Collects the lines of targets, which stay in the order in which they come. */
export class SegmentWriter {
  readonly #lines: string[] = [];
  #length = 0;

  /** UTF-16 units of the lines. */
  get length(): number {
    return this.#length;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
  }

  finish(): SegmentTargets {
    return indexTargets(this.#lines.join("\n"), null);
  }
}

/** More lines than a segment has; with a hash of 32 bits a number still holds both exactly. */
const MOST_LINES = 2 ** 20;

/** The targets of lines, which stay as they are: without reading their values. */
export function indexTargets(lines: string, places: number[] | null): SegmentTargets {
  const lineStarts: number[] = [];
  // A hash and its line in one number, so that sorting the numbers sorts both.
  const keys: number[] = [];
  for (let start = 0; start < lines.length; ) {
    const newline = lines.indexOf("\n", start);
    const end = newline < 0 ? lines.length : newline;
    keys.push(hashLine(lines, start, end) * MOST_LINES + lineStarts.length);
    lineStarts.push(start);
    start = end + 1;
  }
  const count = keys.length;
  const sorted = Float64Array.from(keys).sort();
  const hashes = new Uint32Array(count);
  const starts = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const key = sorted[index] ?? 0;
    hashes[index] = Math.floor(key / MOST_LINES);
    starts[index] = lineStarts[key % MOST_LINES] ?? 0;
  }
  return { count, lines, places, hashes, starts };
}

/** A target's line. `values` null: a target without variables. */
export function writeLine(userId: string, values: readonly unknown[] | null): string {
  return values === null ? JSON.stringify([userId]) : JSON.stringify([userId, ...values]);
}

/** `places` as {@link SegmentTargets} has them. */
export function readLine(
  line: string,
  places: readonly number[] | null,
): { userId: string; values: unknown[] | null } {
  const row: [string, ...unknown[]] = JSON.parse(line);
  const [userId, ...values] = row;
  if (values.length === 0) return { userId, values: null };
  return { userId, values: places === null ? values : places.map((place) => row[place]) };
}

/** The target of a line as an audience has it, its values in the order of the template's variables. */
export function readRow(line: string, places: readonly number[] | null): StoredRow {
  const { userId, values } = readLine(line, places);
  return values === null ? [userId] : [userId, ...values];
}

/** The user ids of a segment's targets, in the order of their lines. */
export function listUsers({ lines }: Pick<SegmentTargets, "lines">): string[] {
  return lines.split("\n").map(readUserId);
}

/** Values needn't be read for it, where the id has no escapes. */
export function readUserId(line: string): string {
  const end = line.indexOf('"', 2);
  const id = line.slice(2, end);
  return end < 0 || id.includes("\\") ? readLine(line, null).userId : id;
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units. Who wants collisions finds them, and slows down the reads of an own user. */
export function hashUserId(userId: string): number {
  let hash = FNV_BASIS;
  for (let index = 0; index < userId.length; index++) {
    hash = Math.imul(hash ^ userId.charCodeAt(index), FNV_PRIME);
  }
  return hash >>> 0;
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);

/** The hash of the user id in a line, which begins at `start`. */
function hashLine(lines: string, start: number, end: number): number {
  let hash = FNV_BASIS;
  for (let index = start + 2; index < end; index++) {
    const unit = lines.charCodeAt(index);
    if (unit === QUOTE) break;
    if (unit === BACKSLASH) return hashUserId(readUserId(lines.slice(start, end)));
    hash = Math.imul(hash ^ unit, FNV_PRIME);
  }
  return hash >>> 0;
}

/** The first place of a hash among ascending ones, or -1. */
export function findHash(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return hashes[low] === hash ? low : -1;
}

/** Where a user's line begins and ends, or null where the user is no target. */
export function findLine(
  { hashes, starts, lines }: Pick<SegmentTargets, "hashes" | "starts" | "lines">,
  userId: string,
): { start: number; end: number } | null {
  const hash = hashUserId(userId);
  const head = `[${JSON.stringify(userId)}`;
  for (let place = findHash(hashes, hash); place >= 0 && hashes[place] === hash; place++) {
    const start = starts[place] ?? 0;
    if (!lines.startsWith(head, start)) continue;
    const next = lines[start + head.length];
    // After the id a comma, the end, or the blanks in place of erased values.
    if (next !== "," && next !== "]" && next !== " ") continue;
    const end = lines.indexOf("\n", start);
    return { start, end: end < 0 ? lines.length : end };
  }
  return null;
}

/** The lines without a user's values: as long as before, so that all others stay where they are. */
export function blankLine(
  lines: string,
  userId: string,
  { start, end }: { start: number; end: number },
): string {
  const blank = `${`[${JSON.stringify(userId)}`.padEnd(end - start - 1, " ")}]`;
  return lines.slice(0, start) + blank + lines.slice(end);
}
