import { timeOfId } from "../../model/ids.ts";
import { DEFAULT_EXPIRY_MS, MAX_HEADER_PARTS } from "../../model/limits.ts";
import { isToOne, type NotificationHeader } from "../../model/notification.ts";

/**
 * What the headers of many sends have in common stands once for each such time: it can leave when they all have, and
 * nobody need count who points to it.
 */
export const HEADER_PERIOD_MS = 30 * 24 * 60 * 60 * 1000;
/** Parts that are remembered beside the table. */
const MAX_REMEMBERED = 500;

/** SQL of what {@link HeaderStore} keeps; `part` null: the header stands in its row, whole. */
export const HEADER_PARTS_SCHEMA = [
  "ALTER TABLE notifications ADD COLUMN part INTEGER",
  "CREATE TABLE header_parts (id INTEGER PRIMARY KEY, part TEXT NOT NULL)",
  "CREATE INDEX header_parts_by_part ON header_parts (part, id)",
] as const;

/** A header as its row has it. */
export type StoredHeader = { header: string; part: number | null };

type CommonHeader = Omit<NotificationHeader, "id" | "title" | "tag" | "createdAt" | "expiresAt">;
/** What a send to one has for itself; a time that the id says, and the usual expiry, go without saying. */
type OwnHeader = Partial<Pick<NotificationHeader, "title" | "tag" | "createdAt" | "expiresAt">>;

/**
 * Headers of the shard's notifications. Those of sends to one are by far the most, and differ in title and tag: the
 * rest is written once in 30 days and pointed to by number. Its numbers begin anew with each period, so what has
 * expired is the beginning of the table.
 */
export class HeaderStore {
  readonly #sql: SqlStorage;
  readonly #numbers = new Map<string, number>();
  readonly #parts = new Map<number, CommonHeader>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What a notification's row is to have. In a transaction; should it be undone, call {@link forget}. */
  pack(header: NotificationHeader): StoredHeader {
    const { id, title, tag, createdAt, expiresAt, ...common } = header;
    const part = isToOne(header) ? this.#intern(id, JSON.stringify(common)) : null;
    if (part === null) return { header: JSON.stringify(header), part };
    const own: OwnHeader = {
      ...(title === null ? {} : { title }),
      ...(tag === null ? {} : { tag }),
      ...(createdAt === timeOfId(id) ? {} : { createdAt }),
      ...(expiresAt === createdAt + DEFAULT_EXPIRY_MS ? {} : { expiresAt }),
    };
    return { header: JSON.stringify(own), part };
  }

  unpack(id: string, { header, part }: StoredHeader): NotificationHeader {
    if (part === null) return JSON.parse(header);
    const { title = null, tag = null, ...times }: OwnHeader = JSON.parse(header);
    const { createdAt = timeOfId(id) } = times;
    const { expiresAt = createdAt + DEFAULT_EXPIRY_MS } = times;
    return { ...this.#read(part), id, title, tag, createdAt, expiresAt };
  }

  /**
   * Removes parts of periods that ended before this notification: none of theirs is stored any more. False where some
   * may be left.
   */
  deleteBefore(id: string, limit: number): boolean {
    const first = firstNumberOf(id);
    const deleted = this.#sql
      .exec(
        `DELETE FROM header_parts WHERE id IN
           (SELECT id FROM header_parts WHERE id < ? ORDER BY id LIMIT ? + 0) RETURNING 1`,
        first,
        limit,
      )
      .toArray().length;
    this.forget();
    return deleted < limit;
  }

  /** A transaction was undone: the table is believed, not what is remembered. */
  forget(): void {
    this.#numbers.clear();
    this.#parts.clear();
  }

  /** The part's number in its notification's period, a new one where it has none; null where the period is full. */
  #intern(id: string, part: string): number | null {
    const first = firstNumberOf(id);
    const key = `${first}:${part}`;
    const remembered = this.#numbers.get(key);
    if (remembered !== undefined) return remembered;
    const end = first + MAX_HEADER_PARTS;
    const [known] = this.#sql
      .exec<{ id: number }>(
        "SELECT id FROM header_parts WHERE part = ? AND id >= ? AND id < ? LIMIT 1",
        part,
        first,
        end,
      )
      .toArray();
    if (known !== undefined) {
      if (this.#numbers.size >= MAX_REMEMBERED) this.#numbers.clear();
      this.#numbers.set(key, known.id);
      return known.id;
    }
    const [last] = this.#sql
      .exec<{ id: number }>(
        "SELECT id FROM header_parts WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
        first,
        end,
      )
      .toArray();
    const next = last === undefined ? first : last.id + 1;
    if (next === end) return null;
    this.#sql.exec("INSERT INTO header_parts (id, part) VALUES (?, ?)", next, part);
    return next;
  }

  #read(number: number): CommonHeader {
    const remembered = this.#parts.get(number);
    if (remembered !== undefined) return remembered;
    const { part } = this.#sql
      .exec<{ part: string }>("SELECT part FROM header_parts WHERE id = ?", number)
      .one();
    const common: CommonHeader = JSON.parse(part);
    if (this.#parts.size >= MAX_REMEMBERED) this.#parts.clear();
    this.#parts.set(number, common);
    return common;
  }
}

function firstNumberOf(id: string): number {
  return Math.floor(timeOfId(id) / HEADER_PERIOD_MS) * MAX_HEADER_PARTS;
}
