import { useLocation } from "preact-iso";
import type { App } from "../../client/api-types.ts";
import { Empty } from "../components/feedback.tsx";
import { LoadedTable } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { type Column, Pager } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { type Action, useAction, useLoad } from "../load.ts";
import { isOperator, openApp, operator } from "../session.ts";
import { useUrlState } from "../url-state.ts";

/** The operator chooses an app. */
export default function Apps() {
  const url = useUrlState();
  const { route } = useLocation();
  const query = { limit: 50, ...url.only(["cursor"]) };
  const loaded = useLoad((signal) => operator.admin.apps(query, { signal }).page(), [JSON.stringify(query)]);
  const opening = useAction(async (id: string) => {
    await openApp(id);
    route(`/dashboard/${encodeURIComponent(id)}/home`);
  });
  if (!isOperator()) {
    return (
      <Page title="Apps">
        <Empty title="Only the operator sees all apps">
          <p>Sign in with the admin token. Your key opens its own app.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Apps">
      <LoadedTable
        loaded={loaded}
        problem={opening.error}
        what="apps"
        caption="Apps"
        keyOf={({ id }) => id}
        columns={columnsOf(opening)}
      >
        <Empty title="No app yet">
          <p>
            Make the first with <code>POST /admin/apps</code>: the README's first send shows it.
          </p>
        </Empty>
      </LoadedTable>
      <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
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
    { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
}
