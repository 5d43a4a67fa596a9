import { DeliveryRows } from "../../src/objects/user-shard/delivery-rows.ts";
import { DispatchStore } from "../../src/objects/user-shard/dispatch-store.ts";
import { HeaderStore } from "../../src/objects/user-shard/header-store.ts";
import { Looks } from "../../src/objects/user-shard/looks.ts";
import { NotificationStore } from "../../src/objects/user-shard/notification-store.ts";
import { Retention } from "../../src/objects/user-shard/retention.ts";
import { SegmentStore } from "../../src/objects/user-shard/segment-store.ts";

/** A shard's retention by itself. `sql`: where its statements are to be counted. */
export function openRetention(
  storage: DurableObjectStorage,
  sql: SqlStorage = storage.sql,
  headers = new HeaderStore(sql),
): Retention {
  return new Retention(sql, {
    notifications: new NotificationStore(sql, headers),
    rows: new DeliveryRows(storage, sql),
    dispatches: new DispatchStore(sql),
    headers,
    segments: new SegmentStore(sql),
    looks: new Looks(sql),
  });
}
