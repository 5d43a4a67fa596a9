import type { Webhook, WebhookAttempt } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs, CopyAsMenu, CopyButton } from "../../components/copy.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { LoadedTable, Refresh } from "../../components/loaded.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatDuration } from "../../format.ts";
import { type Action, useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";

const API = "/webhooks";

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
  const loaded = useLoad(
    (signal) => clientOf(app).webhooks.attempts(id, query, { signal }).page(),
    [app, id, JSON.stringify(query)],
  );
  const noteCall = () => {
    loaded.reload();
    onCalled();
  };
  const resending = useAction(async (attempt: string) => {
    await clientOf(app).webhooks.resend(id, attempt);
    noteCall();
  });
  return (
    <section class="stack" aria-label="Attempts">
      <div class="row spread">
        <h2>Attempts</h2>
        <div class="row">
          <Refresh loaded={{ ...loaded, reload: noteCall }} />
          {may("manage") && <TestCall app={app} id={id} onCalled={noteCall} />}
        </div>
      </div>
      <LoadedTable
        loaded={loaded}
        problem={resending.error}
        what="attempts"
        caption="Attempts"
        keyOf={({ id: attempt }) => attempt}
        columns={columnsOf(id, resending)}
      >
        <Empty title="It wasn't called yet">
          <p>Send a test call, or a notification: it hears of those that are accepted from now on.</p>
        </Empty>
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
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

function TestCall({ app, id, onCalled }: { app: string; id: string; onCalled: () => void }) {
  const testing = useAction(async () => {
    await clientOf(app).webhooks.test(id);
    onCalled();
  });
  return (
    <>
      <button type="button" class="button main" disabled={testing.isRunning} onClick={() => testing.run()}>
        {testing.isRunning ? "Calling …" : "Send a test call"}
      </button>
      <CopyAsMenu
        what="the test call"
        call={{ method: "POST", path: `${API}/${id}/test`, client: `webhooks.test("${id}")` }}
      />
      {testing.error !== null && <Failure error={testing.error} />}
    </>
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
    {
      title: "Status",
      cell: ({ status, nextAttemptAt }) => (
        <>
          <StatusBadge status={status} />
          {nextAttemptAt !== null && <NextAttempt at={nextAttemptAt} />}
        </>
      ),
    },
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
      title: "Action",
      // Of what the endpoint has taken nothing is kept.
      cell: (attempt) =>
        may("manage") && attempt.status === "failed" ? (
          <Resend webhook={webhook} attempt={attempt} resending={resending} />
        ) : null,
    },
  ];
}

/** When it is called again; what has been due since may have been called: a later attempt says so. */
function NextAttempt({ at }: { at: string }) {
  const isPast = Date.parse(at) < Date.now();
  return (
    <div class="small quiet word">
      {isPast ? "was due " : "next "}
      <Time at={at} isAge />
    </div>
  );
}

interface ResendProps {
  webhook: string;
  attempt: WebhookAttempt;
  resending: Action<[attempt: string]>;
}

function Resend({ webhook, attempt: { id, type }, resending }: ResendProps) {
  return (
    <div class="stack-tight">
      <button
        type="button"
        class="button plain at-start"
        aria-label={`Resend ${type}`}
        disabled={resending.isRunning}
        onClick={() => resending.run(id)}
      >
        Resend
      </button>
      <CopyAsMenu
        what={`resending ${type}`}
        call={{
          method: "POST",
          path: `${API}/${webhook}/attempts/${id}/resend`,
          client: `webhooks.resend("${webhook}", "${id}")`,
        }}
      />
    </div>
  );
}
