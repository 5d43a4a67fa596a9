import type { ListedTemplate } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Empty } from "../../components/feedback.tsx";
import { Filters, NothingFits, SelectFilter, TextFilter } from "../../components/filters.tsx";
import { LoadedTable } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

const FILTERS = ["status", "search", "channelKey", "category"] as const;

/** The app's templates, newest first. */
export default function TemplateList({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only([...FILTERS, "cursor"]) };
  const loaded = useLoad(
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
      <TemplateFilters url={url} />
      <LoadedTable
        loaded={loaded}
        what="templates"
        caption="Templates"
        keyOf={({ id }) => id}
        columns={columnsOf(base)}
      >
        <Nothing
          base={base}
          isFiltered={FILTERS.some((name) => url.get(name) !== "")}
          hasMore={(loaded.data?.nextCursor ?? null) !== null}
        />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/templates?${new URLSearchParams(url.only(FILTERS))}`,
            client: `templates.list(${JSON.stringify(url.only(FILTERS))}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function TemplateFilters({ url }: { url: UrlState }) {
  return (
    <Filters>
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
    </Filters>
  );
}

function Nothing({ base, isFiltered, hasMore }: { base: string; isFiltered: boolean; hasMore: boolean }) {
  if (hasMore || isFiltered) return <NothingFits title="No template fits" hasMore={hasMore} />;
  return (
    <Empty title="There is no template yet">
      <p>
        A template says what users get in each channel.{" "}
        {may("manage") ? <a href={`${base}/new-template`}>Make one</a> : "Make one"}, look at its preview, and
        approve it.
      </p>
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
    { title: "Updated", cell: ({ updatedAt }) => <Time at={updatedAt} isAge /> },
  ];
}
