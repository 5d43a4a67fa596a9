import type { Notification } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs, CopyButton } from "../../components/copy.tsx";
import { Equation } from "../../components/counts.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Failure } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatChannelType, formatDuration, formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf, isOperator } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { useProgress } from "../../use-progress.ts";
import { CountsCheck } from "./counts-check.tsx";
import { Deliveries } from "./deliveries.tsx";
import { FailureActions, Failures } from "./failures.tsx";
import { OverTime } from "./over-time.tsx";
import { Payload } from "./payload.tsx";
import { SentBy } from "./sent-by.tsx";

/** A notification: what became of it, live, down to one delivery. */
export default function NotificationDetail({ app = "", id = "" }: { app?: string; id?: string }) {
  const loaded = useLoad((signal) => clientOf(app).notifications.get(id, { signal }), [app, id]);
  return (
    <Page title={loaded.data?.title ?? loaded.data?.templateKey ?? "Notification"}>
      <WhenLoaded loaded={loaded} what="the notification">
        {(first) => (
          <Found app={app} first={first} key={`${first.id} ${first.attempt}`} reload={loaded.reload} />
        )}
      </WhenLoaded>
    </Page>
  );
}

function Found({ app, first, reload }: { app: string; first: Notification; reload: () => void }) {
  const [shown, error] = useProgress(app, first);
  const url = useUrlState();
  const { id, counts } = shown;
  return (
    <>
      <NotificationFacts app={app} notification={shown} />
      <CopyAs
        what="the notification"
        call={{ method: "GET", path: `/notifications/${id}`, client: `notifications.get("${id}")` }}
      />
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
              {formatChannelType(channelCounts.type)} · {formatNumber(channelCounts.viewed)} viewed ·{" "}
              {formatNumber(channelCounts.clicked)} clicked
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
      {isOperator() && <CountsCheck app={app} id={id} />}
    </>
  );
}

function NotificationFacts({ app, notification }: { app: string; notification: Notification }) {
  const { id, state, templateKey, templateVersion, mode, tag, priority, createdAt, completedAt, expiresAt } =
    notification;
  const base = `/dashboard/${encodeURIComponent(app)}`;
  const took = completedAt === null ? null : Date.parse(completedAt) - Date.parse(createdAt);
  return (
    <Facts>
      <Fact name="State">
        <StatusBadge status={state} />
        {took !== null && <span class="small quiet"> after {formatDuration(took)}</span>}
      </Fact>
      <Fact name="Template">
        <a href={`${base}/templates/${encodeURIComponent(templateKey)}`}>{templateKey}</a>{" "}
        <span class="quiet">version {templateVersion}</span>
      </Fact>
      <Fact name="Sent">
        <Time at={createdAt} />
      </Fact>
      <Fact name="Sent by">
        <SentBy app={app} sentBy={notification.sentBy} />
      </Fact>
      <Fact name="Mode">
        {mode}
        {priority !== null && `, ${priority} priority`}
      </Fact>
      <Fact name="Tag">
        {tag === null ? "none" : <a href={`${base}/notifications?tag=${encodeURIComponent(tag)}`}>{tag}</a>}
      </Fact>
      <Fact name="Expires">
        <Time at={expiresAt} />
      </Fact>
      <Fact name="Attempts">{notification.attempt}</Fact>
      <Fact name="Id">
        <code class="small">{id}</code> <CopyButton text={id} label="Copy the id" />
      </Fact>
    </Facts>
  );
}
