import type { Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs, CopyButton } from "../../components/copy.tsx";
import { Equation } from "../../components/counts.tsx";
import { Failure, Loading } from "../../components/feedback.tsx";
import { Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatDuration } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf, isOperator, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { useProgress } from "../../use-progress.ts";
import { Deliveries } from "./deliveries.tsx";
import { FailureActions, Failures } from "./failures.tsx";
import { OverTime } from "./over-time.tsx";
import { Payload } from "./payload.tsx";
import { Proof } from "./proof.tsx";

/** A notification: what became of it, live, down to one delivery. */
export default function NotificationDetail({ app = "", id = "" }: { app?: string; id?: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).notifications.get(id, { signal }),
    [app, id],
  );
  return (
    <Page title={data?.title ?? data?.templateKey ?? "Notification"}>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="the notification" />}
      {data !== null && <Found app={app} first={data} key={`${data.id} ${data.attempt}`} reload={reload} />}
    </Page>
  );
}

function Found({ app, first, reload }: { app: string; first: Notification; reload: () => void }) {
  const [shown, error] = useProgress(app, first);
  const url = useUrlState();
  const { id, counts } = shown;
  return (
    <>
      <Facts notification={shown} />
      {error !== null && <Failure error={error} onRetry={reload} />}
      <FailureActions app={app} notification={shown} onRetried={reload} />
      <p class="unseen" role="status">
        {shown.state === "completed" ? "Completed" : "Being sent"}
      </p>
      {Object.entries(counts).map(([channel, channelCounts]) => (
        <section key={channel} class="card stack" aria-label={`Channel ${channel}`}>
          <div class="row spread">
            <h2>{channel}</h2>
            <span class="small quiet">
              {channelCounts.type} · {channelCounts.viewed} viewed · {channelCounts.clicked} clicked
            </span>
          </div>
          <Equation
            counts={channelCounts}
            linkTo={(status) => `${url.with({ channel, status, reason: "" })}#deliveries`}
          />
          <Failures app={app} notification={shown} channel={channel} />
        </section>
      ))}
      <Deliveries app={app} notification={shown} onRetried={reload} />
      <OverTime app={app} id={id} isCompleted={shown.state === "completed"} />
      <Payload app={app} notification={shown} />
      {isOperator() && <Proof app={app} id={id} />}
      {may("read") && (
        <CopyAs
          call={{
            method: "GET",
            path: `/v3/business-messaging/api/notifications/${id}`,
            client: `notifications.get("${id}")`,
          }}
        />
      )}
    </>
  );
}

function Facts({ notification }: { notification: Notification }) {
  const { id, state, templateKey, templateVersion, mode, tag, priority, createdAt, completedAt, expiresAt } =
    notification;
  const took = completedAt === null ? null : Date.parse(completedAt) - Date.parse(createdAt);
  return (
    <dl class="facts">
      <Fact name="State">
        <StatusBadge status={state} />
        {took !== null && <span class="small quiet"> after {formatDuration(took)}</span>}
      </Fact>
      <Fact name="Template">
        {templateKey} <span class="quiet">version {templateVersion}</span>
      </Fact>
      <Fact name="Sent">
        <Time at={createdAt} />
      </Fact>
      <Fact name="Mode">
        {mode}
        {priority !== null && `, ${priority} priority`}
      </Fact>
      <Fact name="Tag">{tag ?? "none"}</Fact>
      <Fact name="Expires">
        <Time at={expiresAt} />
      </Fact>
      <Fact name="Attempts">{notification.attempt}</Fact>
      <Fact name="Id">
        <code class="small">{id}</code> <CopyButton text={id} label="Copy the id" />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
