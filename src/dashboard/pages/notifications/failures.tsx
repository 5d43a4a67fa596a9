import type { Notification } from "../../../client/api-types.ts";
import { CopyAsMenu } from "../../components/copy.tsx";
import { totalOf } from "../../components/counts.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Table } from "../../components/table.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { meaningOf, remedyOf } from "../../reasons.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { CsvDownload } from "./csv-download.tsx";

interface FailuresProps {
  app: string;
  notification: Notification;
  channel: string;
}

/** Why deliveries of a channel failed or were skipped, in the service's words and the provider's. */
export function Failures({ app, notification, channel }: FailuresProps) {
  const { id, counts } = notification;
  const { failed = {}, skipped = {} } = counts[channel] ?? {};
  const url = useUrlState();
  const rows = [
    ...Object.entries(failed).map(([reason, count]) => ({ status: "failed", reason, count })),
    ...Object.entries(skipped).map(([reason, count]) => ({ status: "skipped", reason, count })),
  ];
  if (rows.length === 0) return null;
  return (
    <Table
      caption={`Reasons in ${channel}`}
      rows={rows}
      keyOf={({ status, reason }) => `${status} ${reason}`}
      columns={[
        {
          title: "Reason",
          cell: ({ status, reason }) => (
            <>
              <a href={`${url.with({ channel, status, reason })}#deliveries`}>{reason}</a>
              <div class="small quiet">{status}</div>
            </>
          ),
        },
        { title: "Deliveries", isNumber: true, cell: ({ count }) => formatNumber(count) },
        {
          title: "What it means",
          cell: ({ status, reason }) => (
            <div class="words">
              {meaningOf(reason)}
              {status === "failed" && <Words app={app} id={id} channel={channel} reason={reason} />}
              {remedyOf(reason) !== null && <div class="small quiet">{remedyOf(reason)}.</div>}
            </div>
          ),
        },
      ]}
    />
  );
}

/** What to do about what failed: retry it, or download it, mend it and send the file. */
export function FailureActions({
  app,
  notification,
  onRetried,
}: Omit<FailuresProps, "channel"> & { onRetried: () => void }) {
  const { id, state, counts } = notification;
  const retrying = useAction(async () => {
    await clientOf(app).notifications.retry(id);
    onRetried();
  });
  const { failed } = totalOf(counts);
  if (failed === 0 && retrying.error === null) return null;
  return (
    <section class="notice bad" aria-label="What failed">
      <strong>
        {formatNumber(failed)} {failed === 1 ? "delivery" : "deliveries"} failed
      </strong>
      <div class="row">
        {may("send") && (
          <>
            <button
              type="button"
              class="button main"
              disabled={state !== "completed" || retrying.isRunning}
              onClick={() => retrying.run()}
            >
              Retry all that failed
            </button>
            <CopyAsMenu
              what="retrying all that failed"
              call={{
                method: "POST",
                path: `/notifications/${id}/retry`,
                body: {},
                client: `notifications.retry("${id}")`,
              }}
            />
          </>
        )}
        <CsvDownload app={app} id={id} isFailures />
      </div>
      {state !== "completed" && may("send") && (
        <span class="small quiet">
          It is still being sent: what failed can be retried when it is completed.
        </span>
      )}
      {retrying.error !== null && <Failure error={retrying.error} />}
    </section>
  );
}

type Reason = NonNullable<
  Parameters<ReturnType<typeof clientOf>["notifications"]["deliveries"]>[1]
>["reason"];

/** The provider's words of the first such delivery: mostly all have the same. */
function Words({ app, id, channel, reason }: { app: string; id: string; channel: string; reason: string }) {
  const { data } = useLoad(
    (signal) =>
      clientOf(app)
        .notifications.deliveries(
          id,
          { status: "failed", reason: reason as Reason, channel, limit: 1 },
          { signal },
        )
        .page(),
    [app, id, channel, reason],
  );
  const message = data?.data[0]?.message;
  return message ? <div class="mono small">“{message}”</div> : null;
}
