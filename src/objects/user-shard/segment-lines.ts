import { findLine } from "../../model/segment.ts";
import { readPlaces, type SegmentHead, type SegmentHit, type SegmentStore, toHead } from "./segment-store.ts";

/** A user's own line of a segment. */
export interface UserLine extends SegmentHead {
  line: string;
  /** Where in it the values of the template's variables are; null: in their order. */
  places: number[] | null;
}

type FoundLine = Pick<UserLine, "line" | "places">;
type HeadRow = { seq: number; notification_id: string; stored_at: number; outcomes: string; start: string };

const HEADS = `
  SELECT seq, notification_id, stored_at, outcomes, hex(substr(starts, value ->> 1, 4)) AS start
  FROM json_each(?) CROSS JOIN segments ON seq = value ->> 0`;

/** Of a line that is read by itself, bytes or characters; a longer one is read with all others. */
const WINDOW = 1024;
/** Where a line begins is known in UTF-16 units: bytes, where all before it is ASCII, and mostly characters. */
const WINDOWS = [
  `SELECT seq, places, CAST(substr(CAST(lines AS BLOB), value ->> 1, ?2) AS TEXT) AS text
   FROM json_each(?1) CROSS JOIN segments ON seq = value ->> 0`,
  `SELECT seq, places, substr(lines, value ->> 1, ?2) AS text
   FROM json_each(?1) CROSS JOIN segments ON seq = value ->> 0`,
];

/** Reads lines of single users out of segments, mostly without the hundred kilobytes of the others. */
export class SegmentLines {
  readonly #sql: SqlStorage;
  readonly #segments: SegmentStore;

  constructor(sql: SqlStorage, segments: SegmentStore) {
    this.#sql = sql;
    this.#segments = segments;
  }

  /** A user's lines in those of these segments that have the user, not only the hash, in the order of `hits`. */
  read(userId: string, hits: readonly SegmentHit[]): UserLine[] {
    const asked = JSON.stringify(hits.map(({ seq, place }) => [seq, 4 * place + 1]));
    const heads = this.#sql.exec<HeadRow>(HEADS, asked).toArray();
    const lines = this.#readWindows(userId, new Map(heads.map(({ seq, start }) => [seq, readNumber(start)])));
    return heads.flatMap((head) => {
      const line = lines.get(head.seq) ?? this.#readWhole(head.seq, userId);
      return line === null ? [] : [{ ...toHead(head), ...line }];
    });
  }

  /** What is surely the user's line and all of it, by segment. */
  #readWindows(userId: string, starts: ReadonlyMap<number, number>): Map<number, FoundLine> {
    const found = new Map<number, FoundLine>();
    const head = `[${JSON.stringify(userId)}`;
    for (const statement of WINDOWS) {
      const left = [...starts].filter(([seq]) => !found.has(seq));
      if (left.length === 0) break;
      // With the newline before it, which no value has: nothing inside another's line is taken for this one.
      const asked = JSON.stringify(left.map(([seq, start]) => [seq, Math.max(start, 1)]));
      for (const row of this.#sql.exec<{ seq: number; places: string | null; text: string }>(
        statement,
        asked,
        WINDOW,
      )) {
        const begin = starts.get(row.seq) === 0 ? "" : "\n";
        const line = row.text.startsWith(begin + head) ? readOne(row.text, begin.length) : null;
        if (line !== null) found.set(row.seq, { line, places: readPlaces(row.places) });
      }
    }
    return found;
  }

  #readWhole(seq: number, userId: string): FoundLine | null {
    const targets = this.#segments.get(seq)?.targets;
    const place = targets === undefined ? null : findLine(targets, userId);
    if (targets === undefined || place === null) return null;
    return { line: targets.lines.slice(place.start, place.end), places: targets.places };
  }
}

/** The line that begins at `from`; null where its end isn't in the window: then it is longer, or the last one. */
function readOne(text: string, from: number): string | null {
  const end = text.indexOf("\n", from);
  return end < 0 ? null : text.slice(from, end);
}

/** A number of a segment's index: four bytes, the lowest first. */
function readNumber(hex: string): number {
  const bytes = [6, 4, 2, 0].map((at) => hex.slice(at, at + 2));
  return Number.parseInt(bytes.join(""), 16);
}
