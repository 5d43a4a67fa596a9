import { useState } from "preact/hooks";
import type { Template } from "../../../client/api-types.ts";
import { Failure } from "../../components/feedback.tsx";
import { useAction } from "../../load.ts";
import { textAt } from "../../parse.ts";
import { clientOf } from "../../session.ts";

interface PreviewProps {
  app: string;
  template: Template;
  variables: object;
}

/** What a user gets in each channel, rendered by the service as it would be sent. */
export function Preview({ app, template, variables }: PreviewProps) {
  const [content, setContent] = useState<Record<string, unknown> | null>(null);
  const rendering = useAction(async () => {
    const version = template.approvedVersion ?? template.version;
    setContent((await clientOf(app).templates.preview(template.key, { variables, version })).content);
  });
  return (
    <section class="card stack" aria-label="Preview">
      <div class="row spread">
        <h2>Preview</h2>
        <button type="button" class="button" disabled={rendering.isRunning} onClick={() => rendering.run()}>
          {rendering.isRunning ? "Rendering …" : "Show what a user gets"}
        </button>
      </div>
      {rendering.error !== null && <Failure error={rendering.error} />}
      {content !== null && (
        <div class="previews">
          {Object.entries(content).map(([channel, one]) => (
            <ChannelPreview key={channel} channel={channel} content={one} />
          ))}
        </div>
      )}
    </section>
  );
}

function ChannelPreview({ channel, content }: { channel: string; content: unknown }) {
  const title = textAt(content, "title");
  const body = textAt(content, "body") ?? textAt(content, "text");
  return (
    <figure class="preview">
      <figcaption class="small quiet">{channel}</figcaption>
      {title !== null && <strong>{title}</strong>}
      {body !== null && <p>{body}</p>}
      {title === null && body === null && <pre>{JSON.stringify(content, null, 2)}</pre>}
    </figure>
  );
}
