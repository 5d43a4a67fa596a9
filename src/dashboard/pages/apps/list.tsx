import { useLocation } from "preact-iso";
import type { App } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Empty } from "../../components/feedback.tsx";
import { LoadedTable } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { type Action, useAction, useLoad } from "../../load.ts";
import { isOperator, openApp, operator } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { Erasing } from "./erasing.tsx";
import { NewApp } from "./new.tsx";

/** The operator chooses an app, or makes one. */
export default function Apps() {
  if (!isOperator()) {
    return (
      <Page title="Apps">
        <Empty title="Only the operator sees all apps">
          <p>Sign in with the admin token. Your key opens its own app.</p>
        </Empty>
      </Page>
    );
  }
  return <AllApps />;
}

function AllApps() {
  const url = useUrlState();
  const { route } = useLocation();
  const query = { limit: 50, ...url.only(["cursor"]) };
  const loaded = useLoad((signal) => operator.admin.apps(query, { signal }).page(), [JSON.stringify(query)]);
  const opening = useAction(async (id: string) => {
    await openApp(id);
    route(`/dashboard/${encodeURIComponent(id)}/home`);
  });
  const erased = url.get("erasing");
  return (
    <Page title="Apps">
      {erased !== "" && <Erasing key={erased} id={erased} />}
      <LoadedTable
        loaded={loaded}
        problem={opening.error}
        what="apps"
        caption="Apps"
        keyOf={({ id }) => id}
        columns={columnsOf(opening)}
      >
        <Empty title="No app yet">
          <p>An app is a tenant: its users, templates and counts are its own. Make the first below.</p>
        </Empty>
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          what="the list"
          call={{ method: "GET", isAdmin: true, path: "/admin/apps", client: "admin.apps().page()" }}
        />
      </div>
      <NewApp onMade={loaded.reload} onOpen={opening.run} />
    </Page>
  );
}

function columnsOf(opening: Action<[id: string]>): Column<App>[] {
  return [
    {
      title: "Name",
      cell: ({ id, name }) => (
        <button
          type="button"
          class="button plain"
          disabled={opening.isRunning}
          onClick={() => opening.run(id)}
        >
          {name}
        </button>
      ),
    },
    { title: "Id", cell: ({ id }) => <code>{id}</code> },
    { title: "Shards", isNumber: true, cell: ({ shardCount }) => shardCount },
    { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
