import { requireDispatched } from "../../channels/table.ts";
import type { DeliverySlice } from "../../model/delivery.ts";
import type { DeliveryStatus, SkipReason } from "../../model/notification.ts";

export type InsertedRow = {
  user_id: string;
  channel_key: string;
  status: DeliveryStatus;
  reason: string | null;
};

const INSERT_DELIVERIES = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 1, value ->> 5,
    CASE value ->> 3 WHEN 'delivered' THEN ?2 END
  FROM json_each(?3) WHERE true
  ON CONFLICT DO NOTHING`;

// Whether a user can be reached is decided where the addresses are, in the same statement. ?3: the channel's type, ?4: why
// a delivery to a user without one is skipped.
const INSERT_DISPATCHED = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, iif(skips, 'skipped', value ->> 3),
    iif(skips, ?4, value ->> 4), 1, NULL
  FROM (SELECT value, value ->> 3 = 'pending' AND NOT EXISTS (
      SELECT 1 FROM devices WHERE user_id = targets.value ->> 0 AND channel_type = ?3
    ) AS skips FROM json_each(?2) AS targets) WHERE true
  ON CONFLICT DO NOTHING`;

// Where somebody was deleted since the notification was accepted: of a gone user only the key and the skip.
const INSERT_FOR_THE_LIVING = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, iif(gone OR skips, 'skipped', value ->> 3),
    CASE WHEN gone THEN 'user_deleted' WHEN skips THEN ?5 ELSE value ->> 4 END, 1,
    iif(gone OR ?4 IS NOT NULL, NULL, value ->> 5), iif(value ->> 3 = 'delivered' AND NOT gone, ?2, NULL)
  FROM (SELECT value, EXISTS (SELECT 1 FROM deleted_users
        WHERE deleted_users.uid = targets.value ->> 0 AND before_id > ?1) AS gone,
      ?4 IS NOT NULL AND value ->> 3 = 'pending' AND NOT EXISTS (
        SELECT 1 FROM devices WHERE user_id = targets.value ->> 0 AND channel_type = ?4
      ) AS skips FROM json_each(?3) AS targets) WHERE true
  ON CONFLICT DO NOTHING`;

/** Why a delivery of such a slice to a user without an address is skipped. */
export function skipReasonOf({ channelType }: NonNullable<DeliverySlice["outbox"]>): SkipReason {
  return requireDispatched(channelType).address.skipReason;
}

/** Thrown to undo a slice of which some rows were there already. */
const NOT_WHOLE = new Error("Some rows were there already");

/** Writes the rows of slices that aren't there yet, a statement each. Expects to run inside a transaction. */
export class DeliveryInserts {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Inserts the slice if all of its rows are new; otherwise writes nothing and returns false. */
  insertWhole(notificationId: string, slice: DeliverySlice, now: number): boolean {
    try {
      return this.#storage.transactionSync(() => {
        this.#insert(notificationId, slice, now, "");
        const { changes } = this.#sql.exec<{ changes: number }>("SELECT changes() AS changes").one();
        if (changes !== slice.rows) throw NOT_WHOLE;
        return true;
      });
    } catch (error) {
      if (error === NOT_WHOLE) return false;
      throw error;
    }
  }

  /** Inserts the rows that aren't there yet, and says which they were. */
  insertNew(
    notificationId: string,
    slice: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
  ): SqlStorageCursor<InsertedRow> {
    return this.#insert(notificationId, slice, now, "RETURNING user_id, channel_key, status, reason");
  }

  /** The same, where users may have been deleted since the notification was accepted. */
  insertForTheLiving(
    notificationId: string,
    { json, outbox }: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
  ): SqlStorageCursor<InsertedRow> {
    return this.#sql.exec<InsertedRow>(
      `${INSERT_FOR_THE_LIVING} RETURNING user_id, channel_key, status, reason`,
      notificationId,
      now,
      json,
      outbox?.channelType ?? null,
      outbox === null ? null : skipReasonOf(outbox),
    );
  }

  #insert(
    notificationId: string,
    { json, outbox }: Pick<DeliverySlice, "json" | "outbox">,
    now: number,
    returning: string,
  ): SqlStorageCursor<InsertedRow> {
    if (outbox === null) {
      return this.#sql.exec<InsertedRow>(`${INSERT_DELIVERIES} ${returning}`, notificationId, now, json);
    }
    return this.#sql.exec<InsertedRow>(
      `${INSERT_DISPATCHED} ${returning}`,
      notificationId,
      json,
      outbox.channelType,
      skipReasonOf(outbox),
    );
  }
}
