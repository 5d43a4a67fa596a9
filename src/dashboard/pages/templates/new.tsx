import { useLocation } from "preact-iso";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { Page } from "../../components/page.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { NEW_DRAFT, toNewBody } from "./draft.ts";
import { Editor } from "./editor.tsx";

/** A template that isn't there yet: saved, it is a draft. */
export default function NewTemplate({ app = "" }: { app?: string }) {
  const { route } = useLocation();
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).channels.list({ signal }).page(),
    [app],
  );
  if (!may("manage")) {
    return (
      <Page title="New template">
        <Empty title="Your key may not change templates">
          <p>Sign in with one that has the scope “manage”.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="New template">
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="channels" />}
      {data !== null && (
        <Editor
          stored={NEW_DRAFT}
          channels={data.data}
          isNew
          callOf={(body) => ({
            method: "POST",
            path: "/v3/business-messaging/api/templates",
            body,
            client: `templates.create(${JSON.stringify(body)})`,
          })}
          onSave={async (draft) => {
            const made = await clientOf(app).templates.create(toNewBody(draft));
            route(`/dashboard/${encodeURIComponent(app)}/templates/${encodeURIComponent(made.key)}`);
          }}
        />
      )}
    </Page>
  );
}
