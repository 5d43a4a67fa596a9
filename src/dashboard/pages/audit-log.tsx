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
        columns={columnsOf(app, url)}
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

function columnsOf(app: string, url: UrlState): Column<AuditEntry>[] {
  return [
    { title: "When", cell: ({ at }) => <Time at={at} /> },
    { title: "Who", cell: ({ actor }) => <span class="word">{whoIs(actor)}</span> },
    {
      title: "Did",
      cell: ({ action }) => (
        <a class="word" href={url.with({ action })}>
          {action}
        </a>
      ),
    },
    { title: "To", cell: ({ target }) => <Target app={app} target={target} /> },
    { title: "Details", cell: ({ details }) => <Details details={details} /> },
  ];
}

/** What it was done to; where a page shows that one, the way there. */
function Target({ app, target: { type, id } }: { app: string; target: AuditEntry["target"] }) {
  const base = `/dashboard/${encodeURIComponent(app)}`;
  const list = PAGES[type];
  return (
    <div class="words">
      {type.replaceAll("_", " ")}
      <div class="small quiet mono">
        {list === undefined ? id : <a href={`${base}/${list}/${encodeURIComponent(id)}`}>{id}</a>}
      </div>
    </div>
  );
}

/** Those whose page's address has the id that the log has. */
const PAGES: Readonly<Record<string, string>> = { notification: "notifications", webhook: "webhooks" };

/** Each on a line of its own: a name, and what the log says of it. */
function Details({ details }: { details: Readonly<Record<string, unknown>> }) {
  return (
    <ul class="small words">
      {Object.entries(details)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <li key={name}>
            <span class="quiet">{name}</span>{" "}
            <span class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</span>
          </li>
        ))}
    </ul>
  );
}

function whoIs({ type, key }: AuditEntry["actor"]): string {
  if (type === "admin") return "the operator";
  return type === "onecall" ? "Onecall itself" : (key ?? "an API key");
}
