import type { AuditEntry } from "../../client/api-types.ts";
import { CopyAs } from "../components/copy.tsx";
import { DateFilter, Filters, NothingFits, TextFilter } from "../components/filters.tsx";
import { LoadedTable } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { type Column, Pager } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { useLoad } from "../load.ts";
import { clientOf } from "../session.ts";
import { type UrlState, useUrlState } from "../url-state.ts";

const FILTERS = ["action", "targetId", "actor", "from", "to"] as const;

/** Who did what. */
export default function AuditLog({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).auditLog.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  return (
    <Page title="Audit log">
      <Filters>
        <TextFilter url={url} name="action" label="Action" placeholder="template.approved" />
        <TextFilter url={url} name="actor" label="Who" placeholder="admin, or ****abcd" />
        <TextFilter url={url} name="targetId" label="What (its id)" />
        <DateFilter url={url} name="from" label="From (UTC day)" />
        <DateFilter url={url} name="to" label="To (UTC day)" />
      </Filters>
      <LoadedTable
        loaded={loaded}
        what="the log"
        caption="Audit log"
        keyOf={({ id }) => id}
        columns={columnsOf(url)}
      >
        <NothingFits title="No line fits" hasMore={(loaded.data?.nextCursor ?? null) !== null} />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/audit-log?${new URLSearchParams(url.only(FILTERS))}`,
            client: `auditLog.list(${JSON.stringify(url.only(FILTERS))}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function columnsOf(url: UrlState): Column<AuditEntry>[] {
  return [
    { title: "When", cell: ({ at }) => <Time at={at} /> },
    { title: "Who", cell: ({ actor }) => whoIs(actor) },
    { title: "Did", cell: ({ action }) => <a href={url.with({ action })}>{action}</a> },
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
  ];
}

function whoIs({ type, key }: AuditEntry["actor"]): string {
  if (type === "admin") return "the operator";
  return type === "onecall" ? "Onecall itself" : (key ?? "an API key");
}
