import { CopyAsMenu } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { download } from "../../download.ts";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";

interface CsvDownloadProps {
  app: string;
  /** The notification's. */
  id: string;
  /** Those that failed alone, as a file that can be mended and sent. */
  isFailures?: boolean;
}

/** The deliveries of a notification as a CSV: all of them, not a page's. */
export function CsvDownload({ app, id, isFailures = false }: CsvDownloadProps) {
  const query = isFailures ? ({ status: "failed" } as const) : undefined;
  const downloading = useAction(async () => {
    const csv = await clientOf(app).notifications.exportDeliveries(id, query);
    download(isFailures ? `${id}-failures.csv` : `${id}.csv`, csv);
  });
  const label = isFailures ? "Download failures as CSV" : "Download all as CSV";
  return (
    <>
      <button type="button" class="button" disabled={downloading.isRunning} onClick={() => downloading.run()}>
        {downloading.isRunning ? "Preparing …" : label}
      </button>
      <CopyAsMenu
        what={isFailures ? "the failures' download" : "the download"}
        call={{
          method: "GET",
          path: `/notifications/${id}/deliveries.csv${isFailures ? "?status=failed" : ""}`,
          client: `notifications.exportDeliveries("${id}"${isFailures ? ', { status: "failed" }' : ""})`,
        }}
      />
      {downloading.error !== null && <Failure error={downloading.error} />}
    </>
  );
}
