import { useState } from "preact/hooks";
import type { Channel } from "../../../client/api-types.ts";
import { CheckField, LongTextField } from "../../components/fields.tsx";
import { formatChannelType } from "../../format.ts";
import { usualFieldsOf } from "../channels/usual-fields.ts";
import { type Fields, fieldsOf } from "./draft.ts";

interface ChannelContentProps {
  channelKey: string;
  /** Undefined: the channel isn't there. */
  type: Channel["type"] | undefined;
  content: Fields;
  /** Null: what stands there isn't a JSON object. */
  onContent(content: Fields | null): void;
}

/** What is said in one channel: by a form, or as JSON. */
export function ChannelContent({ channelKey, type, content, onContent }: ChannelContentProps) {
  const [json, setJson] = useState<string | null>(null);
  const parsed = json === null ? content : parseFields(json);
  const changeJson = (text: string) => {
    setJson(text);
    onContent(parseFields(text));
  };
  return (
    <fieldset class="card stack">
      <legend>
        {channelKey} <span class="small quiet">{type !== undefined && formatChannelType(type)}</span>
      </legend>
      <CheckField
        isChecked={json !== null}
        // What can't be read would be lost.
        isDisabled={parsed === null}
        onCheck={(isChecked) => setJson(isChecked ? JSON.stringify(content, null, 2) : null)}
      >
        As JSON
      </CheckField>
      {json === null ? (
        <ContentForm channelKey={channelKey} type={type} content={content} onContent={onContent} />
      ) : (
        <LongTextField
          label={`Content of ${channelKey}`}
          isCode
          rows={12}
          aria-invalid={parsed === null}
          value={json}
          onValue={changeJson}
        />
      )}
    </fieldset>
  );
}

function ContentForm({ channelKey, type, content, onContent }: ChannelContentProps) {
  const names = [...new Set([...usualFieldsOf(type), ...Object.keys(content)])];
  const others = names.filter((name) => !isText(content[name]));
  const change = (name: string, text: string) => {
    const { [name]: _, ...rest } = content;
    // A field keeps its place; an empty one that was never there isn't made.
    onContent(text === "" ? rest : { ...content, [name]: text });
  };
  return (
    <>
      {names
        .filter((name) => !others.includes(name))
        .map((name) => (
          <label key={name} class="field">
            <span>
              {name} <span class="unseen">of {channelKey}</span>
            </span>
            <textarea
              class="input"
              rows={name === "body" || name === "text" ? 3 : 1}
              style={{ minHeight: 0 }}
              value={String(content[name] ?? "")}
              onInput={({ currentTarget }) => change(name, currentTarget.value)}
            />
          </label>
        ))}
      {others.length > 0 && (
        <p class="small quiet">
          {others.join(", ")} {others.length === 1 ? "is" : "are"} no text: see “As JSON”.
        </p>
      )}
    </>
  );
}

const isText = (value: unknown): boolean => value === undefined || typeof value === "string";

function parseFields(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? fieldsOf(value) : null;
  } catch {
    return null;
  }
}
