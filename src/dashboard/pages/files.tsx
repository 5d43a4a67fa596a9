import { useState } from "preact/hooks";
import type { ListedTargetsFile, TargetsFile } from "../../client/api-types.ts";
import { Confirm } from "../components/confirm.tsx";
import { CopyAs, CopyAsMenu } from "../components/copy.tsx";
import { CsvUpload, toFileKey } from "../components/csv-upload.tsx";
import { Empty, Failure } from "../components/feedback.tsx";
import { CheckField } from "../components/fields.tsx";
import { LoadedTable, Refresh } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { type Column, Pager } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { download } from "../download.ts";
import { formatBytes, formatNumber } from "../format.ts";
import { type Action, useAction, useLoad } from "../load.ts";
import { clientOf, may } from "../session.ts";
import { useUrlState } from "../url-state.ts";

const API = "/targets-files";

/** The CSVs that can be sent to, newest first. */
export default function Files({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).files.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  const deleting = useAction(async (key: string) => {
    await clientOf(app).files.delete(key);
    loaded.reload();
  });
  const downloading = useAction(async (key: string) => {
    download(key, await clientOf(app).files.download(key));
  });
  return (
    <Page title="Files" actions={<Refresh loaded={loaded} />}>
      {may("send") && <Upload app={app} onUploaded={loaded.reload} />}
      <LoadedTable
        loaded={loaded}
        problem={deleting.error ?? downloading.error}
        what="files"
        caption="Files"
        keyOf={({ id }) => id}
        columns={columnsOf(app, deleting, downloading)}
      >
        <Empty title="No file is here">
          <p>
            A CSV has a row for each user, with <code>user_id</code> and a column for each variable. It can be
            sent to for 30 days, as often as you want.
          </p>
        </Empty>
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs call={{ method: "GET", path: API, client: "files.list().page()" }} />
      </div>
    </Page>
  );
}

function Upload({ app, onUploaded }: { app: string; onUploaded: () => void }) {
  const [file, setFile] = useState<TargetsFile | null>(null);
  const [overwrite, setOverwrite] = useState(false);
  const take = (taken: TargetsFile | null) => {
    setFile(taken);
    if (taken !== null) onUploaded();
  };
  return (
    <section class="card stack" aria-label="A new file">
      <h2>A new file</h2>
      <CsvUpload app={app} columns={null} keyOf={toFileKey} overwrite={overwrite} file={file} onFile={take} />
      <div class="row spread">
        <CheckField isChecked={overwrite} onCheck={setOverwrite}>
          In place of a file of the same name
        </CheckField>
        <CopyAs
          call={{
            method: "POST",
            path: `${API}/october.csv/presigned-urls`,
            body: { overwriteDuplicateKey: overwrite },
            client: `files.upload(csv, { key: "october.csv", overwrite: ${overwrite} })`,
          }}
        />
      </div>
    </section>
  );
}

type FileAction = Action<[key: string]>;

function columnsOf(app: string, deleting: FileAction, downloading: FileAction): Column<ListedTargetsFile>[] {
  return [
    {
      title: "File",
      cell: ({ fileKey, size }) => (
        <>
          {fileKey}
          <div class="small quiet">{formatBytes(size)}</div>
        </>
      ),
    },
    {
      title: "Users",
      isNumber: true,
      cell: ({ rows, duplicates }) => (
        <>
          {formatNumber(rows)}
          {duplicates > 0 && <div class="small quiet">{formatNumber(duplicates)} named twice</div>}
        </>
      ),
    },
    { title: "Columns", cell: ({ fileKey }) => <Columns app={app} fileKey={fileKey} /> },
    {
      title: "Uploaded",
      cell: ({ uploadedAt, expiresAt }) => (
        <>
          <Time at={uploadedAt} />
          <div class="small quiet">
            expires <Time at={expiresAt} isAge />
          </div>
        </>
      ),
    },
    {
      title: "Actions",
      cell: ({ fileKey }) => (
        <FileActions app={app} fileKey={fileKey} deleting={deleting} downloading={downloading} />
      ),
    },
  ];
}

interface FileActionsProps {
  app: string;
  fileKey: string;
  deleting: FileAction;
  downloading: FileAction;
}

function FileActions({ app, fileKey, deleting, downloading }: FileActionsProps) {
  return (
    <div class="row words">
      {may("send") && (
        <a
          class="button plain"
          href={`/dashboard/${encodeURIComponent(app)}/send?file=${encodeURIComponent(fileKey)}`}
          aria-label={`Send to ${fileKey}`}
        >
          Send
        </a>
      )}
      <button
        type="button"
        class="button plain"
        aria-label={`Download ${fileKey}`}
        disabled={downloading.isRunning}
        onClick={() => downloading.run(fileKey)}
      >
        Download
      </button>
      <CopyAsMenu
        what={`downloading ${fileKey}`}
        call={{
          method: "GET",
          path: `${API}/${fileKey}/content`,
          client: `files.download(${JSON.stringify(fileKey)})`,
        }}
      />
      {may("send") && (
        <Confirm
          verb="Delete"
          what={fileKey}
          isRunning={deleting.isRunning}
          onConfirm={() => deleting.run(fileKey)}
        >
          Nothing new can be sent to it. What was accepted goes out whole.
          <CopyAs
            call={{
              method: "DELETE",
              path: `${API}/${fileKey}`,
              client: `files.delete(${JSON.stringify(fileKey)})`,
            }}
          />
        </Confirm>
      )}
    </div>
  );
}

/** A list has no columns: they are asked for where somebody wants to see them. */
function Columns({ app, fileKey }: { app: string; fileKey: string }) {
  const [columns, setColumns] = useState<readonly string[] | null>(null);
  const asking = useAction(async () => setColumns((await clientOf(app).files.get(fileKey)).columns));
  if (columns !== null) return <code class="small">{columns.join(", ") || "none"}</code>;
  return (
    <>
      <button
        type="button"
        class="button plain"
        aria-label={`Show the columns of ${fileKey}`}
        disabled={asking.isRunning}
        onClick={() => asking.run()}
      >
        Show
      </button>
      {asking.error !== null && <Failure error={asking.error} />}
    </>
  );
}
