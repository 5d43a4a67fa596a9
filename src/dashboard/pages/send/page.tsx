import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TargetsFile, Template } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { CsvUpload, toFileKey } from "../../components/csv-upload.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
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
  const { data, error, isLoading, reload } = useLoad(
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
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="templates" />}
      {data?.data.length === 0 && (
        <Empty title="No template is approved yet">
          <p>A send needs an approved template: make one, look at its preview, and approve it.</p>
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <label class="field card">
          <span>Template</span>
          <select
            class="input"
            value={key}
            onChange={({ currentTarget }) => url.set({ template: currentTarget.value })}
          >
            <option value="">Choose …</option>
            {data.data.map((one) => (
              <option key={one.key} value={one.key}>
                {one.name} ({one.key})
              </option>
            ))}
          </select>
        </label>
      )}
      {key !== "" && <Chosen key={key} app={app} templateKey={key} />}
    </Page>
  );
}

function Chosen({ app, templateKey }: { app: string; templateKey: string }) {
  const { data, error, isLoading, reload } = useLoad(
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
    <>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="the template" />}
      {file.error !== null && <Failure error={file.error} onRetry={file.reload} />}
      {data !== null && !file.isLoading && <SendForm app={app} template={data} first={file.data} />}
    </>
  );
}

type Audience = "ids" | "csv";

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
  const variables = toVariables(template, values);
  const sending = useAction(async () => {
    const { notifications } = clientOf(app);
    const chosen = toSendOptions(options);
    const sent =
      audience === "csv" && file !== null
        ? await notifications.sendFile(template.key, file, chosen)
        : await notifications.sendBatch(
            template.key,
            Object.fromEntries(ids.map((id) => [id, variables])),
            chosen,
          );
    route(`/dashboard/${encodeURIComponent(app)}/notifications/${sent.notificationId}`);
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (count > 0) sending.run();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <fieldset class="card stack">
        <legend>To whom</legend>
        <div class="row">
          <AudienceChoice value="ids" label="Users by id" chosen={audience} onChoose={setAudience} />
          <AudienceChoice value="csv" label="A CSV file" chosen={audience} onChoose={setAudience} />
        </div>
        {audience === "ids" ? (
          <label class="field">
            <span>
              User ids, one a line or with commas between; each gets one, however often it stands here
            </span>
            <textarea
              class="input mono"
              value={text}
              spellcheck={false}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
        ) : (
          <CsvUpload
            app={app}
            columns={Object.keys(template.variableSchema)}
            // Never the key of another file.
            keyOf={(name) =>
              toFileKey(`${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-")}-${name}`)
            }
            file={file}
            onFile={setFile}
          />
        )}
      </fieldset>
      <VariableFields
        template={template}
        values={values}
        onValues={setValues}
        legend={
          audience === "ids"
            ? "Variables, the same for every user"
            : "Sample values for the preview: the file has the users' own"
        }
      />
      <Preview app={app} template={template} variables={variables} />
      <OptionFields options={options} onOptions={setOptions} />
      {sending.error !== null && <Failure error={sending.error} />}
      <div class="row">
        <button
          type="submit"
          class="button main"
          disabled={count === 0 || sending.isRunning || (audience === "ids" && count > MAX_IDS)}
        >
          {sending.isRunning ? "Sending …" : labelOf(count)}
        </button>
        {audience === "ids" && count > MAX_IDS && <span>Above {formatNumber(MAX_IDS)}, send a CSV.</span>}
        <CopyAs
          call={{
            method: "POST",
            path: "/v3/business-messaging/api/notifications/send",
            body: {
              mode: "batch",
              ...(audience === "csv"
                ? { targetsFile: file?.fileKey ?? "targets.csv" }
                : { targets: ids.slice(0, 20) }),
              template: { key: template.key },
            },
            client: `notifications.send${audience === "csv" ? "File" : "Batch"}("${template.key}", …)`,
          }}
        />
      </div>
    </form>
  );
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
