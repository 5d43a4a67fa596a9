import { timeOfId } from "../../model/ids.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import {
  blankLine,
  findHash,
  findLine,
  hashUserId,
  type SegmentOutcome,
  type SegmentTargets,
} from "../../model/segment.ts";
import type { TemplateText } from "../../model/template.ts";

/** SQL of what {@link SegmentStore} keeps. */
export const SEGMENT_SCHEMA = [
  // What is scanned stands before what is read of a hit: a scan doesn't touch the pages of the lines.
  `CREATE TABLE segments (
    seq INTEGER PRIMARY KEY, notification_id TEXT NOT NULL, part TEXT NOT NULL, stored_at INTEGER NOT NULL,
    targets INTEGER NOT NULL, outcomes TEXT NOT NULL, hashes BLOB NOT NULL, starts BLOB NOT NULL,
    lines TEXT NOT NULL)`,
  "CREATE UNIQUE INDEX segments_by_part ON segments (notification_id, part)",
  // What the texts of segments are made with, by 30 days: it leaves when all of its notifications have.
  `CREATE TABLE segment_templates (
    period INTEGER NOT NULL, key TEXT NOT NULL, template TEXT NOT NULL, PRIMARY KEY (period, key)) WITHOUT ROWID`,
] as const;

/** Where in its lines the variables' values are, JSON; null: in their order. */
export const SEGMENT_PLACES_SCHEMA = ["ALTER TABLE segments ADD COLUMN places TEXT"] as const;

const PERIOD_MS = 30 * 24 * 60 * 60 * 1000;

/** A segment's outcome, and for how many it counted when it was stored. */
export type CountedOutcome = SegmentOutcome & { count: number };

/** A segment without its targets. */
export interface SegmentHead {
  seq: number;
  notificationId: string;
  /** Unix ms: when its default deliveries were made. */
  storedAt: number;
  outcomes: CountedOutcome[];
}

/** A segment that may have a user as a target. */
export interface SegmentHit {
  seq: number;
  notificationId: string;
  /** The first of the user's hash among its hashes. */
  place: number;
}

/** A segment with all of its targets. */
export interface StoredSegment extends SegmentHead {
  targets: SegmentTargets;
}

type HeadRow = { seq: number; notification_id: string; stored_at: number; outcomes: string };
type WholeRow = HeadRow & {
  targets: number;
  hashes: ArrayBuffer;
  starts: ArrayBuffer;
  lines: string;
  places: string | null;
};

const HEAD = "seq, notification_id, stored_at, outcomes";
const NEWEST = "SELECT seq FROM segments ORDER BY seq DESC LIMIT 1";
const OLDEST = "SELECT seq FROM segments ORDER BY seq LIMIT 1";
const WHOLE = `${HEAD}, targets, hashes, starts, lines, places`;

/** The shard's segments and what their texts are made with. Every method expects to run inside a transaction. */
export class SegmentStore {
  readonly #sql: SqlStorage;
  /** The number of the newest segment; null: not read yet, or forgotten as its transaction was undone. */
  #newest: number | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A transaction was undone. */
  forget(): void {
    this.#newest = null;
  }

  has(notificationId: string, part: string): boolean {
    const statement = "SELECT 1 FROM segments WHERE notification_id = ? AND part = ?";
    return this.#sql.exec(statement, notificationId, part).toArray().length > 0;
  }

  /** The number of the newest segment, 0 where there is none. Numbers grow, also where the newest has left. */
  get newest(): number {
    this.#newest ??= this.#sql.exec<{ seq: number }>(NEWEST).toArray()[0]?.seq ?? 0;
    return this.#newest;
  }

