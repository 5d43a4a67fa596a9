import type { User } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Empty } from "../../components/feedback.tsx";
import { DateFilter, Filters, NothingFits, SelectFilter, TextFilter } from "../../components/filters.tsx";
import { LoadedTable } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

const FILTERS = ["searchKey", "role", "status", "createdFrom", "createdTo"] as const;
const SIZES = ["20", "50", "100"] as const;

/** Users by id, with the filters of the vendors' page. */
export default function UserList({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const filters = url.only(FILTERS);
  const query = { perPage: Number(url.get("perPage") || "20"), ...url.only([...FILTERS, "cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).users.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  const total = useLoad(
    (signal) => clientOf(app).users.count(filters, { signal }),
    [app, JSON.stringify(filters)],
  );
  return (
    <Page title="Users">
      <UserFilters url={url} />
      {total.data !== null && (
        <p class="quiet" role="status">
          {formatNumber(total.data.count)} {total.data.count === 1 ? "user" : "users"}
        </p>
      )}
      <LoadedTable
        loaded={loaded}
        what="users"
        caption="Users"
        keyOf={({ uid }) => uid}
        columns={columnsOf(app)}
      >
        <Nothing
          isFiltered={Object.keys(filters).length > 0}
          hasMore={(loaded.data?.nextCursor ?? null) !== null}
        />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            path: `/users?${new URLSearchParams(filters)}`,
            client: `users.list(${JSON.stringify(filters)}).page()`,
          }}
        />
      </div>
    </Page>
  );
}

function Nothing({ isFiltered, hasMore }: { isFiltered: boolean; hasMore: boolean }) {
  if (hasMore || isFiltered) return <NothingFits title="No user fits" hasMore={hasMore} />;
  return (
    <Empty title="No user has a record yet">
      <p>
        Your server makes one by <code>POST …/users</code>, or with a user's first token. A send needs none:
        any id can be sent to.
      </p>
    </Empty>
  );
}

function UserFilters({ url }: { url: UrlState }) {
  return (
    <Filters>
      <TextFilter url={url} name="searchKey" label="Id or name begins with" placeholder="mia" />
      <TextFilter url={url} name="role" label="Role" placeholder="default" />
      <SelectFilter
        url={url}
        name="status"
        label="Status"
        options={[
          ["", "Any"],
          ["online", "Online"],
          ["offline", "Offline"],
        ]}
      />
      <DateFilter url={url} name="createdFrom" label="Created from (UTC day)" />
      <DateFilter url={url} name="createdTo" label="Created to (UTC day)" />
      <SelectFilter
        url={url}
        name="perPage"
        label="Users a page"
        options={SIZES.map((size) => [size === "20" ? "" : size, size])}
      />
    </Filters>
  );
}

function columnsOf(app: string): Column<User>[] {
  return [
    {
      title: "User",
      cell: ({ uid, name }) => (
        <>
          <a href={`/dashboard/${encodeURIComponent(app)}/users/${encodeURIComponent(uid)}`}>{uid}</a>
          {name !== uid && <div class="small quiet">{name}</div>}
        </>
      ),
    },
    { title: "Role", cell: ({ role }) => role },
    { title: "Status", cell: ({ status }) => <span class="badge word">{status}</span> },
    { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
