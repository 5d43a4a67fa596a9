import type { DueTable } from "../kit/due.ts";
import { AddressStore } from "./address-store.ts";
import { Arrivals } from "./arrivals.ts";
import { ClaimStore } from "./claim-store.ts";
import type { DeliveryEvents } from "./delivery-events.ts";
import { DeliveryRows } from "./delivery-rows.ts";
import { DeliveryStore } from "./delivery-store.ts";
import { DispatchStore } from "./dispatch-store.ts";
import { DispatchWakes } from "./dispatch-wakes.ts";
import { EngagementStore } from "./engagement-store.ts";
import { FeedStore } from "./feed-store.ts";
import { HeaderStore } from "./header-store.ts";
import { LogStore } from "./log-store.ts";
import { Looks } from "./looks.ts";
import { NotificationStore } from "./notification-store.ts";
import { RawValues } from "./raw-values.ts";
import { Recount } from "./recount.ts";
import { Retention } from "./retention.ts";
import { RetryStore } from "./retry-store.ts";
import { SegmentInserts } from "./segment-inserts.ts";
import { SegmentLines } from "./segment-lines.ts";
import { SegmentRuns } from "./segment-runs.ts";
import { SegmentStore } from "./segment-store.ts";
import { TokenBounds } from "./token-bounds.ts";
import { Tombstones } from "./tombstones.ts";
import { UserCountRow } from "./user-count-row.ts";
import { type Presence, UserStore } from "./user-store.ts";
import { UserTokens } from "./user-tokens.ts";

interface Surroundings {
  storage: DurableObjectStorage;
  due: DueTable;
  presence: Presence;
  webhooks: DeliveryEvents;
}

export type ShardStores = ReturnType<typeof openShardStores>;

/** The stores of one user shard, each with those that it needs. What they remember is forgotten after a rollback. */
export function openShardStores({ storage, due, presence, webhooks }: Surroundings) {
  const { sql } = storage;
  const headers = new HeaderStore(sql);
  const segments = new SegmentStore(sql);
  const segmentRuns = new SegmentRuns(sql);
  const segmentLines = new SegmentLines(sql, segments);
  const looks = new Looks(sql);
  due.onUndone(() => {
    for (const store of [headers, segments, looks]) store.forget();
  });
  const tombstones = new Tombstones(sql);
  const notifications = new NotificationStore(sql, headers);
  const rows = new DeliveryRows(storage);
  const deliveries = new DeliveryStore(notifications, rows, webhooks, tombstones);
  const dispatches = new DispatchStore(sql);
  const engagements = new EngagementStore(sql, { rows, deliveries, dispatches });
  const userCount = new UserCountRow(sql);
  return {
    headers,
    segments,
    segmentLines,
    segmentRuns,
    looks,
    tombstones,
    notifications,
    rows,
    deliveries,
    dispatches,
    engagements,
    addresses: new AddressStore(sql),
    arrivals: new Arrivals({ looks, segments, segmentLines, notifications, rows, tombstones }),
    claims: new ClaimStore(sql),
    feed: new FeedStore(sql, engagements, headers),
    log: new LogStore(sql, { tombstones, headers, segments, runs: segmentRuns }),
    rawValues: new RawValues(sql, notifications),
    recount: new Recount(sql, deliveries),
    retention: new Retention(sql, { notifications, rows, dispatches, headers, segments, looks }),
    retries: new RetryStore(notifications, rows, deliveries),
    segmentInserts: new SegmentInserts(sql, segments, deliveries, tombstones),
    tokenBounds: new TokenBounds(sql),
    tokens: new UserTokens(sql),
    userCount,
    users: new UserStore(sql, presence, userCount),
    wakes: new DispatchWakes(sql, dispatches),
  };
}
