import type { WebhookOutbox } from "../kit/event-outbox.ts";
import { FailingStore } from "./failing-store.ts";
import { IncidentStore } from "./incident-store.ts";
import { LedgerLists } from "./lists.ts";
import { NotificationEvents } from "./notification-events.ts";
import { LedgerStore } from "./notification-store.ts";
import { PlanStore } from "./plan-store.ts";
import { LedgerPrivacy } from "./privacy.ts";
import { QueueWindow } from "./queue-window.ts";
import { LedgerRetries } from "./retries.ts";
import { SeriesStore } from "./series-store.ts";
import { ShardReportStore } from "./shard-report-store.ts";
import { ShardSizeStore } from "./shard-size-store.ts";
import { SingleStore } from "./single-store.ts";

/** What a ledger stores, by what writes it. */
export interface LedgerStores {
  notifications: LedgerStore;
  plans: PlanStore;
  reports: ShardReportStore;
  retries: LedgerRetries;
  series: SeriesStore;
  privacy: LedgerPrivacy;
  incidents: IncidentStore;
  shardSizes: ShardSizeStore;
  window: QueueWindow;
}

/** The stores of one ledger, each with those that it needs. */
export function openLedgerStores(sql: SqlStorage, webhooks: WebhookOutbox): LedgerStores {
  const events = new NotificationEvents(webhooks);
  const failing = new FailingStore(sql);
  const singles = new SingleStore(sql, events, failing);
  const lists = new LedgerLists(sql, singles, failing);
  const retries = new LedgerRetries(sql);
  const plans = new PlanStore(sql, retries);
  const reports = new ShardReportStore(sql);
  const series = new SeriesStore(sql);
  const store = new LedgerStore({ sql, events, plans, reports, retries, singles, lists, failing });
  return {
    notifications: store,
    plans,
    reports,
    retries,
    series,
    privacy: new LedgerPrivacy({ store, plans, reports, series, singles, lists }),
    incidents: new IncidentStore(sql, singles),
    shardSizes: new ShardSizeStore(sql),
    window: new QueueWindow({ sql, runningAttempt: (id) => store.getRunningAttempt(id) }),
  };
}
