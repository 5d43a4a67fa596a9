import type { Totals } from "../../model/counts.ts";
import { isToOne, type NotificationHeader, withoutLabels } from "../../model/notification.ts";
import type { LedgerLists } from "./lists.ts";
import { SeriesChanges, type SeriesStore } from "./series-store.ts";
import type { SingleStore } from "./single-store.ts";

interface LedgerPrivacyParts {
  sql: SqlStorage;
  series: SeriesStore;
  singles: SingleStore;
  lists: LedgerLists;
}

/**
 * What a ledger holds of single users: title and tag of realtime sends to one, and the raw values of realtime targets
 * that are kept for a retry. Methods expect to run in a transaction; done again, they change nothing.
 */
export class LedgerPrivacy {
  readonly #sql: SqlStorage;
  readonly #series: SeriesStore;
  readonly #singles: SingleStore;
  readonly #lists: LedgerLists;

  constructor({ sql, series, singles, lists }: LedgerPrivacyParts) {
    this.#sql = sql;
    this.#series = series;
    this.#singles = singles;
    this.#lists = lists;
  }

  /** The user was deleted: nothing is kept of these notifications that says what was sent to them. */
  forgetUser(userId: string, ids: readonly string[]): void {
    this.blankLabels(ids);
    this.#sql.exec(
      `UPDATE plans SET plan = json_set(plan, '$.source.rows', (
         SELECT json_group_array(json(iif(value ->> 0 = ?1, json_array(?1), value)))
         FROM json_each(plan, '$.source.rows')))
       WHERE notification_id IN (SELECT value FROM json_each(?2)) AND plan ->> '$.source.kind' = 'inline'`,
      userId,
      JSON.stringify(ids),
    );
  }

  /** Takes title and tag from realtime sends to one: what happened to them counts without a tag from then on. */
  blankLabels(ids: readonly string[]): void {
    for (const id of ids) this.#blankSingle(id);
    const rows = this.#sql
      .exec<{ header: string }>(
        `SELECT header FROM notifications
         WHERE id IN (SELECT value FROM json_each(?)) AND mode = 'realtime'`,
        JSON.stringify(ids),
      )
      .toArray();
    const headers = rows
      .map((row): NotificationHeader => JSON.parse(row.header))
      .filter((header) => isToOne(header) && (header.title !== null || header.tag !== null));
    for (const header of headers) {
      const blank = withoutLabels(header);
      if (header.tag !== null) this.#moveSeries(header, blank, this.#readTotals(header.id));
      this.#sql.exec(
        "UPDATE notifications SET header = ?, tag = NULL WHERE id = ?",
        JSON.stringify(blank),
        header.id,
      );
      this.#lists.blankTag(header.id);
      this.#forgetTag(header.tag);
    }
    // A retry's plan has the header once more, and what was pushed beside the content.
    this.#sql.exec(
      `UPDATE plans SET plan = json_replace(plan, '$.header.title', NULL, '$.header.tag', NULL,
         '$.pushData', json('{}'), '$.details.pushData', json('{}'))
       WHERE notification_id IN (SELECT value FROM json_each(?)) AND plan ->> '$.source.kind' = 'inline'
         AND plan ->> '$.header.total' = 1`,
      JSON.stringify(ids),
    );
  }

  /** No retry needs the raw values of these realtime sends' targets any more. */
  dropValues(ids: readonly string[]): void {
    this.#sql.exec(
      `UPDATE plans SET plan = json_set(plan, '$.source.rows', (
         SELECT json_group_array(json(json_array(value ->> 0))) FROM json_each(plan, '$.source.rows')))
       WHERE notification_id IN (SELECT value FROM json_each(?)) AND plan ->> '$.source.kind' = 'inline'`,
      JSON.stringify(ids),
    );
  }

  /** The time for retries is over: drops a slice's values. Returns how far it came; null at the end. */
  dropEndedValues(afterId: string, limit: number): string | null {
    const ids = this.#sql
      .exec<{ id: string }>(
        "SELECT notification_id AS id FROM plans WHERE notification_id > ? ORDER BY notification_id LIMIT ?",
        afterId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
    this.dropValues(ids);
    return ids.length < limit ? null : (ids.at(-1) ?? null);
  }

  #blankSingle(id: string): void {
    const single = this.#singles.get(id);
    if (single === null || (single.header.title === null && single.header.tag === null)) return;
    const { header, totals } = single;
    if (header.tag !== null) this.#moveSeries(header, withoutLabels(header), totals);
    this.#singles.blankLabels(id);
    this.#forgetTag(header.tag);
  }

  /** A tag that was this user's alone may say something of them. */
  #forgetTag(tag: string | null): void {
    if (tag !== null && !this.#lists.hasTag(tag)) this.#series.forgetTag(tag);
  }

  #readTotals(id: string): Totals {
    const [row] = this.#sql
      .exec<{ totals: string }>("SELECT totals FROM shard_reports WHERE notification_id = ?", id)
      .toArray();
    return row === undefined ? [] : JSON.parse(row.totals);
  }

  #moveSeries(from: NotificationHeader, to: NotificationHeader, totals: Totals): void {
    const changes = new SeriesChanges();
    changes.take(from, totals);
    changes.note(to, [], totals);
    this.#series.add(changes.list());
    this.#series.removeEmpty(changes.list());
  }
}
