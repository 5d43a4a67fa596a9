import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TargetsFile, Template } from "../../../client/api-types.ts";
import { type CallExample, CopyAs } from "../../components/copy.tsx";
import { CsvUpload, toFileKey } from "../../components/csv-upload.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { Form, LongTextField, type Option, SelectField } from "../../components/fields.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { NO_OPTIONS, OptionFields, toSendOptions } from "./options.tsx";
import { Preview } from "./preview.tsx";
import { emptyValues, toVariables, type Values, VariableFields } from "./variables.tsx";

const MAX_IDS = 10_000;

/** A template to users: named, or those of a CSV. The button says to how many. */
export default function Send({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const loaded = useLoad(
    (signal) => clientOf(app).templates.list({ status: "approved", limit: 100 }, { signal }).page(),
    [app],
  );
  const key = url.get("template");
  if (!may("send")) {
    return (
      <Page title="Send">
        <Empty title="Your key may not send">
          <p>Sign in with one that has the scope “send”.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="Send">
      <WhenLoaded loaded={loaded} what="templates">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No template is approved yet">
              <p>A send needs an approved template: make one, look at its preview, and approve it.</p>
            </Empty>
          ) : (
            <div class="card">
              <SelectField
                label="Template"
                value={key}
                options={[
                  ["", "Choose …"],
                  ...data.map((one): Option<string> => [one.key, `${one.name} (${one.key})`]),
                ]}
                onValue={(template) => url.set({ template })}
              />
            </div>
          )
        }
      </WhenLoaded>
      {key !== "" && <Chosen key={key} app={app} templateKey={key} />}
    </Page>
  );
}

function Chosen({ app, templateKey }: { app: string; templateKey: string }) {
  const loaded = useLoad(
    (signal) => clientOf(app).templates.get(templateKey, { signal }),
    [app, templateKey],
  );
  // A link of the files' page names one.
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

type Audience = "ids" | "csv";
const IDS_LABEL = "User ids, one a line or with commas between; each gets one, however often it stands here";
const VARIABLES_LEGENDS: Readonly<Record<Audience, string>> = {
  ids: "Variables, the same for every user",
  csv: "Sample values for the preview: the file has the users' own",
};

interface SendFormProps {
  app: string;
  template: Template;
  /** The file that is chosen from the start. */
  first: TargetsFile | null;
}

function SendForm({ app, template, first }: SendFormProps) {
  const { route } = useLocation();
  const [audience, setAudience] = useState<Audience>(first === null ? "ids" : "csv");
  const [text, setText] = useState(useUrlState().get("to"));
  const [file, setFile] = useState(first);
  const [values, setValues] = useState<Values>(() => emptyValues(template));
  const [options, setOptions] = useState(NO_OPTIONS);
  const ids = [...new Set(text.split(/[\s,;]+/).filter((id) => id !== ""))];
  const count = audience === "ids" ? ids.length : (file?.rows ?? 0);
  const isTooMany = audience === "ids" && count > MAX_IDS;
  const variables = toVariables(template, values);
  const sending = useAction(async () => {
    const { notifications } = clientOf(app);
    const chosen = toSendOptions(options);
    const sent = await (audience === "csv" && file !== null
      ? notifications.sendFile(template.key, file, chosen)
      : notifications.sendBatch(template.key, toTargets(ids, variables), chosen));
    route(`/dashboard/${encodeURIComponent(app)}/notifications/${sent.notificationId}`);
  });
  return (
    <Form class="stack" onSubmit={() => count > 0 && sending.run()}>
      <ToWhom audience={audience} onAudience={setAudience}>
        {audience === "ids" ? (
          <LongTextField label={IDS_LABEL} isCode value={text} onValue={setText} />
        ) : (
          <CsvUpload
            app={app}
            columns={Object.keys(template.variableSchema)}
            keyOf={toFreshKey}
            file={file}
            onFile={setFile}
          />
        )}
      </ToWhom>
      <VariableFields {...{ template, values }} onValues={setValues} legend={VARIABLES_LEGENDS[audience]} />
      <Preview app={app} template={template} variables={variables} />
      <OptionFields options={options} onOptions={setOptions} />
      {sending.error !== null && <Failure error={sending.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={count === 0 || sending.isRunning || isTooMany}>
          {sending.isRunning ? "Sending …" : labelOf(count)}
        </button>
        {isTooMany && <span>Above {formatNumber(MAX_IDS)}, send a CSV.</span>}
        <CopyAs call={exampleOf(template, audience === "csv" ? file : ids)} />
      </div>
    </Form>
  );
}

interface ToWhomProps {
  audience: Audience;
  onAudience(audience: Audience): void;
  children: ComponentChildren;
}

function ToWhom({ audience, onAudience, children }: ToWhomProps) {
  return (
    <fieldset class="card stack">
      <legend>To whom</legend>
      <div class="row">
        <AudienceChoice value="ids" label="Users by id" chosen={audience} onChoose={onAudience} />
        <AudienceChoice value="csv" label="A CSV file" chosen={audience} onChoose={onAudience} />
      </div>
      {children}
    </fieldset>
  );
}

function toTargets<T>(ids: readonly string[], variables: T): Record<string, T> {
  return Object.fromEntries(ids.map((id) => [id, variables]));
}

/** A key that no other file has. */
function toFreshKey(name: string): string {
  const now = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-");
  return toFileKey(`${now}-${name}`);
}

/** `to`: users' ids, of which some are shown, or a file; null where none is uploaded yet. */
function exampleOf({ key }: Template, to: readonly string[] | TargetsFile | null): CallExample {
  const isIds = to !== null && !("fileKey" in to);
  const targets = isIds ? { targets: to.slice(0, 20) } : { targetsFile: to?.fileKey ?? "targets.csv" };
  return {
    method: "POST",
    path: "/notifications/send",
    body: { mode: "batch", ...targets, template: { key } },
    client: `notifications.send${isIds ? "Batch" : "File"}("${key}", …)`,
  };
}

function labelOf(count: number): string {
  if (count === 0) return "Send: nobody is chosen yet";
  return `Send to ${formatNumber(count)} ${count === 1 ? "user" : "users"}`;
}

interface ChoiceProps {
  value: Audience;
  label: string;
  chosen: Audience;
  onChoose(value: Audience): void;
}

function AudienceChoice({ value, label, chosen, onChoose }: ChoiceProps) {
  return (
    <label class="row">
      <input type="radio" name="audience" checked={chosen === value} onChange={() => onChoose(value)} />
      {label}
    </label>
  );
}
