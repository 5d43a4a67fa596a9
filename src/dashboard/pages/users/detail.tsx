import { StatusBadge } from "../../components/badges.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { Page } from "../../components/page.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";

/** A user: what is known of them, their devices, and what became of all that was sent to them. */
export default function UserDetail({ app = "", uid = "" }: { app?: string; uid?: string }) {
  const found = useLoad((signal) => clientOf(app).users.get(uid, { signal }), [app, uid]);
  return (
    <Page
      title={uid}
      actions={
        may("send") && (
          <a
            class="button main"
            href={`/dashboard/${encodeURIComponent(app)}/send?to=${encodeURIComponent(uid)}`}
          >
            Send notification
          </a>
        )
      }
    >
      {found.error !== null && <Failure error={found.error} onRetry={found.reload} />}
      {found.data === null && found.isLoading && <Loading what="the user" />}
      {found.data !== null && (
        <dl class="facts">
          <Fact name="Name" value={found.data.name} />
          <Fact name="Role" value={found.data.role} />
          <Fact name="Status" value={found.data.status} />
          <div>
            <dt>Made</dt>
            <dd>
              <Time at={found.data.createdAt} />
            </dd>
          </div>
        </dl>
      )}
      <Devices app={app} uid={uid} />
      <History app={app} uid={uid} />
    </Page>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Devices({ app, uid }: { app: string; uid: string }) {
  const { data, error, reload } = useLoad(
    (signal) => clientOf(app).devices.list(uid, { signal }).page(),
    [app, uid],
  );
  return (
    <section class="card stack" aria-label="Devices">
      <h2>Devices</h2>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data?.data.length === 0 && (
        <p class="quiet">None: a push to this user is skipped until the user's client registers one.</p>
      )}
      {data !== null && data.data.length > 0 && (
        <Table
          caption="Devices"
          rows={data.data}
          keyOf={({ id }) => id}
          columns={[
            { title: "Provider", cell: ({ provider }) => provider },
            { title: "Registered", cell: ({ createdAt }) => <Time at={createdAt} /> },
            { title: "Id", cell: ({ id }) => <code class="small">{id}</code> },
          ]}
        />
      )}
    </section>
  );
}

function History({ app, uid }: { app: string; uid: string }) {
  const url = useUrlState();
  const cursor = url.get("cursor");
  const query = { limit: 20, ...(cursor === "" ? {} : { cursor }) };
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).analytics.user(uid, query, { signal }),
    [app, uid, cursor],
  );
  return (
    <section class="stack" aria-label="Deliveries">
      <h2>Deliveries</h2>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="deliveries" />}
      {data !== null && (
        <p class="quiet">
          {formatNumber(data.summary.delivered)} delivered, {formatNumber(data.summary.viewed)} viewed,{" "}
          {formatNumber(data.summary.clicked)} clicked
        </p>
      )}
      {data?.notifications.length === 0 && (
        <Empty title="Nothing was sent to this user yet">
          <p>What is sent stands here at once.</p>
        </Empty>
      )}
      {data !== null && data.notifications.length > 0 && (
        <Table
          caption="Deliveries"
          rows={data.notifications}
          keyOf={({ notificationId, channelKey }) => `${notificationId} ${channelKey}`}
          columns={[
            {
              title: "Notification",
              cell: ({ notificationId, templateName }) => (
                <a
                  href={`/dashboard/${encodeURIComponent(app)}/notifications/${notificationId}?userId=${encodeURIComponent(uid)}#deliveries`}
                >
                  {templateName}
                </a>
              ),
            },
            { title: "Channel", cell: ({ channelKey }) => channelKey },
            { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
            {
              title: "Delivered",
              cell: ({ deliveredAt }) => (deliveredAt === null ? null : <Time at={deliveredAt} />),
            },
            { title: "Seen", cell: ({ viewed, clicked }) => (clicked ? "clicked" : viewed ? "viewed" : "") },
          ]}
        />
      )}
      <Pager url={url} nextCursor={data?.nextCursor ?? null} />
    </section>
  );
}
