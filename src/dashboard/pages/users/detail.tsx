import type { UserHistory } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Empty } from "../../components/feedback.tsx";
import { LoadedTable, WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";

/** A user: what is known of them, their devices, and what became of all that was sent to them. */
export default function UserDetail({ app = "", uid = "" }: { app?: string; uid?: string }) {
  const loaded = useLoad((signal) => clientOf(app).users.get(uid, { signal }), [app, uid]);
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
      <WhenLoaded loaded={loaded} what="the user">
        {({ name, role, status, createdAt }) => (
          <Facts>
            <Fact name="Name">{name}</Fact>
            <Fact name="Role">{role}</Fact>
            <Fact name="Status">{status}</Fact>
            <Fact name="Made">
              <Time at={createdAt} />
            </Fact>
          </Facts>
        )}
      </WhenLoaded>
      <Devices app={app} uid={uid} />
      <History app={app} uid={uid} />
    </Page>
  );
}

function Devices({ app, uid }: { app: string; uid: string }) {
  const loaded = useLoad((signal) => clientOf(app).devices.list(uid, { signal }).page(), [app, uid]);
  return (
    <section class="card stack" aria-label="Devices">
      <h2>Devices</h2>
      <LoadedTable
        loaded={loaded}
        what="devices"
        caption="Devices"
        keyOf={({ id }) => id}
        columns={[
          { title: "Provider", cell: ({ provider }) => provider },
          { title: "Registered", cell: ({ createdAt }) => <Time at={createdAt} /> },
          { title: "Id", cell: ({ id }) => <code class="small">{id}</code> },
        ]}
      >
        <p class="quiet">None: a push to this user is skipped until the user's client registers one.</p>
      </LoadedTable>
    </section>
  );
}

type UserDelivery = UserHistory["notifications"][number];

function History({ app, uid }: { app: string; uid: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).analytics.user(uid, query, { signal }),
    [app, uid, JSON.stringify(query)],
  );
  return (
    <section class="stack" aria-label="Deliveries">
      <h2>Deliveries</h2>
      <WhenLoaded loaded={loaded} what="deliveries">
        {({ summary: { delivered, viewed, clicked }, notifications }) => (
          <>
            <p class="quiet">
              {formatNumber(delivered)} delivered, {formatNumber(viewed)} viewed, {formatNumber(clicked)}{" "}
              clicked
            </p>
            {notifications.length === 0 ? (
              <Empty title="Nothing was sent to this user yet">
                <p>What is sent stands here at once.</p>
              </Empty>
            ) : (
              <Table
                caption="Deliveries"
                rows={notifications}
                keyOf={({ notificationId, channelKey }) => `${notificationId} ${channelKey}`}
                columns={columnsOf(app, uid)}
              />
            )}
          </>
        )}
      </WhenLoaded>
      <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
    </section>
  );
}

function columnsOf(app: string, uid: string): Column<UserDelivery>[] {
  const base = `/dashboard/${encodeURIComponent(app)}/notifications`;
  return [
    {
      title: "Notification",
      cell: ({ notificationId, templateName }) => (
        <a href={`${base}/${notificationId}?userId=${encodeURIComponent(uid)}#deliveries`}>{templateName}</a>
      ),
    },
    { title: "Channel", cell: ({ channelKey }) => channelKey },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: "Delivered",
      cell: ({ deliveredAt }) => (deliveredAt === null ? null : <Time at={deliveredAt} />),
    },
    { title: "Seen", cell: ({ viewed, clicked }) => (clicked ? "clicked" : viewed ? "viewed" : "") },
  ];
}
