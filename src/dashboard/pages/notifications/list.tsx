import type { Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { CountsBar, totalOf } from "../../components/counts.tsx";
import { Empty } from "../../components/feedback.tsx";
import { DateFilter, Filters, NothingFits, SelectFilter, TextFilter } from "../../components/filters.tsx";
import { LoadedTable, Refresh } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager } from "../../components/table.tsx";
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
  const loaded = useLoad(
    (signal) => clientOf(app).notifications.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  const isFiltered = FILTERS.some((name) => url.get(name) !== "");
  return (
    <Page title="Notifications" actions={<Refresh loaded={loaded} />}>
      <NotificationFilters url={url} />
      <LoadedTable
        loaded={loaded}
        what="notifications"
        caption="Notifications"
        keyOf={({ id }) => id}
        columns={columnsOf(app)}
      >
        <Nothing isFiltered={isFiltered} hasMore={(loaded.data?.nextCursor ?? null) !== null} />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/notifications?${new URLSearchParams(url.only(FILTERS))}`,
            client: `notifications.list(${JSON.stringify(url.only(FILTERS))}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function NotificationFilters({ url }: { url: UrlState }) {
  return (
    <Filters>
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
    </Filters>
  );
}

function Nothing({ isFiltered, hasMore }: { isFiltered: boolean; hasMore: boolean }) {
  if (hasMore || isFiltered) return <NothingFits title="No notification fits" hasMore={hasMore} />;
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
