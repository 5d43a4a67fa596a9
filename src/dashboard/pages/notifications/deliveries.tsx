import type { Delivery, Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs, CopyAsMenu } from "../../components/copy.tsx";
import { Filters, NothingFits, SelectFilter, TextFilter } from "../../components/filters.tsx";
import { LoadedTable, Refresh } from "../../components/loaded.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Why } from "../../components/why.tsx";
import { type Action, useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";
import { CsvDownload } from "./csv-download.tsx";

interface DeliveriesProps {
  app: string;
  notification: Notification;
  onRetried: () => void;
}

const FILTERS = ["status", "reason", "channel", "userId"] as const;

/** The delivery log, target by target: where each number above leads to. */
export function Deliveries({ app, notification, onRetried }: DeliveriesProps) {
  const { id, state, channels } = notification;
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).notifications.deliveries(id, query, { signal }).page(),
    [app, id, state, JSON.stringify(query)],
  );
  const retrying = useAction(async (userId: string) => {
    await clientOf(app).notifications.retry(id, { userId });
    onRetried();
  });
  const toRetry = state === "completed" && may("send") ? { id, retrying } : null;
  return (
    <section class="stack" id="deliveries" aria-label="Deliveries">
      <div class="row spread">
        <h2>Deliveries</h2>
        <div class="row">
          <Refresh loaded={loaded} />
          <CsvDownload app={app} id={id} />
        </div>
      </div>
      <DeliveryFilters url={url} channels={channels.map(({ key }) => key)} />
      <LoadedTable
        loaded={loaded}
        problem={retrying.error}
        what="deliveries"
        caption="Deliveries"
        keyOf={({ userId, channelKey }) => `${userId} ${channelKey}`}
        columns={columnsOf(app, loaded.data?.data ?? [], toRetry)}
      >
        <NothingFits title="No delivery fits" hasMore={(loaded.data?.nextCursor ?? null) !== null} />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <ReadExample id={id} filters={url.only(FILTERS)} />
      </div>
    </section>
  );
}

function ReadExample({ id, filters }: { id: string; filters: Record<string, string> }) {
  return (
    <CopyAs
      what="these deliveries"
      call={{
        method: "GET",
        path: `/notifications/${id}/deliveries?${new URLSearchParams(filters)}`,
        client: `notifications.deliveries("${id}", ${JSON.stringify(filters)}).page()`,
      }}
    />
  );
}

function DeliveryFilters({ url, channels }: { url: UrlState; channels: readonly string[] }) {
  return (
    <Filters label="Filters of deliveries">
      <SelectFilter
        url={url}
        name="status"
        label="Status"
        options={["", "delivered", "failed", "skipped", "cancelled", "pending"].map((one) => [
          one,
          one || "Any",
        ])}
      />
      <SelectFilter
        url={url}
        name="channel"
        label="Channel"
        options={["", ...channels].map((one) => [one, one || "Any"])}
      />
      <TextFilter url={url} name="reason" label="Reason" placeholder="provider_rejected" />
      <TextFilter url={url} name="userId" label="User" placeholder="user id" />
    </Filters>
  );
}

interface ToRetry {
  /** The notification. */
  id: string;
  retrying: Action<[userId: string]>;
}

/** `toRetry`: null where nothing may be retried now. A column that no row has something for isn't there. */
function columnsOf(app: string, rows: readonly Delivery[], toRetry: ToRetry | null): Column<Delivery>[] {
  const columns: (Column<Delivery> & { isFor?(row: Delivery): boolean })[] = [
    {
      title: "User",
      cell: ({ userId, userDeleted }) =>
        userDeleted || userId === null ? (
          <em>a deleted user</em>
        ) : (
          <a href={`/dashboard/${encodeURIComponent(app)}/users/${encodeURIComponent(userId)}`}>{userId}</a>
        ),
    },
    { title: "Channel", cell: ({ channelKey }) => channelKey },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: "Why",
      isFor: ({ reason, message }) => reason !== null || message !== null,
      cell: ({ reason, message }) => <Why reason={reason} message={message} />,
    },
    {
      // In-app needs no provider to be asked.
      title: "Tries",
      isNumber: true,
      isFor: ({ attempts }) => attempts > 0,
      cell: ({ attempts }) => (attempts === 0 ? null : attempts),
    },
    {
      title: "Delivered",
      cell: ({ deliveredAt, viewedAt, clickedAt }) => (
        <>
          {deliveredAt !== null && <Time at={deliveredAt} />}
          <div class="small quiet">{clickedAt !== null ? "clicked" : viewedAt !== null ? "viewed" : ""}</div>
        </>
      ),
    },
    {
      title: "Action",
      isFor: ({ status, userId }) => toRetry !== null && status === "failed" && userId !== null,
      cell: ({ status, userId }) =>
        toRetry !== null && status === "failed" && userId !== null ? (
          <Retry userId={userId} {...toRetry} />
        ) : null,
    },
  ];
  return columns.filter(({ isFor }) => isFor === undefined || rows.some(isFor));
}

function Retry({ userId, id, retrying }: ToRetry & { userId: string }) {
  return (
    <div class="row">
      <button
        type="button"
        class="button plain"
        disabled={retrying.isRunning}
        aria-label={`Retry for ${userId}`}
        onClick={() => retrying.run(userId)}
      >
        Retry
      </button>
      <CopyAsMenu
        what={`retrying for ${userId}`}
        call={{
          method: "POST",
          path: `/notifications/${id}/retry`,
          body: { userId },
          client: `notifications.retry("${id}", ${JSON.stringify({ userId })})`,
        }}
      />
    </div>
  );
}
