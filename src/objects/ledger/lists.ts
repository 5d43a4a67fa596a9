import type { NotificationFilter } from "./contract.ts";
import type { FailingStore } from "./failing-store.ts";
import type { SingleStore } from "./single-store.ts";

/** Rows that one page looks at where an index can't name those that fit. */
const LOOK_ROWS = 5000;

/** Ids, newest first. `endedAt`: below it nothing was looked at; null: to the end, or to the page's. */
export interface IdPage {
  ids: string[];
  endedAt: string | null;
}

type ListedRow = { id: string; template_key: string; tag: string | null; mode: string };

/** After every id. */
const END = "~";

/**
 * Which notifications a list shows: realtime sends to one from their own table, the others by `listings`. What was
 * there before `listings` has no index; up to where that is stands in `unlisted`, and it is looked through in slices.
 */
export class LedgerLists {
  readonly #sql: SqlStorage;
  readonly #singles: SingleStore;
  readonly #failing: FailingStore;

  constructor(sql: SqlStorage, singles: SingleStore, failing: FailingStore) {
    this.#sql = sql;
    this.#singles = singles;
    this.#failing = failing;
  }

  /** A notification that is kept in full can be listed from here on. In its transaction. */
  add(id: string, templateKey: string, tag: string | null, mode: string): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO listings (id, template_key, tag, mode) VALUES (?, ?, ?, ?)",
      id,
      templateKey,
      tag,
      mode,
    );
  }

  blankTag(id: string): void {
    this.#sql.exec("UPDATE listings SET tag = NULL WHERE id = ?", id);
  }

  hasTag(tag: string): boolean {
    if (this.#singles.hasTag(tag)) return true;
    return this.#sql.exec("SELECT 1 FROM listings WHERE tag = ? LIMIT 1", tag).toArray().length > 0;
  }

  /** By tag, template and mode alone, and by the first of state and failures that an index knows. */
  list(filter: NotificationFilter): IdPage {
    if (filter.hasFailures && this.#failing.isComplete) {
      const { fromId, beforeId, limit } = filter;
      return toLook(this.#failing.list(fromId ?? "", beforeId ?? END, limit), limit);
    }
    return filter.state === "sending" ? this.#listOpen(filter) : this.#listAny(filter);
  }

  #listOpen({ fromId, beforeId, limit }: NotificationFilter): IdPage {
    const full = this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM notifications WHERE completed_at IS NULL AND id >= ? AND id < ?
         ORDER BY id DESC LIMIT ? + 0`,
        fromId ?? "",
        beforeId ?? END,
        limit,
      )
      .toArray();
    const ids = [...this.#singles.listOpenIds(fromId, beforeId, limit), ...full.map(({ id }) => id)];
    return toLook(ids.sort().reverse().slice(0, limit), limit);
  }

  #listAny(filter: NotificationFilter): IdPage {
    const pages = [this.#listSingles(filter), this.#listFull(filter), this.#listUnlisted(filter)];
    const ids = [...new Set(pages.flatMap((page) => page.ids))].sort().reverse();
    const endedAt = pages
      .map((page) => page.endedAt ?? "")
      .sort()
      .at(-1);
    if (!endedAt) return { ids: ids.slice(0, filter.limit), endedAt: null };
    const seen = ids.filter((id) => id >= endedAt).slice(0, filter.limit);
    return { ids: seen, endedAt: seen.length === filter.limit ? null : endedAt };
  }

  #listSingles({ tag, templateKey, mode, fromId, beforeId, limit }: NotificationFilter): IdPage {
    if (mode === "batch") return { ids: [], endedAt: null };
    if (tag === null) {
      const ids =
        templateKey === null
          ? this.#singles.listIds(fromId, beforeId, limit)
          : this.#singles.listIdsByTemplate(templateKey, fromId, beforeId, limit);
      return { ids, endedAt: null };
    }
    const looks = templateKey === null ? limit : LOOK_ROWS;
    const { ids, looked, last } = this.#singles.listIdsByTag(tag, templateKey, fromId, beforeId, looks);
    return cut(ids, looked < looks ? null : last, limit);
  }

  #listFull(filter: NotificationFilter): IdPage {
    const { tag, templateKey, mode, limit } = filter;
    const from = filter.fromId ?? "";
    const before = filter.beforeId ?? END;
    const filters = [tag, templateKey, mode].filter((value) => value !== null).length;
    if (filters === 0) {
      const rows = this.#sql
        .exec<{ id: string }>(
          "SELECT id FROM notifications WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0",
          from,
          before,
          limit,
        )
        .toArray();
      return { ids: rows.map(({ id }) => id), endedAt: null };
    }
    const looks = filters === 1 ? limit : LOOK_ROWS;
    const [statement, value] =
      tag !== null
        ? [
            `SELECT id, template_key, tag, mode FROM listings
             WHERE tag = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0`,
            tag,
          ]
        : templateKey !== null
          ? [
              `SELECT id, template_key, tag, mode FROM listings
               WHERE template_key = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0`,
              templateKey,
            ]
          : [
              `SELECT id, template_key, tag, mode FROM listings
               WHERE mode = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ? + 0`,
              mode,
            ];
    const rows = this.#sql.exec<ListedRow>(statement, value, from, before, looks).toArray();
    return cutRows(rows, filter, looks);
  }

  #listUnlisted(filter: NotificationFilter): IdPage {
    const { tag, templateKey, mode } = filter;
    if (tag === null && templateKey === null && mode === null) return { ids: [], endedAt: null };
    const [unlisted] = this.#sql.exec<{ until_id: string }>("SELECT until_id FROM unlisted").toArray();
    if (unlisted === undefined) return { ids: [], endedAt: null };
    const rows = this.#sql
      .exec<ListedRow>(
        `SELECT id, template_key, tag, mode FROM notifications
         WHERE id >= ? AND id < ? AND id <= ? ORDER BY id DESC LIMIT ? + 0`,
        filter.fromId ?? "",
        filter.beforeId ?? END,
        unlisted.until_id,
        LOOK_ROWS,
      )
      .toArray();
    return cutRows(rows, filter, LOOK_ROWS);
  }
}

/** Ids that are still to be looked at: where there are as many as were asked for, there may be more. */
function toLook(ids: string[], limit: number): IdPage {
  return { ids, endedAt: ids.length < limit ? null : (ids.at(-1) ?? null) };
}

function cutRows(rows: readonly ListedRow[], filter: NotificationFilter, looks: number): IdPage {
  const { tag, templateKey, mode, limit } = filter;
  const fitting = rows.filter(
    (row) =>
      (tag === null || row.tag === tag) &&
      (templateKey === null || row.template_key === templateKey) &&
      (mode === null || row.mode === mode),
  );
  return cut(
    fitting.map(({ id }) => id),
    rows.length < looks ? null : (rows.at(-1)?.id ?? null),
    limit,
  );
}

/** A page that is full ends by itself; else at the last row that was looked at. */
function cut(ids: readonly string[], lastLooked: string | null, limit: number): IdPage {
  const page = ids.slice(0, limit);
  return { ids: page, endedAt: page.length === limit ? null : lastLooked };
}
