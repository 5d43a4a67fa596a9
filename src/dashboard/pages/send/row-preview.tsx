import { useState } from "preact/hooks";
import type { TargetsFile, Template } from "../../../client/api-types.ts";
import { NumberField } from "../../components/fields.tsx";
import { readRow } from "../../csv-row.ts";
import { clientOf } from "../../session.ts";
import { Preview, type Sample } from "./preview.tsx";
import { toVariables } from "./variables.tsx";

interface RowPreviewProps {
  app: string;
  template: Template;
  file: TargetsFile;
  /** The file on this machine; null where it was uploaded before. */
  source: Blob | null;
}

/** What the user of one row of the file gets. */
export function RowPreview({ app, template, file, source }: RowPreviewProps) {
  const [row, setRow] = useState("1");
  const [fetched, setFetched] = useState<Blob | null>(source);
  const last = file.rows + file.duplicates;
  const readSample = async (): Promise<Sample> => {
    const number = Math.min(Math.max(Math.trunc(Number(row)) || 1, 1), last);
    setRow(String(number));
    const csv = fetched ?? new Blob([await clientOf(app).files.download(file.fileKey)]);
    setFetched(csv);
    const { userId, cells } = await readRow(csv, number);
    return { variables: toVariables(template, cells), whose: `Row ${number}: ${userId}` };
  };
  return (
    <Preview app={app} template={template} readSample={readSample} label="Show what its user gets">
      <NumberField label="Row of the file" min={1} max={last} value={row} onValue={setRow} />
    </Preview>
  );
}
