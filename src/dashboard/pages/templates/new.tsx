import { useLocation } from "preact-iso";
import { Empty } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { NEW_DRAFT, toNewBody } from "./draft.ts";
import { Editor } from "./editor.tsx";

/** A template that isn't there yet: saved, it is a draft. */
export default function NewTemplate({ app = "" }: { app?: string }) {
  const { route } = useLocation();
  const loaded = useLoad((signal) => clientOf(app).channels.list({ signal }).page(), [app]);
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
      <WhenLoaded loaded={loaded} what="channels">
        {({ data }) => (
          <Editor
            stored={NEW_DRAFT}
            channels={data}
            isNew
            callOf={(body) => ({
              method: "POST",
              path: "/templates",
              body,
              client: `templates.create(${JSON.stringify(body)})`,
            })}
            onSave={async (draft) => {
              const made = await clientOf(app).templates.create(toNewBody(draft));
              route(`/dashboard/${encodeURIComponent(app)}/templates/${encodeURIComponent(made.key)}`);
            }}
          />
        )}
      </WhenLoaded>
    </Page>
  );
}
