import { parse as parseUuid, stringify as stringifyUuid } from "uuid";
import { isComplete, type Totals } from "../../model/counts.ts";
import { parseNotificationId, timeOfId } from "../../model/ids.ts";
import { DEFAULT_EXPIRY_MS } from "../../model/limits.ts";
import { isToOne, type NotificationHeader } from "../../model/notification.ts";
import type { ShardReport } from "../../model/report.ts";
import { decodeTotals, encodeTotals } from "../../model/totals-code.ts";
import type { FailingStore } from "./failing-store.ts";
import { NameStore } from "./name-store.ts";
import type { NotificationEvents } from "./notification-events.ts";
import type { SeriesChanges } from "./series-store.ts";

/** A realtime send to one as the ledger keeps it. */
export interface Single {
  header: NotificationHeader;
  /** The shard that reports on it. */
  shard: number;
  version: number;
  totals: Totals;
  completedAt: number | null;
}

type SingleRow = {
  id: ArrayBuffer;
  part: string;
  tag: string | null;
  title: string | null;
  expires_after: number | null;
  version: number;
  totals: string;
  completed_after: number | null;
};

const SELECT_SINGLE = `
  SELECT singles.id, parts.name AS part, tags.name AS tag, title, expires_after, version, totals, completed_after
  FROM singles JOIN names AS parts ON parts.id = part LEFT JOIN names AS tags ON tags.id = tag
  WHERE singles.id = ?`;

/**
 * Realtime sends to one user: by far the most notifications, so a row is short. Its id is binary, what many sends have
 * in common is written once and pointed to, times count from the creation, and the totals are a few letters. Writing
 * methods expect to run in a transaction.
 */
export class SingleStore {
  readonly #sql: SqlStorage;
  readonly #names: NameStore;
  readonly #events: NotificationEvents;
  readonly #failing: FailingStore;

  constructor(sql: SqlStorage, events: NotificationEvents, failing: FailingStore) {
    this.#sql = sql;
    this.#names = new NameStore(sql);
    this.#events = events;
    this.#failing = failing;
  }

  get(id: string): Single | null {
    const [row] = this.#sql.exec<SingleRow>(SELECT_SINGLE, toBytes(id)).toArray();
    return row === undefined ? null : toSingle(row);
  }

  /** Whether a report opens a notification that can stand here. */
  fits(header: NotificationHeader, shard: number): boolean {
    const parts = parseNotificationId(header.id);
    return isToOne(header) && parts?.shard === shard && parts.timeMs === header.createdAt;
  }

  /** Writes down a notification that a shard's report is the first to tell of. */
  insert(
    shard: number,
    { version, totals }: ShardReport,
    header: NotificationHeader,
    now: number,
    series: SeriesChanges,
  ): "completed" | "current" {
    const isWhole = isComplete(totals, header.total);
    series.note(header, [], totals);
    this.#failing.note(header.id, [], totals, NO_OTHERS);
    this.#write({ header, shard, version, totals, completedAt: isWhole ? now : null });
    this.#events.noteAccepted(header);
    if (isWhole) this.#events.noteCompleted(header, totals, now);
    return isWhole ? "completed" : "current";
  }

