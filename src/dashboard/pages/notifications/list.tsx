import type { Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { CountsBar, totalOf } from "../../components/counts.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { DateFilter, SelectFilter, TextFilter } from "../../components/filters.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

const FILTERS = ["state", "hasFailures", "mode", "tag", "templateKey", "from", "to"] as const;

/** What was sent, newest first. */
export default function NotificationList({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).notifications.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  const isFiltered = FILTERS.some((name) => url.get(name) !== "");
  return (
    <Page
      title="Notifications"
      actions={
        <button type="button" class="button" onClick={reload} disabled={isLoading}>
          {isLoading ? "Loading …" : "Refresh"}
        </button>
      }
    >
      <Filters url={url} />
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="notifications" />}
      {data?.data.length === 0 && <Nothing isFiltered={isFiltered} hasMore={data.nextCursor !== null} />}
      {data !== null && data.data.length > 0 && (
        <Table caption="Notifications" rows={data.data} keyOf={({ id }) => id} columns={columnsOf(app)} />
      )}
      <div class="row spread">
        <Pager url={url} nextCursor={data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/v3/business-messaging/api/notifications?${new URLSearchParams(url.only(FILTERS))}`,
            client: `notifications.list(${JSON.stringify(url.only(FILTERS))}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function Filters({ url }: { url: UrlState }) {
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <SelectFilter
        url={url}
        name="state"
        label="State"
        options={[
          ["", "Any"],
          ["sending", "Sending"],
          ["completed", "Completed"],
        ]}
      />
      <SelectFilter
        url={url}
        name="hasFailures"
        label="Failures"
        options={[
          ["", "Any"],
          ["true", "With failures"],
          ["false", "Without failures"],
        ]}
      />
      <SelectFilter
        url={url}
        name="mode"
        label="Mode"
        options={[
          ["", "Any"],
          ["realtime", "Realtime"],
          ["batch", "Batch"],
        ]}
      />
      <TextFilter url={url} name="templateKey" label="Template" placeholder="order-confirmation" />
      <TextFilter url={url} name="tag" label="Tag" placeholder="orders" />
      <DateFilter url={url} name="from" label="From (UTC day)" />
      <DateFilter url={url} name="to" label="To (UTC day)" />
    </form>
  );
}

function Nothing({ isFiltered, hasMore }: { isFiltered: boolean; hasMore: boolean }) {
  if (hasMore)
    return <Empty title="Nothing of these days fits">Older ones may: go on with the next page.</Empty>;
  if (isFiltered) {
    return (
      <Empty title="No notification fits all of these filters">
        <p>Take one away, or widen the days.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing was sent yet">
      <p>
        One call sends a template to a user: <code>POST /v3/business-messaging/api/notifications/send</code>.
      </p>
    </Empty>
  );
}

function columnsOf(app: string): Column<Notification>[] {
  const sums = new WeakMap<Notification, ReturnType<typeof totalOf>>();
  const sumOf = (row: Notification) => {
    const sum = sums.get(row) ?? totalOf(row.counts);
    sums.set(row, sum);
    return sum;
  };
  return [
    {
      title: "Notification",
      cell: ({ id, title, templateKey, tag }) => (
        <>
          <a href={`/dashboard/${encodeURIComponent(app)}/notifications/${id}`}>{title ?? templateKey}</a>
          <div class="small quiet">
            {title !== null && templateKey} {tag !== null && <span class="badge">{tag}</span>}
          </div>
        </>
      ),
    },
    { title: "State", cell: ({ state }) => <StatusBadge status={state} /> },
    {
      title: "Sent",
      cell: ({ createdAt, mode }) => (
        <>
          <Time at={createdAt} />
          <div class="small quiet">{mode}</div>
        </>
      ),
    },
    {
      title: "Deliveries",
      cell: (row) => (
        <>
          <CountsBar sum={sumOf(row)} />
          <span class="small quiet number">{formatNumber(sumOf(row).total)}</span>
        </>
      ),
    },
    { title: "Delivered", isNumber: true, cell: (row) => formatNumber(sumOf(row).delivered) },
    { title: "Failed", isNumber: true, cell: (row) => <Failed count={sumOf(row).failed} /> },
    { title: "Pending", isNumber: true, cell: (row) => formatNumber(sumOf(row).pending) },
  ];
}

function Failed({ count }: { count: number }) {
  return count === 0 ? <>0</> : <span class="badge bad number">{formatNumber(count)}</span>;
}
