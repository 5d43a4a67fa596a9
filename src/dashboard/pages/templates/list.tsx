import type { ListedTemplate } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { SelectFilter, TextFilter } from "../../components/filters.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

const FILTERS = ["status", "search", "channelKey", "category"] as const;

/** The app's templates, newest first. */
export default function TemplateList({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).templates.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  const base = `/dashboard/${encodeURIComponent(app)}`;
  return (
    <Page
      title="Templates"
      actions={
        may("manage") && (
          <a class="button main" href={`${base}/new-template`}>
            New template
          </a>
        )
      }
    >
      <Filters url={url} />
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="templates" />}
      {data?.data.length === 0 && (
        <Nothing
          isFiltered={FILTERS.some((name) => url.get(name) !== "")}
          hasMore={data.nextCursor !== null}
        />
      )}
      {data !== null && data.data.length > 0 && (
        <Table caption="Templates" rows={data.data} keyOf={({ id }) => id} columns={columnsOf(base)} />
      )}
      <div class="row spread">
        <Pager url={url} nextCursor={data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/v3/business-messaging/api/templates?${new URLSearchParams(url.only(FILTERS))}`,
            client: `templates.list(${JSON.stringify(url.only(FILTERS))}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function Filters({ url }: { url: UrlState }) {
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <TextFilter url={url} name="search" label="Name or key begins with" placeholder="order" />
      <SelectFilter
        url={url}
        name="status"
        label="Status"
        options={[
          ["", "Any"],
          ["draft", "Draft"],
          ["approved", "Approved"],
          ["archived", "Archived"],
        ]}
      />
      <TextFilter url={url} name="channelKey" label="Channel" placeholder="in-app-alerts" />
      <TextFilter url={url} name="category" label="Category" placeholder="orders" />
    </form>
  );
}

function Nothing({ isFiltered, hasMore }: { isFiltered: boolean; hasMore: boolean }) {
  if (hasMore) return <Empty title="None of these fits">Older ones may: go on with the next page.</Empty>;
  if (isFiltered) {
    return (
      <Empty title="No template fits all of these filters">
        <p>Take one away.</p>
      </Empty>
    );
  }
  return (
    <Empty title="There is no template yet">
      <p>A template says what users get in each channel. Make one, look at its preview, and approve it.</p>
    </Empty>
  );
}

function columnsOf(base: string): Column<ListedTemplate>[] {
  return [
    {
      title: "Template",
      cell: ({ name, key, category }) => (
        <>
          <a href={`${base}/templates/${encodeURIComponent(key)}`}>{name}</a>
          <div class="small quiet">
            <span class="mono">{key}</span> {category !== null && <span class="badge">{category}</span>}
          </div>
        </>
      ),
    },
    { title: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: "Sent version",
      cell: ({ status, version, approvedVersion }) => (
        <>
          {status === "approved" && approvedVersion !== null ? approvedVersion : "none"}
          {version !== approvedVersion && <div class="small quiet">{version} waits for approval</div>}
        </>
      ),
    },
    { title: "Channels", cell: ({ channelKeys }) => channelKeys.join(", ") },
    { title: "Changed", cell: ({ updatedAt }) => <Time at={updatedAt} isAge /> },
  ];
}
