import type { Webhook, WebhookAttempt } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs, CopyButton } from "../../components/copy.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatDuration } from "../../format.ts";
import { type Action, useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";

const API = "/v3/business-messaging/api/webhooks";

interface AttemptsProps {
  app: string;
  webhook: Webhook;
  /** The endpoint was called: its state may be another. */
  onCalled: () => void;
}

/** Every call to the endpoint in 30 days: what it was about, and what the endpoint answered. */
export function Attempts({ app, webhook: { id }, onCalled }: AttemptsProps) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).webhooks.attempts(id, query, { signal }).page(),
    [app, id, JSON.stringify(query)],
  );
  const noteCall = () => {
    reload();
    onCalled();
  };
  const testing = useAction(async () => {
    await clientOf(app).webhooks.test(id);
    noteCall();
  });
  const resending = useAction(async (attempt: string) => {
    await clientOf(app).webhooks.resend(id, attempt);
    noteCall();
  });
  const problem = error ?? testing.error ?? resending.error;
  return (
    <section class="stack" aria-label="Attempts">
      <div class="row spread">
        <h2>Attempts</h2>
        <div class="row">
          <button type="button" class="button" onClick={noteCall} disabled={isLoading}>
            {isLoading ? "Loading …" : "Refresh"}
          </button>
          {may("manage") && (
            <>
              <button
                type="button"
                class="button main"
                disabled={testing.isRunning}
                onClick={() => testing.run()}
              >
                {testing.isRunning ? "Calling …" : "Send a test call"}
              </button>
              <CopyAs
                call={{ method: "POST", path: `${API}/${id}/test`, client: `webhooks.test("${id}")` }}
              />
            </>
          )}
        </div>
      </div>
      {problem !== null && <Failure error={problem} onRetry={reload} />}
      {data === null && isLoading && <Loading what="attempts" />}
      {data?.data.length === 0 && (
        <Empty title="It wasn't called yet">
          <p>Send a test call, or a notification: it hears of those that are accepted from now on.</p>
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <Table
          caption="Attempts"
          rows={data.data}
          keyOf={({ id: attempt }) => attempt}
          columns={columnsOf(id, resending)}
        />
      )}
      <div class="row spread">
        <Pager url={url} nextCursor={data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `${API}/${id}/attempts`,
            client: `webhooks.attempts("${id}").page()`,
          }}
        />
      </div>
    </section>
  );
}

function columnsOf(webhook: string, resending: Action<[attempt: string]>): Column<WebhookAttempt>[] {
  return [
    { title: "When", cell: ({ at }) => <Time at={at} /> },
    {
      title: "Request",
      cell: ({ type, events, messageId }) => (
        <div class="words">
          {type}
          {events > 1 && <span class="quiet">, {events} events</span>}
          <div class="small quiet mono">
            {messageId} <CopyButton text={messageId} label="Copy the webhook-id" />
          </div>
        </div>
      ),
    },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: "Answer",
      cell: ({ httpStatus, durationMs, response, error }) => (
        <div class="words">
          {httpStatus ?? "no answer"} <span class="small quiet">after {formatDuration(durationMs)}</span>
          {(error ?? response ?? "") !== "" && <div class="mono small">“{error ?? response}”</div>}
        </div>
      ),
    },
    {
      title: "Next attempt",
      cell: ({ nextAttemptAt }) => (nextAttemptAt === null ? "none" : <Time at={nextAttemptAt} isAge />),
    },
    {
      title: "Action",
      // Of what the endpoint has taken nothing is kept.
      cell: ({ id, type, status }) =>
        may("manage") && status === "failed" ? (
          <div class="stack-tight">
            <button
              type="button"
              class="button plain"
              aria-label={`Resend ${type}`}
              disabled={resending.isRunning}
              onClick={() => resending.run(id)}
            >
              Resend
            </button>
            <CopyAs
              call={{
                method: "POST",
                path: `${API}/${webhook}/attempts/${id}/resend`,
                client: `webhooks.resend("${webhook}", "${id}")`,
              }}
            />
          </div>
        ) : null,
    },
  ];
}
