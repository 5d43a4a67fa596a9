import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TargetsFile, Template } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { CsvUpload, toFileKey } from "../../components/csv-upload.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form } from "../../components/fields.tsx";
import { formatNumber } from "../../format.ts";
import { useAction } from "../../load.ts";
import { useUnsaved } from "../../unsaved.ts";
import { useUrlState } from "../../url-state.ts";
import { countOf, type Draft, exampleOf, sendDraft } from "./draft.ts";
import { NO_OPTIONS, OptionFields } from "./options.tsx";
import { Preview } from "./preview.tsx";
import { RowPreview } from "./row-preview.tsx";
import { NamedUsers } from "./users.tsx";
import { emptyValues, toVariables, VariableFields } from "./variables.tsx";

const MAX_IDS = 10_000;

interface SendFormProps {
  app: string;
  template: Template;
  /** The file that is chosen from the start. */
  first: TargetsFile | null;
}

/** To whom, with which values, and how. The button says to how many. */
export function SendForm({ app, template, first }: SendFormProps) {
  const { route } = useLocation();
  const to = useUrlState().get("to");
  const [begun] = useState<Draft>(() => newDraft(template, first, to));
  const [draft, setDraft] = useState(begun);
  const [source, setSource] = useState<Blob | null>(null);
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  useUnsaved(draft !== begun && JSON.stringify(draft) !== JSON.stringify(begun), ["template", "file"]);
  const { values, options } = draft;
  const file = draft.audience === "csv" ? draft.file : null;
  const sending = useAction(async () => {
    const { notificationId } = await sendDraft(app, template, draft);
    route(`/dashboard/${encodeURIComponent(app)}/notifications/${notificationId}`);
  });
  const sample = toVariables(template, values);
  const readSample = async () => ({ variables: sample, whose: null });
  return (
    <Form class="stack" onSubmit={() => countOf(draft) > 0 && sending.run()}>
      <ToWhom {...{ app, template, draft, change }} onSource={setSource} />
      {file === null ? (
        <>
          <VariableFields
            {...{ template, values }}
            legend={VARIABLES_LEGENDS[draft.audience]}
            onValues={(changed) => change({ values: changed })}
          />
          <Preview {...{ app, template, sample, readSample }} />
        </>
      ) : (
        <RowPreview key={file.fileKey} {...{ app, template, file, source }} />
      )}
      <OptionFields options={options} onOptions={(changed) => change({ options: changed })} />
      {sending.error !== null && <Failure error={sending.error} />}
      <SendButton template={template} draft={draft} isRunning={sending.isRunning} />
    </Form>
  );
}

const VARIABLES_LEGENDS: Readonly<Record<Draft["audience"], string>> = {
  ids: "Variables, the same for every user",
  csv: "Sample values for the preview: the file has the users' own",
};

function newDraft(template: Template, file: TargetsFile | null, text: string): Draft {
  const audience = file === null ? "ids" : "csv";
  return { audience, text, picked: [], file, values: emptyValues(template), options: NO_OPTIONS };
}

interface ToWhomProps {
  app: string;
  template: Template;
  draft: Draft;
  change(changes: Partial<Draft>): void;
  /** The chosen file as this machine has it. */
  onSource(source: Blob | null): void;
}

function ToWhom({ app, template, draft: { audience, text, picked, file }, change, onSource }: ToWhomProps) {
  const choose = (chosen: Draft["audience"]) => change({ audience: chosen });
  return (
    <fieldset class="card stack">
      <legend>To whom</legend>
      <div class="row">
        <AudienceChoice value="ids" label="Users by id" chosen={audience} onChoose={choose} />
        <AudienceChoice value="csv" label="A CSV file" chosen={audience} onChoose={choose} />
      </div>
      {audience === "ids" ? (
        <NamedUsers
          {...{ app, text, picked }}
          onText={(changed) => change({ text: changed })}
          onPicked={(changed) => change({ picked: changed })}
        />
      ) : (
        <CsvUpload
          app={app}
          columns={Object.keys(template.variableSchema)}
          keyOf={toFreshKey}
          file={file}
          onFile={(uploaded, source) => {
            onSource(source);
            change({ file: uploaded });
          }}
        />
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  value: Draft["audience"];
  label: string;
  chosen: Draft["audience"];
  onChoose(value: Draft["audience"]): void;
}

function AudienceChoice({ value, label, chosen, onChoose }: ChoiceProps) {
  return (
    <label class="check">
      <input type="radio" name="audience" checked={chosen === value} onChange={() => onChoose(value)} />
      {label}
    </label>
  );
}

/** A key that no other file has. */
function toFreshKey(name: string): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-");
  return toFileKey(`${now}-${name}`);
}

function SendButton({
  template,
  draft,
  isRunning,
}: {
  template: Template;
  draft: Draft;
  isRunning: boolean;
}) {
  const count = countOf(draft);
  const isTooMany = draft.audience === "ids" && count > MAX_IDS;
  return (
    <div class="row">
      <button type="submit" class="button main" disabled={count === 0 || isRunning || isTooMany}>
        {isRunning ? "Sending …" : labelOf(count)}
      </button>
      {isTooMany && <span>Above {formatNumber(MAX_IDS)}, send a CSV.</span>}
      <CopyAs what="the send" call={exampleOf(template, draft)} />
    </div>
  );
}

function labelOf(count: number): string {
  if (count === 0) return "Send: nobody is chosen yet";
  return `Send to ${formatNumber(count)} ${count === 1 ? "user" : "users"}`;
}
