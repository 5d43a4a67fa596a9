import type { ChannelSeries, Notification } from "../../client/api-types.ts";
import { StatusBadge } from "../components/badges.tsx";
import { type CallExample, CopyAs } from "../components/copy.tsx";
import { CountsBar, totalOf } from "../components/counts.tsx";
import { Empty } from "../components/feedback.tsx";
import { WhenLoaded } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { Plot } from "../components/plot.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { formatChannelType, formatNumber } from "../format.ts";
import { useLoad } from "../load.ts";
import { meaningOf } from "../reasons.ts";
import { clientOf, isOperator, may } from "../session.ts";
import { useProgress } from "../use-progress.ts";
import { Operations } from "./home-operations.tsx";

const DAYS = 14;
const DAY_MS = 86_400_000;
/** Notifications with failures that the reasons are counted in. */
const LOOKED_AT = 50;

/** What runs now, what failed of late, what was delivered in the last days. */
export default function Home({ app = "" }: { app?: string }) {
  return (
    <Page
      title="Home"
      actions={
        may("send") && (
          <a class="button main" href={`/dashboard/${encodeURIComponent(app)}/send`}>
            Send
          </a>
        )
      }
    >
      <Running app={app} />
      <Failing app={app} />
      <Delivered app={app} />
      {isOperator() && <Operations app={app} />}
    </Page>
  );
}

function Running({ app }: { app: string }) {
  const query = { state: "sending", limit: 5 } as const;
  const loaded = useLoad((signal) => clientOf(app).notifications.list(query, { signal }).page(), [app]);
  return (
    <section class="card stack" aria-label="Running now">
      <div class="row spread">
        <h2>Running now</h2>
        <a href={`/dashboard/${encodeURIComponent(app)}/notifications?state=sending`}>All that run</a>
      </div>
      <WhenLoaded loaded={loaded} what="what runs">
        {({ data }) =>
          data.length === 0 ? (
            <p class="quiet">Nothing is being sent: all that was accepted is done.</p>
          ) : (
            data.map((one) => <RunningOne key={one.id} app={app} first={one} />)
          )
        }
      </WhenLoaded>
      <CopyAs what="what runs" call={exampleOf(query)} />
    </section>
  );
}

function RunningOne({ app, first }: { app: string; first: Notification }) {
  const [shown] = useProgress(app, first);
  const sum = totalOf(shown.counts);
  return (
    <div class="stack-tight">
      <div class="row spread">
        <a href={`/dashboard/${encodeURIComponent(app)}/notifications/${shown.id}`}>
          {shown.title ?? shown.templateKey}
        </a>
        <span class="row">
          <span class="number quiet">
            {formatNumber(sum.total - sum.pending)} of {formatNumber(sum.total)}
          </span>
          <StatusBadge status={shown.state} />
        </span>
      </div>
      <CountsBar sum={sum} />
    </div>
  );
}

function Failing({ app }: { app: string }) {
  const from = new Date(Date.now() - DAYS * DAY_MS).toISOString().slice(0, 10);
  const query = { hasFailures: "true", from, limit: LOOKED_AT } as const;
  const loaded = useLoad((signal) => clientOf(app).notifications.list(query, { signal }).page(), [app]);
  return (
    <section class="card stack" aria-label="What failed">
      <div class="row spread">
        <h2>What failed most</h2>
        <a href={`/dashboard/${encodeURIComponent(app)}/notifications?hasFailures=true`}>All with failures</a>
      </div>
      <WhenLoaded loaded={loaded} what="failures">
        {({ data }) => <Reasons app={app} reasons={countReasons(data)} />}
      </WhenLoaded>
      <CopyAs what="what failed" call={exampleOf(query)} />
    </section>
  );
}

function Reasons({ app, reasons }: { app: string; reasons: readonly FailingReason[] }) {
  if (reasons.length === 0) return <p class="quiet">Nothing failed in the last {DAYS} days.</p>;
  const base = `/dashboard/${encodeURIComponent(app)}/notifications`;
  return (
    <>
      <Table
        caption="Failures by reason"
        rows={reasons}
        keyOf={({ reason }) => reason}
        columns={[
          {
            title: "Reason",
            cell: ({ reason, newest }) => (
              <>
                <a href={`${base}/${newest.id}?status=failed&reason=${reason}#deliveries`}>
                  {meaningOf(reason)}
                </a>
                <div class="small quiet">
                  {reason}, newest <Time at={newest.createdAt} isAge />
                </div>
              </>
            ),
          },
          { title: "Deliveries", isNumber: true, cell: ({ count }) => formatNumber(count) },
          {
            title: "Notifications",
            isNumber: true,
            cell: ({ notifications }) => formatNumber(notifications),
          },
        ]}
      />
      <p class="small quiet">
        Counted in the newest {LOOKED_AT} notifications with failures, of the last {DAYS} days.
      </p>
    </>
  );
}

/** A list of notifications as others can have it. */
function exampleOf(query: { limit: number; [name: string]: string | number }): CallExample {
  const texts = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return {
    method: "GET",
    path: `/notifications?${new URLSearchParams(texts)}`,
    client: `notifications.list(${JSON.stringify(query)}).page()`,
  };
}

interface FailingReason {
  reason: string;
  count: number;
  notifications: number;
  newest: Notification;
}

function countReasons(notifications: readonly Notification[]): FailingReason[] {
  const found = new Map<string, FailingReason>();
  for (const one of notifications) {
    const counts = new Map<string, number>();
    for (const { failed } of Object.values(one.counts)) {
      for (const [reason, count] of Object.entries(failed))
        counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
    for (const [reason, count] of counts) {
      const known = found.get(reason) ?? { reason, count: 0, notifications: 0, newest: one };
      found.set(reason, { ...known, count: known.count + count, notifications: known.notifications + 1 });
    }
  }
  return [...found.values()].sort((one, other) => other.count - one.count);
}

function Delivered({ app }: { app: string }) {
  const to = new Date().toISOString().slice(0, 10);
  const from = new Date(Date.now() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const range = { from, to, granularity: "daily" } as const;
  const loaded = useLoad((signal) => clientOf(app).analytics.channels(range, { signal }), [app]);
  return (
    <section class="card stack" aria-label="Delivered">
      <h2>Delivered in {DAYS} days</h2>
      <WhenLoaded loaded={loaded} what="the days">
        {(series) => <DeliveredPlots app={app} series={series.filter(({ delivered }) => delivered > 0)} />}
      </WhenLoaded>
      <CopyAs
        what="what was delivered"
        call={{
          method: "GET",
          path: `/analytics/channels?${new URLSearchParams(range)}`,
          client: `analytics.channels(${JSON.stringify(range)})`,
        }}
      />
    </section>
  );
}

function DeliveredPlots({ app, series }: { app: string; series: readonly ChannelSeries[] }) {
  const base = `/dashboard/${encodeURIComponent(app)}`;
  if (series.length === 0) {
    return (
      <Empty title="Nothing was delivered yet">
        <p>
          Three steps lead to the first: <a href={`${base}/channels`}>make a channel</a>,{" "}
          <a href={`${base}/new-template`}>write a template</a> and approve it, and{" "}
          <a href={`${base}/send`}>send it</a> to a user. <a href="/docs">The API</a> has calls for each.
        </p>
      </Empty>
    );
  }
  return series.map(({ channelType, timeSeries }) => (
    <Plot
      key={channelType}
      title={`${formatChannelType(channelType)}, by UTC day`}
      unit="deliveries"
      points={timeSeries.map(({ date, delivered }) => ({ label: date, value: delivered }))}
    />
  ));
}