  /** Takes newer totals over the earlier ones. */
  update(
    known: Single,
    { version, totals }: ShardReport,
    now: number,
    series: SeriesChanges,
  ): "stale" | "completed" | "current" {
    const { header } = known;
    if (version <= known.version) return "stale";
    series.note(header, known.totals, totals);
    this.#failing.note(header.id, known.totals, totals, NO_OTHERS);
    const isNewlyWhole = known.completedAt === null && isComplete(totals, header.total);
    const completedAt = isNewlyWhole ? now : known.completedAt;
    this.#sql.exec(
      "UPDATE singles SET version = ?, totals = ?, completed_after = ? WHERE id = ?",
      version,
      encodeTotals(header, totals),
      completedAt === null ? null : completedAt - header.createdAt,
      toBytes(header.id),
    );
    if (isNewlyWhole) this.#events.noteCompleted(header, totals, now);
    return isNewlyWhole ? "completed" : "current";
  }

  /** Removes the short row of a send that is kept in full from now on. */
  delete(id: string): void {
    this.#sql.exec("DELETE FROM singles WHERE id = ?", toBytes(id));
  }

  /** Its user was deleted: nothing is kept that says what was sent. */
  blankLabels(id: string): void {
    const [row] = this.#sql
      .exec<{ tag: number | null }>("SELECT tag FROM singles WHERE id = ?", toBytes(id))
      .toArray();
    this.#sql.exec("UPDATE singles SET title = NULL, tag = NULL WHERE id = ?", toBytes(id));
    if (!row?.tag) return;
    const others = this.#sql.exec("SELECT 1 FROM singles WHERE tag = ? LIMIT 1", row.tag).toArray();
    if (others.length === 0) this.#names.remove(row.tag);
  }

  hasTag(tag: string): boolean {
    const id = this.#names.find("tag", tag);
    return (
      id !== null && this.#sql.exec("SELECT 1 FROM singles WHERE tag = ? LIMIT 1", id).toArray().length > 0
    );
  }

  /** A transaction that wrote here was undone. */
  forget(): void {
    this.#names.forget();
  }

  /** Ids, newest first, `fromId` inclusive, `beforeId` exclusive. */
  listIds(fromId: string | null, beforeId: string | null, limit: number): string[] {
    return this.#listIds(
      "SELECT id FROM singles WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0",
      ...boundsOf(fromId, beforeId),
      limit,
    );
  }

  listIdsByTemplate(key: string, fromId: string | null, beforeId: string | null, limit: number): string[] {
    return this.#listIds(
      "SELECT id FROM singles WHERE template = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0",
      this.#names.find("template", key),
      ...boundsOf(fromId, beforeId),
      limit,
    );
  }

  /** With a template: those that have it among the first `limit` of the tag; `last` is the last one looked at. */
  listIdsByTag(
    tag: string,
    templateKey: string | null,
    fromId: string | null,
    beforeId: string | null,
    limit: number,
  ): { ids: string[]; looked: number; last: string | null } {
    const template = templateKey === null ? null : this.#names.find("template", templateKey);
    const rows = this.#sql
      .exec<{ id: ArrayBuffer; template: number }>(
        "SELECT id, template FROM singles WHERE tag = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0",
        this.#names.find("tag", tag),
        ...boundsOf(fromId, beforeId),
        limit,
      )
      .toArray();
    const fitting = templateKey === null ? rows : rows.filter((row) => row.template === template);
    const last = rows.at(-1);
    return {
      ids: fitting.map(({ id }) => toId(id)),
      looked: rows.length,
      last: last === undefined ? null : toId(last.id),
    };
  }

  /** Ids of the notifications that aren't completed. */
  listOpenIds(fromId: string | null, beforeId: string | null, limit: number): string[] {
    return this.#listIds(
      `SELECT id FROM singles WHERE completed_after IS NULL AND id >= ? AND id < ?
       ORDER BY id DESC LIMIT ? + 0`,
      ...boundsOf(fromId, beforeId),
      limit,
    );
  }

  /** What isn't completed: how many, and the first of them. */
  readOpen(limit: number): { count: number; first: string[] } {
    const { count } = this.#sql
      .exec<{ count: number }>("SELECT COUNT(*) AS count FROM singles WHERE completed_after IS NULL")
      .one();
    return {
      count,
      first: this.#listIds(
        "SELECT id FROM singles WHERE completed_after IS NULL ORDER BY id LIMIT ? + 0",
        limit,
      ),
    };
  }

  #listIds(statement: string, ...values: (ArrayBuffer | number | null)[]): string[] {
    return this.#sql
      .exec<{ id: ArrayBuffer }>(statement, ...values)
      .toArray()
      .map(({ id }) => toId(id));
  }

  #write({ header, version, totals, completedAt }: Single): void {
    const { id, title, tag, createdAt, expiresAt, ...common } = header;
    const livesMs = expiresAt - createdAt;
    this.#sql.exec(
      `INSERT INTO singles (id, part, template, tag, title, expires_after, version, totals, completed_after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      toBytes(id),
      this.#names.intern("part", JSON.stringify(common)),
      this.#names.intern("template", header.templateKey),
      tag === null ? null : this.#names.intern("tag", tag),
      title,
      livesMs === DEFAULT_EXPIRY_MS ? null : livesMs,
      version,
      encodeTotals(header, totals),
      completedAt === null ? null : completedAt - createdAt,
    );
  }
}

/** Whether other shards have failures of it: a send to one is in a single shard. */
const NO_OTHERS = () => false;

function toSingle(row: SingleRow): Single {
  const id = toId(row.id);
  const createdAt = timeOfId(id);
  const header: NotificationHeader = {
    ...JSON.parse(row.part),
    id,
    title: row.title,
    tag: row.tag,
    createdAt,
    expiresAt: createdAt + (row.expires_after ?? DEFAULT_EXPIRY_MS),
  };
  return {
    header,
    shard: parseNotificationId(id)?.shard ?? 0,
    version: row.version,
    totals: decodeTotals(header, row.totals),
    completedAt: row.completed_after === null ? null : createdAt + row.completed_after,
  };
}

function boundsOf(fromId: string | null, beforeId: string | null): [ArrayBuffer, ArrayBuffer] {
  return [
    fromId === null ? new ArrayBuffer(0) : toBytes(fromId),
    beforeId === null ? Uint8Array.from({ length: 17 }, () => 0xff).buffer : toBytes(beforeId),
  ];
}

function toBytes(id: string): ArrayBuffer {
  return Uint8Array.from(parseUuid(id)).buffer;
}

function toId(bytes: ArrayBuffer): string {
  return stringifyUuid(new Uint8Array(bytes));
}
