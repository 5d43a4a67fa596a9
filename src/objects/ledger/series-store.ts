import { diffHours, type HourCounts, type Totals } from "../../model/counts.ts";
import type { ChannelType, NotificationHeader } from "../../model/notification.ts";
import type { SeriesPoint, SeriesQuery } from "../../model/series.ts";
import { CountedTags } from "./counted-tags.ts";

type Change = [
  hour: number,
  type: ChannelType,
  template: string,
  tag: string,
  ...counts: [number, number, number],
];

/**
 * What a call's reports add to the series. Shards report absolute hours, so it is what each report has more than the
 * one before it: a report that comes twice adds nothing.
 */
export class SeriesChanges {
  readonly #changes = new Map<string, Change>();

  /** Takes a shard's new totals of a notification, beside its earlier ones. */
  note({ channels, templateKey, tag }: NotificationHeader, before: Totals, after: Totals): void {
    for (const { channelKey, hours } of after) {
      const type = channels.find(({ key }) => key === channelKey)?.type;
      if (hours === undefined || type === undefined) continue;
      const known = before.find((channel) => channel.channelKey === channelKey)?.hours ?? [];
      for (const more of diffHours(known, hours)) this.#add(type, templateKey, JSON.stringify(tag), more);
    }
  }

  /** Takes a notification's hours away again: they are to be counted under another name. */
  take({ channels, templateKey, tag }: NotificationHeader, totals: Totals): void {
    for (const { channelKey, hours = [] } of totals) {
      const type = channels.find(({ key }) => key === channelKey)?.type;
      if (type === undefined) continue;
      for (const [hour, delivered, viewed, clicked] of hours) {
        this.#add(type, templateKey, JSON.stringify(tag), [hour, -delivered, -viewed, -clicked]);
      }
    }
  }

  list(): Change[] {
    return [...this.#changes.values()];
  }

  #add(type: ChannelType, template: string, tag: string, more: HourCounts): void {
    const [hour, delivered, viewed, clicked] = more;
    const key = JSON.stringify([hour, type, template, tag]);
    const [, , , , ...sum] = this.#changes.get(key) ?? [hour, type, template, tag, 0, 0, 0];
    const counts: [number, number, number] = [sum[0] + delivered, sum[1] + viewed, sum[2] + clicked];
    this.#changes.set(key, [hour, type, template, tag, ...counts]);
  }
}

/** A ledger's events by the hour. */
export class SeriesStore {
  readonly #sql: SqlStorage;
  readonly #tags: CountedTags;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#tags = new CountedTags(sql);
  }

  /** How many tags have series of their own. In a transaction. */
  setMostTags(most: number): void {
    this.#tags.setMost(most);
  }

  /** No notification has this tag any more. In a transaction. */
  forgetTag(tag: string): void {
    this.#tags.remove(JSON.stringify(tag));
  }

  /** A transaction that wrote here was undone. */
  forget(): void {
    this.#tags.forget();
  }

  /** One statement for all reports of a call, in their transaction. */
  add(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#sql.exec(
      `INSERT INTO series (hour, channel_type, template_key, tag, delivered, viewed, clicked)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
       FROM json_each(?) WHERE true
       ON CONFLICT DO UPDATE SET delivered = delivered + excluded.delivered,
         viewed = viewed + excluded.viewed, clicked = clicked + excluded.clicked`,
      this.#toJson(changes),
    );
  }

  /** Removes rows of these changes in which nothing is left. */
  removeEmpty(changes: readonly Change[]): void {
    this.#sql.exec(
      `DELETE FROM series WHERE delivered = 0 AND viewed = 0 AND clicked = 0
         AND (hour, channel_type, template_key, tag) IN (
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?))`,
      this.#toJson(changes),
    );
  }

  read({ fromHour, toHour, step, templateKey, tag }: SeriesQuery): SeriesPoint[] {
    return this.#sql
      .exec<SeriesPoint>(
        `SELECT hour / CAST(?1 AS INTEGER) * CAST(?1 AS INTEGER) AS hour, channel_type AS channelType, SUM(delivered) AS delivered,
           SUM(viewed) AS viewed, SUM(clicked) AS clicked
         FROM series WHERE hour BETWEEN ?2 AND ?3 AND (?4 IS NULL OR template_key = ?4)
           AND (?5 IS NULL OR tag = ?5)
         GROUP BY 1, 2`,
        step,
        fromHour,
        toHour,
        templateKey,
        tag === null ? null : JSON.stringify(tag),
      )
      .toArray();
  }

  /** Each with what its tag is counted as. */
  #toJson(changes: readonly Change[]): string {
    return JSON.stringify(
      changes.map(([hour, type, template, tag, ...counts]) => [
        hour,
        type,
        template,
        this.#tags.nameOf(tag),
        ...counts,
      ]),
    );
  }
}
