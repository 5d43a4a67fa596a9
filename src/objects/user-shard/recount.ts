import { HOUR_MS, type HourCounts } from "../../model/counts.ts";
import type { DeliveryStore } from "./delivery-store.ts";

/** The duty's kind in the shard's due table; the schema below has it too. */
export const RECOUNT_DUTY = "recount";

/** Deliveries that one turn looks at. */
const SLICE_ROWS = 5000;

/**
 * Versions before analytics kept no times in a notification's totals: when was delivered, viewed, clicked. Which
 * notifications that is true of is found once, when the database is brought to this version; then this table holds
 * them until their deliveries were counted, in the order of the primary key.
 */
export const RECOUNT_SCHEMA = [
  "CREATE TABLE recounts (id TEXT PRIMARY KEY) WITHOUT ROWID",
  // The oldest say whether there are any: where they have their hours, all that came later have theirs.
  `INSERT INTO recounts SELECT id FROM notifications WHERE EXISTS (
      SELECT 1 FROM (SELECT totals AS oldest FROM notifications ORDER BY id LIMIT 100), json_each(oldest)
      WHERE value ->> 'delivered' > 0 AND value -> 'hours' IS NULL)
    AND EXISTS (SELECT 1 FROM json_each(totals) WHERE value ->> 'delivered' > 0 AND value -> 'hours' IS NULL)`,
  // What happens from `began_at` on is counted as it happens. The rest: the last delivery that was looked at.
  `CREATE TABLE recount_place (
    began_at INTEGER NOT NULL, user_id TEXT NOT NULL, notification_id TEXT NOT NULL, channel_key TEXT NOT NULL)`,
  `INSERT INTO recount_place SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), '', '', ''
    WHERE EXISTS (SELECT 1 FROM recounts)`,
  "INSERT OR IGNORE INTO due (kind, id, at) SELECT 'recount', '', began_at FROM recount_place",
] as const;

type Place = { began_at: number; user_id: string; notification_id: string; channel_key: string };
type Row = Omit<Place, "began_at"> & {
  is_wanted: number;
  delivered_at: number | null;
  viewed_at: number | null;
  clicked_at: number | null;
};

/** Counts by the hour what earlier versions didn't, a slice at a time. Expects to run in a transaction. */
export class Recount {
  readonly #sql: SqlStorage;
  readonly #deliveries: DeliveryStore;

  constructor(sql: SqlStorage, deliveries: DeliveryStore) {
    this.#sql = sql;
    this.#deliveries = deliveries;
  }

  /** Counts the next slice; false where that was the last. */
  serve(): boolean {
    const [place] = this.#sql.exec<Place>("SELECT * FROM recount_place LIMIT 1").toArray();
    if (place === undefined) return false;
    const rows = this.#readAfter(place);
    for (const [id, channels] of sumByNotification(rows, place.began_at)) {
      this.#deliveries.addPast(id, channels);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICE_ROWS) {
      this.#sql.exec("DELETE FROM recounts");
      this.#sql.exec("DELETE FROM recount_place");
      return false;
    }
    this.#sql.exec(
      "UPDATE recount_place SET user_id = ?, notification_id = ?, channel_key = ?",
      last.user_id,
      last.notification_id,
      last.channel_key,
    );
    return true;
  }

  #readAfter({ user_id, notification_id, channel_key }: Place): Row[] {
    return this.#sql
      .exec<Row>(
        `SELECT user_id, notification_id, channel_key, delivered_at, viewed_at, clicked_at,
           EXISTS (SELECT 1 FROM recounts WHERE id = notification_id) AS is_wanted
         FROM deliveries WHERE (user_id, notification_id, channel_key) > (?, ?, ?)
         ORDER BY user_id, notification_id, channel_key LIMIT ? + 0`,
        user_id,
        notification_id,
        channel_key,
        SLICE_ROWS,
      )
      .toArray();
  }
}

type ByChannel = Map<string, HourCounts[]>;

function sumByNotification(rows: readonly Row[], beganAt: number): Map<string, ByChannel> {
  const byNotification = new Map<string, ByChannel>();
  for (const row of rows) {
    if (row.is_wanted === 0) continue;
    const channels: ByChannel = byNotification.get(row.notification_id) ?? new Map();
    byNotification.set(row.notification_id, channels);
    const hours = channels.get(row.channel_key) ?? [];
    channels.set(row.channel_key, hours);
    for (const [event, at] of [row.delivered_at, row.viewed_at, row.clicked_at].entries()) {
      if (at === null || at >= beganAt) continue;
      const hour = Math.floor(at / HOUR_MS);
      let entry = hours.find(([known]) => known === hour);
      if (entry === undefined) {
        entry = [hour, 0, 0, 0];
        hours.push(entry);
      }
      entry[event + 1] = (entry[event + 1] ?? 0) + 1;
    }
  }
  return byNotification;
}
