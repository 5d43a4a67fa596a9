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
import { clientOf, may } from "../../session.ts";
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
        columns={columnsOf(app, loaded.data?.data ?? [])}
      >
        <Nothing app={app} isFiltered={isFiltered} hasMore={(loaded.data?.nextCursor ?? null) !== null} />
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

function Nothing({ app, isFiltered, hasMore }: { app: string; isFiltered: boolean; hasMore: boolean }) {
  if (hasMore || isFiltered) return <NothingFits title="No notification fits" hasMore={hasMore} />;
  return (
    <Empty title="Nothing was sent yet">
      {may("send") && (
        <p>
          <a href={`/dashboard/${encodeURIComponent(app)}/send`}>Send a template</a> to a user, to some, or to
          a CSV.
        </p>
      )}
      <p>
        One call does it too: <code>POST /v3/business-messaging/api/notifications/send</code>.
      </p>
    </Empty>
  );
}

function columnsOf(app: string, rows: readonly Notification[]): Column<Notification>[] {
  const sums = new WeakMap<Notification, ReturnType<typeof totalOf>>();
  const sumOf = (row: Notification) => {
    const sum = sums.get(row) ?? totalOf(row.counts);
    sums.set(row, sum);
    return sum;
  };
  // A state that none of them has needs no room.
  const shown = STATUSES.filter((status) => ALWAYS.has(status) || rows.some((row) => sumOf(row)[status] > 0));
  const linkTo = (id: string) => `/dashboard/${encodeURIComponent(app)}/notifications/${id}`;
  return [
    { title: "Notification", cell: (row) => <Name href={linkTo(row.id)} {...row} /> },
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
    ...shown.map((status) => ({
      title: `${status[0]?.toUpperCase()}${status.slice(1)}`,
      isNumber: true,
      cell: (row: Notification) => (
        <Count
          count={sumOf(row)[status]}
          isBad={status === "failed"}
          href={`${linkTo(row.id)}?status=${status}#deliveries`}
        />
      ),
    })),
  ];
}

function Name({ href, title, templateKey, tag }: Notification & { href: string }) {
  return (
    <>
      <a href={href}>{title ?? templateKey}</a>
      <div class="small quiet">
        {title !== null && templateKey} {tag !== null && <span class="badge">{tag}</span>}
      </div>
    </>
  );
}

/** What the deliveries of a row add up of. */
const STATUSES = ["delivered", "failed", "skipped", "cancelled", "pending"] as const;
const ALWAYS: ReadonlySet<(typeof STATUSES)[number]> = new Set(["delivered", "failed", "pending"]);

/** A number leads to its rows. */
function Count({ count, isBad, href }: { count: number; isBad: boolean; href: string }) {
  if (count === 0) return <>0</>;
  return (
    <a class={isBad ? "badge bad number" : undefined} href={href}>
      {formatNumber(count)}
    </a>
  );
}
