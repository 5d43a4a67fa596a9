import { useState } from "preact/hooks";
import type { Notification } from "../../../client/api-types.ts";
import { CopyButton } from "../../components/copy.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";

/** What was sent: the template's version as it was then. And the notification as the API tells it. */
export function Payload({ app, notification }: { app: string; notification: Notification }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details class="card" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        <strong>Payload</strong>{" "}
        <span class="quiet">the content that was sent, and the answer of the API</span>
      </summary>
      {isOpen && <Content app={app} notification={notification} />}
    </details>
  );
}

function Content({ app, notification }: { app: string; notification: Notification }) {
  const { templateKey, templateVersion } = notification;
  const loaded = useLoad(
    (signal) => clientOf(app).templates.version(templateKey, templateVersion, { signal }),
    [app, templateKey, templateVersion],
  );
  return (
    <div class="stack">
      <WhenLoaded loaded={loaded} what="the template">
        {({ content }) => (
          <Json title={`Content of ${templateKey}, version ${templateVersion}`} value={content} />
        )}
      </WhenLoaded>
      <Json title="The notification" value={notification} />
    </div>
  );
}

function Json({ title, value }: { title: string; value: unknown }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <div>
      <div class="row spread">
        <h3>{title}</h3>
        <CopyButton text={text} label={`Copy: ${title}`} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by keys */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}