  insert(
    notificationId: string,
    part: string,
    { outcomes, targets }: { outcomes: readonly CountedOutcome[]; targets: SegmentTargets },
    now: number,
  ): void {
    const seq = Math.max(this.newest + 1, now * 1000);
    this.#sql.exec(
      `INSERT INTO segments (seq, notification_id, part, stored_at, targets, outcomes, hashes, starts, lines, places)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      notificationId,
      part,
      now,
      targets.count,
      JSON.stringify(outcomes),
      bytesOf(targets.hashes),
      bytesOf(targets.starts),
      targets.lines,
      targets.places === null ? null : JSON.stringify(targets.places),
    );
    this.#newest = seq;
  }

  /** Segments after `seq` that have a target of this hash, oldest first. */
  listHits(seq: number, hash: number): SegmentHit[] {
    const statement = "SELECT seq, notification_id, hashes FROM segments WHERE seq > ? ORDER BY seq";
    return this.#listHits(statement, seq, hash);
  }

  /** A notification's segments that have a target of this hash. */
  listHitsOf(notificationId: string, hash: number): SegmentHit[] {
    const statement = "SELECT seq, notification_id, hashes FROM segments WHERE notification_id = ?";
    return this.#listHits(statement, notificationId, hash);
  }

  #listHits(statement: string, value: number | string, hash: number): SegmentHit[] {
    const hits: SegmentHit[] = [];
    const rows = this.#sql.exec<{ seq: number; notification_id: string; hashes: ArrayBuffer }>(
      statement,
      value,
    );
    for (const row of rows) {
      const place = findHash(new Uint32Array(row.hashes), hash);
      if (place >= 0) hits.push({ seq: row.seq, notificationId: row.notification_id, place });
    }
    return hits;
  }

  /** True where there are more than `count` segments after `seq`. */
  hasMoreAfter(seq: number, count: number): boolean {
    const statement = "SELECT 1 FROM segments WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?";
    return this.#sql.exec(statement, seq, count).toArray().length > 0;
  }

  get(seq: number): StoredSegment | null {
    const [row] = this.#sql.exec<WholeRow>(`SELECT ${WHOLE} FROM segments WHERE seq = ?`, seq).toArray();
    return row === undefined ? null : toSegment(row);
  }

  listHeads(notificationId: string): (SegmentHead & { targets: number })[] {
    return this.#sql
      .exec<HeadRow & { targets: number }>(
        `SELECT ${HEAD}, targets FROM segments WHERE notification_id = ? ORDER BY part`,
        notificationId,
      )
      .toArray()
      .map((row) => ({ ...toHead(row), targets: row.targets }));
  }

  /** A notification's segments one by one: each may have a megabyte. */
  *listOf(notificationId: string): Generator<StoredSegment> {
    for (const { seq } of this.listHeads(notificationId)) {
      const segment = this.get(seq);
      if (segment !== null) yield segment;
    }
  }

  /** Of a notification, which of these users are its targets, and what became of them by default. */
  findTargets(notificationId: string, userIds: readonly string[]): Map<string, SegmentHead> {
    const found = new Map<string, SegmentHead>();
    for (const { targets, ...head } of this.listOf(notificationId)) {
      for (const userId of userIds) {
        if (!found.has(userId) && findLine(targets, userId) !== null) found.set(userId, head);
      }
    }
    return found;
  }

  /**
   * Takes a deleted user's values out of segments of notifications before `beforeId`, in the order of their numbers, at
   * most `limit` of them. Returns where to go on; null where that was the last.
   */
  blank(userId: string, beforeId: string, after: number, limit: number): number | null {
    const hash = hashUserId(userId);
    let last = after;
    let looked = 0;
    const hits: number[] = [];
    for (const row of this.#sql.exec<{ seq: number; notification_id: string; hashes: ArrayBuffer }>(
      "SELECT seq, notification_id, hashes FROM segments WHERE seq > ? ORDER BY seq LIMIT ? + 0",
      after,
      limit,
    )) {
      looked++;
      last = row.seq;
      const isEarlier = row.notification_id < beforeId;
      if (isEarlier && findHash(new Uint32Array(row.hashes), hash) >= 0) hits.push(row.seq);
    }
    for (const seq of hits) {
      const segment = this.get(seq);
      const place = segment === null ? null : findLine(segment.targets, userId);
      if (segment === null || place === null) continue;
      const lines = blankLine(segment.targets.lines, userId, place);
      this.#sql.exec("UPDATE segments SET lines = ? WHERE seq = ?", lines, seq);
    }
    return looked < limit ? null : last;
  }

  /** Removes segments of notifications before this one; returns how many. */
  deleteBefore(id: string, limit: number): number {
    return this.#sql
      .exec(
        `DELETE FROM segments WHERE seq IN (SELECT seq FROM segments WHERE notification_id < ? LIMIT ? + 0)
         RETURNING 1`,
        id,
        limit,
      )
      .toArray().length;
  }

  /** Removes templates of periods that ended before this notification: no segment is made with them any more. */
  deleteTemplatesBefore(id: string): void {
    this.#sql.exec("DELETE FROM segment_templates WHERE period < ?", periodOf(id));
  }

  /** The number of the oldest segment; null where there is none. */
  getOldest(): number | null {
    return this.#sql.exec<{ seq: number }>(OLDEST).toArray()[0]?.seq ?? null;
  }

  hasTemplate(header: NotificationHeader): boolean {
    const statement = "SELECT 1 FROM segment_templates WHERE period = ? AND key = ?";
    return this.#sql.exec(statement, periodOf(header.id), keyOf(header)).toArray().length > 0;
  }

  putTemplate(header: NotificationHeader, template: TemplateText): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO segment_templates (period, key, template) VALUES (?, ?, ?)",
      periodOf(header.id),
      keyOf(header),
      JSON.stringify(template),
    );
  }

  /** Throws where it isn't there: no segment is stored before it. */
  getTemplate(header: NotificationHeader): TemplateText {
    const { template } = this.#sql
      .exec<{ template: string }>(
        "SELECT template FROM segment_templates WHERE period = ? AND key = ?",
        periodOf(header.id),
        keyOf(header),
      )
      .one();
    return JSON.parse(template);
  }
}

/** The key of a template's stored text: a version's content for the same channels never changes. */
export function keyOf({ templateId, templateVersion, channels }: NotificationHeader): string {
  return JSON.stringify([templateId, templateVersion, ...channels.map(({ key }) => key)]);
}

function periodOf(notificationId: string): number {
  return Math.floor(timeOfId(notificationId) / PERIOD_MS);
}

/** What a row of a segment says but its targets. */
export function toHead(row: HeadRow): SegmentHead {
  return {
    seq: row.seq,
    notificationId: row.notification_id,
    storedAt: row.stored_at,
    outcomes: JSON.parse(row.outcomes),
  };
}

function toSegment(row: WholeRow): StoredSegment {
  const hashes = new Uint32Array(row.hashes);
  const starts = new Uint32Array(row.starts);
  const places = readPlaces(row.places);
  return { ...toHead(row), targets: { count: row.targets, hashes, starts, lines: row.lines, places } };
}

/** The places of a segment's row. */
export function readPlaces(json: string | null): number[] | null {
  return json === null ? null : JSON.parse(json);
}

function bytesOf(numbers: Uint32Array): ArrayBuffer {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice().buffer;
}
