import { useState } from "preact/hooks";
import type { Channel } from "../../../client/api-types.ts";
import { AndroidLockScreen, FeedItem, IosLockScreen } from "../../components/looks.tsx";
import { toVariables, type Values, VariableFields } from "../send/variables.tsx";
import { type Draft, type Fields, schemaOf } from "./draft.ts";
import { renderSample } from "./render-sample.ts";

/** What users would see, while it is written, with values that one tries. Nothing is saved or sent for it. */
export function LivePreview({ draft, channels }: { draft: Draft; channels: readonly Channel[] }) {
  const [values, setValues] = useState<Values>({});
  const template = { variableSchema: schemaOf(draft) };
  const samples = toVariables(template, values);
  return (
    <section class="stack" aria-label="Preview">
      <VariableFields template={template} values={values} onValues={setValues} legend="Sample values" />
      {draft.channelKeys.length === 0 && <p class="empty">Choose a channel to see what its users get.</p>}
      {draft.channelKeys.map((key) => (
        <section key={key} class="looks" aria-label={`Preview of ${key}`}>
          <h2>{key}</h2>
          <Look
            type={channels.find((channel) => channel.key === key)?.type ?? "in_app"}
            content={renderSample(draft, key, samples)}
          />
        </section>
      ))}
    </section>
  );
}

function Look({ type, content }: { type: Channel["type"]; content: Fields }) {
  if (type === "in_app") return <FeedItem content={content} />;
  if (type === "push") {
    return (
      <>
        <IosLockScreen content={content} />
        <AndroidLockScreen content={content} />
      </>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by keys
    <pre tabIndex={0}>{JSON.stringify(content, null, 2)}</pre>
  );
}
