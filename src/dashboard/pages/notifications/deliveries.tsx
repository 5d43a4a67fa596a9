import type { Delivery, Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { SelectFilter, TextFilter } from "../../components/filters.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { download } from "../../download.ts";
import { useAction, useLoad } from "../../load.ts";
import { meaningOf } from "../../reasons.ts";
import { clientOf, may } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

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
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).notifications.deliveries(id, query, { signal }).page(),
    [app, id, state, JSON.stringify(query)],
  );
  const retrying = useAction(async (userId: string) => {
    await clientOf(app).notifications.retry(id, { userId });
    onRetried();
  });
  const downloading = useAction(async () => {
    download(`${id}.csv`, await clientOf(app).notifications.exportDeliveries(id));
  });
  const problem = error ?? retrying.error ?? downloading.error;
  return (
    <section class="stack" id="deliveries" aria-label="Deliveries">
      <div class="row spread">
        <h2>Deliveries</h2>
        <div class="row">
          <button type="button" class="button" onClick={reload} disabled={isLoading}>
            {isLoading ? "Loading …" : "Refresh"}
          </button>
          <button
            type="button"
            class="button"
            onClick={() => downloading.run()}
            disabled={downloading.isRunning}
          >
            {downloading.isRunning ? "Preparing …" : "Download all as CSV"}
          </button>
        </div>
      </div>
      <Filters url={url} channels={channels.map(({ key }) => key)} />
      {problem !== null && <Failure error={problem} onRetry={reload} />}
      {data === null && isLoading && <Loading what="deliveries" />}
      {data?.data.length === 0 && (
        <Empty title="No delivery fits">
          {data.nextCursor === null ? (
            <p>Take a filter away.</p>
          ) : (
            <p>Later ones may: go on with the next page.</p>
          )}
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <Table
          caption="Deliveries"
          rows={data.data}
          keyOf={({ userId, channelKey }) => `${userId} ${channelKey}`}
          columns={columnsOf(app, state === "completed" && may("send"), retrying)}
        />
      )}
      <Pager url={url} nextCursor={data?.nextCursor ?? null} />
    </section>
  );
}

function Filters({ url, channels }: { url: UrlState; channels: readonly string[] }) {
  return (
    <form class="filters" aria-label="Filters of deliveries" onSubmit={(event) => event.preventDefault()}>
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
    </form>
  );
}

function columnsOf(
  app: string,
  mayRetry: boolean,
  retrying: { run: (userId: string) => Promise<void>; isRunning: boolean },
): Column<Delivery>[] {
  return [
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
      cell: ({ reason, message }) => (
        <>
          {reason !== null && <span title={reason}>{meaningOf(reason)}</span>}
          {message !== null && <div class="mono small">“{message}”</div>}
        </>
      ),
    },
    { title: "Tries", isNumber: true, cell: ({ attempts }) => attempts },
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
      cell: ({ status, userId }) =>
        mayRetry && status === "failed" && userId !== null ? (
          <button
            type="button"
            class="button plain"
            disabled={retrying.isRunning}
            aria-label={`Retry for ${userId}`}
            onClick={() => retrying.run(userId)}
          >
            Retry
          </button>
        ) : null,
    },
  ];
}
