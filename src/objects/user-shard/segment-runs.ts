import type { StoredRow } from "../../model/notification.ts";
import {
  type RunRequest,
  readPartName,
  readRow,
  readUserId,
  type SegmentOutcome,
} from "../../model/segment.ts";
import { readPlaces } from "./segment-store.ts";

/** Targets of one segment that were asked for. */
export interface RunSlice {
  /** The place of the first in its run. */
  from: number;
  /** Without their values where these weren't asked for. */
  targets: StoredRow[];
  /** Unix ms: when its default deliveries were made. */
  storedAt: number;
  outcomes: SegmentOutcome[];
}

/** Segments as what they were made of: a shard's targets in a batch's units, in the order of its audience. */
export class SegmentRuns {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many of a notification's targets stand in segments. */
  count(notificationId: string): number {
    const statement = "SELECT IFNULL(SUM(targets), 0) AS count FROM segments WHERE notification_id = ?";
    return this.#sql.exec<{ count: number }>(statement, notificationId).one().count;
  }

  /**
   * A run's targets from one place to before another; null where not all of the run stands in segments: it isn't
   * delivered yet, or by an earlier version.
   */
  read(run: RunRequest, { from, to }: { from: number; to: number }, withValues: boolean): RunSlice[] | null {
    const parts = this.#listParts(run);
    if (parts.reduce((sum, { targets }) => sum + targets, 0) !== run.count) return null;
    const slices: RunSlice[] = [];
    let start = 0;
    for (const { seq, targets } of parts) {
      const first = Math.max(from, start);
      const end = Math.min(to, start + targets);
      if (first < end)
        slices.push({ from: first, ...this.#readLines(seq, first - start, end - start, withValues) });
      start += targets;
    }
    return slices;
  }

  #listParts({ notificationId, units: [first, end] }: RunRequest): { seq: number; targets: number }[] {
    return this.#sql
      .exec<{ seq: number; part: string; targets: number }>(
        "SELECT seq, part, targets FROM segments WHERE notification_id = ?",
        notificationId,
      )
      .toArray()
      .map(({ part, ...row }) => ({ ...row, ...readPartName(part) }))
      .filter(({ unit }) => first <= unit && unit < end)
      .sort((a, b) => a.unit - b.unit || a.index - b.index);
  }

  #readLines(seq: number, from: number, to: number, withValues: boolean): Omit<RunSlice, "from"> {
    const {
      stored_at: storedAt,
      outcomes,
      lines,
      places,
    } = this.#sql
      .exec<{ stored_at: number; outcomes: string; lines: string; places: string | null }>(
        "SELECT stored_at, outcomes, lines, places FROM segments WHERE seq = ?",
        seq,
      )
      .one();
    const order = readPlaces(places);
    const targets = lines
      .split("\n")
      .slice(from, to)
      .map((line): StoredRow => (withValues ? readRow(line, order) : [readUserId(line)]));
    return { targets, storedAt, outcomes: JSON.parse(outcomes) };
  }
}
