import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Channel } from "../../../client/api-types.ts";
import { type CallExample, CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { CheckField, Form, type Option, SelectField, TextField } from "../../components/fields.tsx";
import { useAction } from "../../load.ts";
import { useUnsaved } from "../../unsaved.ts";
import { ChannelContent } from "./channel-content.tsx";
import { changesOf, type Draft, toNewBody } from "./draft.ts";
import { LivePreview } from "./live-preview.tsx";
import { SchemaEditor } from "./schema.tsx";

interface EditorProps {
  stored: Draft;
  channels: readonly Channel[];
  isNew: boolean;
  callOf(body: object): CallExample;
  /** With `approve`: the same call approves what it saves. */
  onSave(draft: Draft, approve: boolean): Promise<void>;
}

/** What a template says, to be written, with what users would see beside it. */
export function Editor({ stored, channels, isNew, callOf, onSave }: EditorProps) {
  const [draft, setDraft] = useState(stored);
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  const [kept, setKept] = useState<Draft | null>(null);
  const saving = useAction(async (approve: boolean) => {
    await onSave(draft, approve);
    // Until the page has read it anew, it differs from what was stored before.
    setKept(draft);
  });
  const changes = isNew ? toNewBody(draft) : changesOf(draft, stored);
  const hasChanges = isNew ? draft !== stored : Object.keys(changes).length > 0;
  useUnsaved(draft !== kept && (hasChanges || draft.unread.length > 0));
  const fault = faultOf(draft);
  const canSave = fault === null && Object.keys(changes).length > 0 && !saving.isRunning;
  return (
    <div class="sides">
      <Form class="stack" label="Editor" onSubmit={() => canSave && saving.run(false)}>
        <About draft={draft} isNew={isNew} channels={channels} change={change} />
        {draft.channelKeys.map((key) => (
          <ChannelContent
            key={key}
            channelKey={key}
            type={channels.find((channel) => channel.key === key)?.type}
            content={draft.content[key] ?? {}}
            onContent={(one) => {
              setDraft((before) => ({
                ...before,
                content: one === null ? before.content : { ...before.content, [key]: one },
                unread: [...before.unread.filter((name) => name !== key), ...(one === null ? [key] : [])],
              }));
            }}
          />
        ))}
        <SchemaEditor draft={draft} change={change} />
        {saving.error !== null && <Failure error={saving.error} />}
        {fault !== null && <p class="notice warn">{fault}</p>}
        <Buttons
          isNew={isNew}
          isRunning={saving.isRunning}
          canSave={canSave}
          isChanged={isNew || Object.keys(changes).length > 0}
          onApprove={() => saving.run(true)}
        >
          <CopyAs call={callOf(changes)} />
        </Buttons>
      </Form>
      <LivePreview draft={draft} channels={channels} />
    </div>
  );
}

interface ButtonsProps {
  isNew: boolean;
  isRunning: boolean;
  canSave: boolean;
  isChanged: boolean;
  /** Saves and approves; the first button submits the form. */
  onApprove(): void;
  children: ComponentChildren;
}

function Buttons({ isNew, isRunning, canSave, isChanged, onApprove, children }: ButtonsProps) {
  return (
    <div class="row">
      <button type="submit" class="button main" disabled={!canSave}>
        {isRunning ? "Saving …" : isNew ? "Save as a draft" : "Save"}
      </button>
      {!isNew && (
        <button type="button" class="button" disabled={!canSave} onClick={onApprove}>
          Save and approve
        </button>
      )}
      {!isChanged && <span class="small quiet">Nothing is changed.</span>}
      {children}
    </div>
  );
}

/** What keeps the draft from being saved; the service finds the rest. */
function faultOf({ name, variables, unread }: Draft): string | null {
  if (unread.length > 0) return `The JSON of ${unread.join(", ")} can't be read yet.`;
  if (name.trim() === "") return "A template needs a name.";
  const names = variables.map((variable) => variable.name);
  if (names.includes("")) return "Each variable needs a name.";
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  return twice === undefined ? null : `The variable “${twice}” is there twice.`;
}

const PLACEHOLDERS: readonly Option<Draft["placeholders"]>[] = [
  ["double", "{{name}}"],
  ["single", "{name}, as Sendbird's"],
];

function NoChannel() {
  return <p class="quiet">The app has no channel yet, and a template needs one: make it under “Channels”.</p>;
}

interface AboutProps {
  draft: Draft;
  isNew: boolean;
  channels: readonly Channel[];
  change(changes: Partial<Draft>): void;
}

function About({ draft, isNew, channels, change }: AboutProps) {
  const { name, key, category, channelKeys, placeholders, unread } = draft;
  const choose = (channel: string, isChosen: boolean) =>
    change({
      channelKeys: isChosen ? [...channelKeys, channel] : channelKeys.filter((one) => one !== channel),
      unread: unread.filter((one) => one !== channel),
    });
  return (
    <fieldset class="card stack">
      <legend>Template</legend>
      <div class="filters">
        <TextField label="Name" value={name} onValue={(value) => change({ name: value })} />
        {isNew && (
          <TextField
            label="Key (made from the name where empty)"
            value={key}
            onValue={(value) => change({ key: value })}
          />
        )}
        <TextField
          label="Category (optional)"
          value={category}
          onValue={(value) => change({ category: value })}
        />
        <SelectField
          label="Placeholders"
          value={placeholders}
          options={PLACEHOLDERS}
          onValue={(value) => change({ placeholders: value })}
        />
      </div>
      <fieldset class="stack-tight plain">
        <legend class="small">Channels</legend>
        {channels.length === 0 && <NoChannel />}
        <div class="row">
          {channels.map((channel) => (
            <CheckField
              key={channel.key}
              isChecked={channelKeys.includes(channel.key)}
              onCheck={(isChecked) => choose(channel.key, isChecked)}
            >
              {channel.name}
              {!channel.enabled && <span class="badge warn">disabled</span>}
            </CheckField>
          ))}
        </div>
      </fieldset>
    </fieldset>
  );
}
