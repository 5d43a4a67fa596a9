import type { AuditEntry } from "../../client/api-types.ts";
import { Empty, Failure, Loading } from "../components/feedback.tsx";
import { DateFilter, TextFilter } from "../components/filters.tsx";
import { Page } from "../components/page.tsx";
import { Pager, Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { useLoad } from "../load.ts";
import { clientOf } from "../session.ts";
import { useUrlState } from "../url-state.ts";

const FILTERS = ["action", "targetId", "actor", "from", "to"] as const;

/** Who did what. */
export default function AuditLog({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).auditLog.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  return (
    <Page title="Audit log">
      <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        <TextFilter url={url} name="action" label="Action" placeholder="template.approved" />
        <TextFilter url={url} name="actor" label="Who" placeholder="admin, or ****abcd" />
        <TextFilter url={url} name="targetId" label="What (its id)" />
        <DateFilter url={url} name="from" label="From (UTC day)" />
        <DateFilter url={url} name="to" label="To (UTC day)" />
      </form>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="the log" />}
      {data?.data.length === 0 && (
        <Empty title="No line fits">
          {data.nextCursor === null ? (
            <p>Take a filter away.</p>
          ) : (
            <p>Older ones may: go on with the next page.</p>
          )}
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <Table
          caption="Audit log"
          rows={data.data}
          keyOf={({ id }) => id}
          columns={[
            { title: "When", cell: ({ at }) => <Time at={at} /> },
            { title: "Who", cell: ({ actor }) => whoIs(actor) },
            {
              title: "Did",
              cell: ({ action }) => <a href={url.with({ action })}>{action}</a>,
            },
            {
              title: "To",
              cell: ({ target }) => (
                <>
                  {target.type}
                  <div class="small quiet mono">{target.id}</div>
                </>
              ),
            },
            { title: "Details", cell: ({ details }) => <code class="small">{JSON.stringify(details)}</code> },
          ]}
        />
      )}
      <Pager url={url} nextCursor={data?.nextCursor ?? null} />
    </Page>
  );
}

function whoIs({ type, key }: AuditEntry["actor"]): string {
  if (type === "admin") return "the operator";
  return type === "onecall" ? "Onecall itself" : (key ?? "an API key");
}
