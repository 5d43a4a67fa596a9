import { useState } from "preact/hooks";
import type { Channel } from "../../../client/api-types.ts";
import { ChannelLook } from "../channels/look.tsx";
import { toVariables, type Values, VariableFields } from "../send/variables.tsx";
import { type Draft, schemaOf } from "./draft.ts";
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
          <ChannelLook
            type={channels.find((channel) => channel.key === key)?.type}
            content={renderSample(draft, key, samples)}
          />
        </section>
      ))}
    </section>
  );
}
