import type { Template } from "../../../client/api-types.ts";
import { Empty } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { TemplatePicker } from "../../components/template-picker.tsx";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";

interface TemplateChoiceProps {
  app: string;
  /** The chosen one's; empty: none yet. */
  templateKey: string;
  onChoose(key: string): void;
}

/** Which template is sent: one of those that are approved. */
export function TemplateChoice({ app, templateKey, onChoose }: TemplateChoiceProps) {
  const loaded = useLoad(
    (signal) => clientOf(app).templates.list({ status: "approved", limit: 1 }, { signal }).page(),
    [app],
  );
  return (
    <WhenLoaded loaded={loaded} what="templates">
      {({ data }) =>
        data.length === 0 ? (
          <Empty title="No template is approved yet">
            <p>
              A send needs an approved template:{" "}
              <a href={`/dashboard/${encodeURIComponent(app)}/templates`}>make one</a>, look at its preview,
              and approve it.
            </p>
          </Empty>
        ) : (
          <TemplatePicker
            app={app}
            label="Template"
            status="approved"
            value={templateKey}
            onValue={onChoose}
          />
        )
      }
    </WhenLoaded>
  );
}

/** The template that was chosen, with its variables as they are sent: those of the approved version. */
export function useTemplate(app: string, key: string) {
  return useLoad<Template>((signal) => clientOf(app).templates.get(key, { signal }), [app, key]);
}
