import { Failure } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { mayLeave } from "../../unsaved.ts";
import { useUrlState } from "../../url-state.ts";
import { SendForm } from "./form.tsx";
import { TemplateChoice, useTemplate } from "./template-choice.tsx";

/** A template to users: named, or those of a CSV. */
export default function Send({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const key = url.get("template");
  return (
    <Page title="Send">
      <div class="card">
        <TemplateChoice
          app={app}
          templateKey={key}
          // Another template has other variables: what is filled in goes.
          onChoose={(template) => mayLeave() && url.set({ template })}
        />
      </div>
      {key !== "" && <Chosen key={key} app={app} templateKey={key} />}
    </Page>
  );
}

function Chosen({ app, templateKey }: { app: string; templateKey: string }) {
  const loaded = useTemplate(app, templateKey);
  // A link from the files' page names one.
  const fileKey = useUrlState().get("file");
  const file = useLoad(
    async (signal) => (fileKey === "" ? null : await clientOf(app).files.get(fileKey, { signal })),
    [app, fileKey],
  );
  return (
    <WhenLoaded loaded={loaded} what="the template">
      {(template) => (
        <>
          {file.error !== null && <Failure error={file.error} onRetry={file.reload} />}
          {!file.isLoading && <SendForm app={app} template={template} first={file.data} />}
        </>
      )}
    </WhenLoaded>
  );
}
