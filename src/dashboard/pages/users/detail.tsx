import { useState } from "preact/hooks";
import type { UserHistory } from "../../../client/api-types.ts";
import { OnecallError } from "../../../client/index.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Empty } from "../../components/feedback.tsx";
import { LoadedTable, WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Why } from "../../components/why.tsx";
import { formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { mayLeave } from "../../unsaved.ts";
import { useUrlState } from "../../url-state.ts";
import { UserFeed } from "./feed.tsx";
import { SendToUser } from "./send.tsx";

/** A user: what is known of them, what they see, what became of all that was sent to them; and sends to them. */
export default function UserDetail({ app = "", uid = "" }: { app?: string; uid?: string }) {
  const [isSending, setIsSending] = useState(false);
  const [sent, setSent] = useState<string | null>(null);
  return (
    <Page
      title={uid}
      actions={
        may("send") && (
          <button
            type="button"
            class="button main"
            aria-expanded={isSending}
            onClick={() => (!isSending || mayLeave()) && setIsSending(!isSending)}
          >
            Send notification
          </button>
        )
      }
    >
      {isSending && <SendToUser app={app} uid={uid} onSent={setSent} />}
      <UserFacts app={app} uid={uid} />
      <ReadExample uid={uid} path="/users" what="the user" client="users.get" />
      <div class="sides">
        <div class="stack">
          <History app={app} uid={uid} sent={sent} />
          <Devices app={app} uid={uid} />
        </div>
        <UserFeed app={app} uid={uid} sent={sent} />
      </div>
    </Page>
  );
}

function UserFacts({ app, uid }: { app: string; uid: string }) {
  const loaded = useLoad((signal) => clientOf(app).users.get(uid, { signal }), [app, uid]);
  if (loaded.error instanceof OnecallError && loaded.error.status === 404) {
    return (
      <p class="quiet">
        There is no record of this user, and a send needs none. Your server makes one by{" "}
        <code>POST …/users</code>, or with the user's first token.
      </p>
    );
  }
  return (
    <WhenLoaded loaded={loaded} what="the user">
      {({ name, avatar, role, status, metadata, createdAt, updatedAt, deactivatedAt }) => (
        <>
          <Facts>
            <Fact name="Name">{name}</Fact>
            <Fact name="Role">{role}</Fact>
            <Fact name="Status">
              {status}
              {deactivatedAt !== undefined && (
                <div class="small">
                  deactivated <Time at={deactivatedAt} isAge />
                </div>
              )}
            </Fact>
            <Fact name="Avatar">{avatar ?? "none"}</Fact>
            <Fact name="Created">
              <Time at={createdAt} />
            </Fact>
            <Fact name="Updated">
              <Time at={updatedAt} />
            </Fact>
          </Facts>
          {metadata !== null && (
            <details>
              <summary>Metadata</summary>
              <pre>{JSON.stringify(metadata, null, 2)}</pre>
            </details>
          )}
        </>
      )}
    </WhenLoaded>
  );
}

interface ReadExampleProps {
  uid: string;
  /** What stands before the uid. */
  path: string;
  what: string;
  client: string;
}

function ReadExample({ uid, path, what, client }: ReadExampleProps) {
  return (
    <CopyAs
      what={what}
      call={{
        method: "GET",
        path: `${path}/${encodeURIComponent(uid)}`,
        client: `${client}(${JSON.stringify(uid)})`,
      }}
    />
  );
}

const PROVIDER_NAMES = { fcm: "Firebase (FCM)", apns: "Apple (APNs)", webpush: "Web Push" } as const;

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
          { title: "Provider", cell: ({ provider }) => PROVIDER_NAMES[provider] },
          { title: "Registered", cell: ({ createdAt }) => <Time at={createdAt} /> },
          { title: "Id", cell: ({ id }) => <code class="small">{id}</code> },
        ]}
      >
        <p class="quiet">None: a push to this user is skipped until the user's client registers one.</p>
      </LoadedTable>
      <CopyAs
        what="devices"
        call={{
          method: "GET",
          path: `/users/${encodeURIComponent(uid)}/devices`,
          client: `devices.list(${JSON.stringify(uid)}).page()`,
        }}
      />
    </section>
  );
}

type UserDelivery = UserHistory["notifications"][number];

/** `sent`: what was just sent is among them. */
function History({ app, uid, sent }: { app: string; uid: string; sent: string | null }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).analytics.user(uid, query, { signal }),
    [app, uid, sent, JSON.stringify(query)],
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
                <p>Send one: it stands here at once, with what became of it.</p>
              </Empty>
            ) : (
              <Table
                caption="Deliveries"
                rows={notifications}
                keyOf={({ notificationId, channelKey }) => `${notificationId} ${channelKey}`}
                columns={columnsOf(app, uid, notifications)}
              />
            )}
          </>
        )}
      </WhenLoaded>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <ReadExample uid={uid} path="/analytics/users" what="deliveries" client="analytics.user" />
      </div>
    </section>
  );
}

function columnsOf(app: string, uid: string, rows: readonly UserDelivery[]): Column<UserDelivery>[] {
  const base = `/dashboard/${encodeURIComponent(app)}/notifications`;
  const why: Column<UserDelivery> = {
    title: "Why",
    cell: ({ reason, message }) => <Why reason={reason} message={message} />,
  };
  return [
    {
      title: "Notification",
      cell: ({ notificationId, templateName }) => (
        <a href={`${base}/${notificationId}?userId=${encodeURIComponent(uid)}#deliveries`}>{templateName}</a>
      ),
    },
    { title: "Channel", cell: ({ channelKey }) => channelKey },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    // Where all went well there is nothing to say.
    ...(rows.some(({ reason, message }) => reason !== null || message !== null) ? [why] : []),
    {
      title: "Delivered",
      cell: ({ deliveredAt, viewed, clicked }) => (
        <>
          {deliveredAt !== null && <Time at={deliveredAt} />}
          <div class="small quiet">{clicked ? "clicked" : viewed ? "viewed" : ""}</div>
        </>
      ),
    },
  ];
}
