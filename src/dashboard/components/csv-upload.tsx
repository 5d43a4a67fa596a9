import { useState } from "preact/hooks";
import type { TargetsFile } from "../../client/api-types.ts";
import { OnecallError } from "../../client/index.ts";
import { faultsOf, type LineFault, linesOf } from "../csv-faults.ts";
import { download } from "../download.ts";
import { formatNumber } from "../format.ts";
import { useAction } from "../load.ts";
import { clientOf } from "../session.ts";
import { Failure } from "./feedback.tsx";

interface CsvUploadProps {
  app: string;
  /** Beside `user_id`; null where any may be. */
  columns: readonly string[] | null;
  /** What the file will be called, from what it is called on the user's machine. */
  keyOf(name: string): string;
  /** In place of a file of that key. */
  overwrite?: boolean;
  file: TargetsFile | null;
  /** What was uploaded, and the file on this machine; null while there is none. */
  onFile(file: TargetsFile | null, source: File | null): void;
}

/** A CSV by drag and drop or by the file dialog: uploaded with its progress, checked whole, its faults line by line. */
export function CsvUpload({ app, columns, keyOf, overwrite = false, file, onFile }: CsvUploadProps) {
  const [loaded, setLoaded] = useState<{ name: string; share: number } | null>(null);
  const [faults, setFaults] = useState<{ rows: LineFault[]; text: string } | null>(null);
  const uploading = useAction(async (given: File) => {
    onFile(null, null);
    setFaults(null);
    setLoaded({ name: given.name, share: 0 });
    try {
      const uploaded = await clientOf(app).files.upload(given, {
        key: keyOf(given.name),
        overwrite,
        onProgress: (progress) => setLoaded({ name: given.name, share: progress.loaded / progress.total }),
      });
      onFile(uploaded, given);
    } catch (error) {
      const rows = error instanceof OnecallError ? faultsOf(error.message) : [];
      if (rows.length === 0) throw error;
      setFaults({ rows, text: await given.text() });
    } finally {
      setLoaded(null);
    }
  });
  return (
    <div class="stack">
      <DropPlace columns={columns} onDrop={uploading.run} />
      <div role="status">
        {loaded !== null && (
          <label class="field">
            <span>{loaded.share < 1 ? `Uploading ${loaded.name}` : `Checking ${loaded.name}`}</span>
            <progress max={1} value={loaded.share} />
          </label>
        )}
        {file !== null && (
          <p class="notice good">
            {file.fileKey}: {formatNumber(file.rows)} users, {formatNumber(file.duplicates)} named twice
            {file.duplicates > 0 && ", who get it once"}.
          </p>
        )}
      </div>
      {faults !== null && <Faults rows={faults.rows} text={faults.text} />}
      {uploading.error !== null && <Failure error={uploading.error} />}
    </div>
  );
}

/** Where a file is dropped, or chosen by the browser's dialog. */
function DropPlace({ columns, onDrop }: Pick<CsvUploadProps, "columns"> & { onDrop(file: File): void }) {
  const [isOver, setIsOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const [given] = files ?? [];
    if (given !== undefined) onDrop(given);
  };
  return (
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
        Columns: <code>{["user_id", ...(columns ?? [])].join(", ")}</code>
        {columns === null && " and one for each variable"}. At most 100,000 rows, 25 MB.
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
  );
}

/** A name as a file key may be. */
export function toFileKey(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "-").slice(-200);
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
