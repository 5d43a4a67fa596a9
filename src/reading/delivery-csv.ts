import Papa from "papaparse";
import type { LoggedDelivery } from "../model/delivery.ts";
import type { DeliveryLog, LogFilter } from "./delivery-log.ts";
import type { LoggedTarget } from "./logged-targets.ts";

/** `raw` loads back as it was; in a spreadsheet no cell is a formula. */
export type CsvPurpose = "raw" | "spreadsheet";

/**
 * What a spreadsheet may take for a formula: a sign at the start, also in its full-width and small forms, which
 * some read as the same, and behind white space, which some leave out. `'` before it makes it text.
 */
const FORMULA = /^(?:\s*[=+\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n])/;

const LOG_COLUMNS = [
  "user_id",
  "channel",
  "status",
  "reason",
  "message",
  "attempts",
  "created_at",
  "delivered_at",
  "viewed_at",
  "clicked_at",
];

/** A row; null is an absent value, and an empty text is `""`, which not every reader tells from it. */
type Cells = readonly (string | null)[];

/** A log as CSV, a step at a time: what the reader hasn't taken isn't read. */
export function streamLog(
  log: DeliveryLog,
  filter: LogFilter,
  createdAt: number,
  purpose: CsvPurpose,
): ReadableStream<Uint8Array> {
  const toRows = ({ deliveries }: LoggedTarget) =>
    deliveries.map((delivery) => logCells(delivery, createdAt));
  return streamCsv(log, filter, { columns: LOG_COLUMNS, withValues: false, toRows }, purpose);
}

/**
 * The targets that have a delivery with the filter's status as a targets file: `user_id`, the cells of the
 * variables as they were sent, and `_reason`. An upload tells by that column that `""` is an empty text.
 */
export function streamTargets(
  log: DeliveryLog,
  filter: LogFilter,
  purpose: CsvPurpose,
): ReadableStream<Uint8Array> {
  const columns = ["user_id", ...log.walk.columns, "_reason"];
  const toRows = ({ userId, values, deliveries }: LoggedTarget) => {
    // Of a deleted user nothing is given out, and nobody may be sent to in their stead.
    if (deliveries.length === 0 || deliveries.some(({ isUserGone }) => isUserGone)) return [];
    const reasons = new Set(deliveries.map(({ reason }) => reason ?? ""));
    return [[userId, ...log.walk.toCells(values), [...reasons].join(" ") || null]];
  };
  return streamCsv(log, filter, { columns, withValues: true, toRows }, purpose);
}

/** What a file shows of a log. */
interface CsvForm {
  columns: readonly string[];
  withValues: boolean;
  toRows: (target: LoggedTarget) => Cells[];
}

function streamCsv(
  log: DeliveryLog,
  filter: LogFilter,
  { columns, withValues, toRows }: CsvForm,
  purpose: CsvPurpose,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const options = {
    newline: "\n",
    escapeFormulae: purpose === "spreadsheet" ? FORMULA : false,
    quotes: (cell: unknown) => cell === "",
  };
  const write = (rows: readonly Cells[]) => encoder.encode(`${Papa.unparse([...rows], options)}\n`);
  let step = 0;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(write([columns]));
      },
      async pull(controller) {
        while (step < log.walk.steps) {
          const rows = (await log.readStep(step++, filter, withValues)).flatMap(toRows);
          if (rows.length === 0) continue;
          controller.enqueue(write(rows));
          return;
        }
        controller.close();
      },
    },
    // One step ahead of the reader.
    { highWaterMark: 1 },
  );
}

function logCells(delivery: LoggedDelivery, createdAt: number): Cells {
  const { channelKey, status, reason, message, tries, deliveredAt, viewedAt, clickedAt } = delivery;
  const userId = delivery.isUserGone ? "" : delivery.userId;
  const times = [createdAt, deliveredAt, viewedAt, clickedAt].map((time) =>
    time === null ? null : new Date(time).toISOString(),
  );
  return [userId, channelKey, status, reason, message, String(tries), ...times];
}
