import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Channel, Template } from "../../../client/api-types.ts";
import { CopyAsMenu } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { ChannelLook } from "../channels/look.tsx";

/** Whose values are filled in. */
export interface Sample {
  variables: object;
  /** Such as "Row 3: ann"; null: nobody's in particular. */
  whose: string | null;
}

interface PreviewProps {
  app: string;
  template: Template;
  /** Asked for at each look. */
  readSample(): Promise<Sample>;
  /** What the copied call is given; else no variable. */
  sample?: object;
  /** Of the button; else what a user gets. */
  label?: string;
  /** What says which sample it is. */
  children?: ComponentChildren;
}

interface Shown {
  whose: string | null;
  looks: { key: string; type: Channel["type"] | undefined; content: unknown }[];
}

/** What a user gets in each channel, rendered by the service as it would be sent, as it looks there. */
export function Preview({
  app,
  template,
  readSample,
  sample = {},
  label = "Show what a user gets",
  children,
}: PreviewProps) {
  const [shown, setShown] = useState<Shown | null>(null);
  const version = template.approvedVersion ?? template.version;
  const asked = { variables: sample, version };
  const rendering = useAction(async () => {
    const { templates, channels } = clientOf(app);
    const { variables, whose } = await readSample();
    const [{ content }, { data }] = await Promise.all([
      templates.preview(template.key, { variables, version }),
      channels.list().page(),
    ]);
    const typeOf = (key: string) => data.find((channel) => channel.key === key)?.type;
    const looks = Object.entries(content).map(([key, one]) => ({ key, type: typeOf(key), content: one }));
    setShown({ whose, looks });
  });
  return (
    <section class="card stack" aria-label="Preview">
      <div class="row spread">
        <h2>Preview</h2>
        <div class="row ends">
          {children}
          <button type="button" class="button" disabled={rendering.isRunning} onClick={() => rendering.run()}>
            {rendering.isRunning ? "Rendering …" : label}
          </button>
          <CopyAsMenu
            what="the preview"
            call={{
              method: "POST",
              path: `/templates/${template.key}/preview`,
              body: asked,
              client: `templates.preview("${template.key}", ${JSON.stringify(asked)})`,
            }}
          />
        </div>
      </div>
      {rendering.error !== null && <Failure error={rendering.error} />}
      <div role="status">{shown !== null && <Looks shown={shown} />}</div>
    </section>
  );
}

function Looks({ shown: { whose, looks } }: { shown: Shown }) {
  return (
    <div class="stack">
      {whose !== null && <p>{whose}</p>}
      <div class="previews">
        {looks.map(({ key, type, content }) => (
          <section key={key} class="looks" aria-label={`Preview of ${key}`}>
            <h3>{key}</h3>
            <ChannelLook type={type} content={content} />
          </section>
        ))}
      </div>
    </div>
  );
}
