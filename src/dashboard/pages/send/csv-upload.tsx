import { useState } from "preact/hooks";
import type { TargetsFile, Template } from "../../../client/api-types.ts";
import { OnecallError } from "../../../client/index.ts";
import { Failure } from "../../components/feedback.tsx";
import { download } from "../../download.ts";
import { formatNumber } from "../../format.ts";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { faultsOf, type LineFault, linesOf } from "./csv-faults.ts";

interface CsvUploadProps {
  app: string;
  template: Template;
  file: TargetsFile | null;
  onFile(file: TargetsFile | null): void;
}

/** A CSV by drag and drop or by the file dialog: uploaded with its progress, checked whole, its faults line by line. */
export function CsvUpload({ app, template, file, onFile }: CsvUploadProps) {
  const [loaded, setLoaded] = useState<{ name: string; share: number } | null>(null);
  const [faults, setFaults] = useState<{ rows: LineFault[]; text: string } | null>(null);
  const [isOver, setIsOver] = useState(false);
  const uploading = useAction(async (given: File) => {
    onFile(null);
    setFaults(null);
    setLoaded({ name: given.name, share: 0 });
    try {
      const key = `${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, "-")}-${given.name.replaceAll(/[^\w.-]/g, "-")}`;
      onFile(
        await clientOf(app).files.upload(given, {
          key,
          onProgress: (progress) => setLoaded({ name: given.name, share: progress.loaded / progress.total }),
        }),
      );
    } catch (error) {
      const rows = error instanceof OnecallError ? faultsOf(error.message) : [];
      if (rows.length === 0) throw error;
      setFaults({ rows, text: await given.text() });
    } finally {
      setLoaded(null);
    }
  });
  const take = (files: FileList | null | undefined) => {
    const [given] = files ?? [];
    if (given !== undefined) uploading.run(given);
  };
  const needed = Object.keys(template.variableSchema);
  return (
    <div class="stack">
      <label
        class={isOver ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setIsOver(false);
          take(event.dataTransfer?.files);
        }}
      >
        <span>Drop a CSV here, or choose one</span>
        <span class="small quiet">
          Columns: <code>{["user_id", ...needed].join(", ")}</code>. At most 100,000 rows, 25 MB.
        </span>
        <input
          type="file"
          accept=".csv,text/csv"
          aria-label="CSV file"
          onChange={({ currentTarget }) => {
            take(currentTarget.files);
            // The same file, mended, can be chosen again.
            currentTarget.value = "";
          }}
        />
      </label>
      <div role="status">
        {loaded !== null && (
          <label class="field">
            <span>{loaded.share < 1 ? `Uploading ${loaded.name}` : `Checking ${loaded.name}`}</span>
            <progress max={1} value={loaded.share} />
          </label>
        )}
        {file !== null && (
          <p class="notice good">
            {file.fileKey}: {formatNumber(file.rows)} users, {formatNumber(file.duplicates)} named twice and
            sent to once.
          </p>
        )}
      </div>
      {faults !== null && <Faults rows={faults.rows} text={faults.text} />}
      {uploading.error !== null && <Failure error={uploading.error} />}
    </div>
  );
}

function Faults({ rows, text }: { rows: LineFault[]; text: string }) {
  const bad = () =>
    linesOf(
      text,
      rows.map(({ line }) => line),
    );
  return (
    <div class="notice bad" role="alert">
      <strong>The file wasn't taken: nothing of it is stored, mend it and drop it again</strong>
      <ul>
        {rows.map(({ line, fault }) => (
          <li key={`${line} ${fault}`}>
            <b>Line {line}</b> {fault}
          </li>
        ))}
      </ul>
      <div>
        <button type="button" class="button" onClick={() => download("bad-rows.csv", bad())}>
          Download these rows
        </button>
      </div>
    </div>
  );
}
