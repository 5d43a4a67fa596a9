import { isLookalike } from "./lookalike.ts";

/** Which route a caller may have meant by a path that there isn't. Pure. */

/** A path that has more is no slip. */
const MAX_SEGMENTS = 12;
/** A path differs by so much at most: two segments that lack or are wrong. */
const MAX_COST = 2;

/** The nearest of `patterns` (`/users/:uid`) as a document writes it (`/users/{uid}`); null where none is near. */
export function nearestPath(path: string, patterns: readonly string[]): string | null {
  const given = segmentsOf(path);
  if (given.length === 0 || given.length > MAX_SEGMENTS) return null;
  let [nearest, least]: [string | null, number] = [null, MAX_COST + 1];
  for (const pattern of patterns) {
    const wanted = segmentsOf(pattern);
    // A path of one or two words that shares none with the route isn't meant by it.
    if (!wanted.some((segment) => given.some((word) => isSame(word, segment)))) continue;
    const cost = costOf(given, wanted);
    if (cost < least) [nearest, least] = [pattern, cost];
  }
  return nearest?.replaceAll(/:(\w+)/g, "{$1}") ?? null;
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function isSame(word: string, segment: string): boolean {
  return !segment.startsWith(":") && (word === segment || isLookalike(word, segment));
}

/** How far one is from the other: 1 for a segment that lacks, less for one that is nearly right. */
function costOf(given: readonly string[], wanted: readonly string[]): number {
  let above = wanted.map((_, index) => index + 1);
  above.unshift(0);
  for (const [row, word] of given.entries()) {
    const line = [row + 1];
    for (const [column, segment] of wanted.entries()) {
      const change = (above[column] ?? 0) + replaceCost(word, segment);
      line.push(Math.min(change, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}

function replaceCost(word: string, segment: string): number {
  if (word === segment) return 0;
  if (segment.startsWith(":")) return 0.1;
  return isLookalike(word, segment) ? 0.3 : 2;
}
