import { useLocation } from "preact-iso";
import { Empty, Failure, Loading } from "../components/feedback.tsx";
import { Page } from "../components/page.tsx";
import { Pager, Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { useAction, useLoad } from "../load.ts";
import { isOperator, openApp, operator } from "../session.ts";
import { useUrlState } from "../url-state.ts";

/** The operator chooses an app. */
export default function Apps() {
  const url = useUrlState();
  const { route } = useLocation();
  const cursor = url.get("cursor");
  const { data, error, isLoading, reload } = useLoad(
    (signal) => operator.admin.apps({ limit: 50, ...(cursor === "" ? {} : { cursor }) }, { signal }).page(),
    [cursor],
  );
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
      {(error ?? opening.error) !== null && <Failure error={error ?? opening.error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="apps" />}
      {data?.data.length === 0 && (
        <Empty title="No app yet">
          <p>
            Make the first with <code>POST /admin/apps</code>: the README's first send shows it.
          </p>
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <Table
          caption="Apps"
          rows={data.data}
          keyOf={({ id }) => id}
          columns={[
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
          ]}
        />
      )}
      <Pager url={url} nextCursor={data?.nextCursor ?? null} />
    </Page>
  );
}
