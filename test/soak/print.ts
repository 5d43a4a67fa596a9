import { bold } from "../../scripts/terminal.ts";
import { formatNumber } from "../bench/figures.ts";
import type { BesideAnswer } from "./questions.ts";
import type { StateSize } from "./state-size.ts";
import type { OperationFigures } from "./timings.ts";

const NAME_WIDTH = 34;
const COLUMN_WIDTH = 11;
const MEMORY_ROWS = 10;

export function printOperations(
  operations: readonly OperationFigures[],
  minutes: number,
  perSecond: number,
): void {
  printRow(bold(`${minutes} min, ${perSecond} calls/s`.padEnd(NAME_WIDTH)), [
    "calls",
    "errors",
    "p50 ms",
    "p95 ms",
    "p99 ms",
  ]);
  for (const { name, count, errors, p50, p95, p99 } of operations) {
    const share = `${((100 * errors) / count).toFixed(2)} %`;
    printRow(name, [formatNumber(count), share, ...[p50, p95, p99].map(formatNumber)]);
  }
}

/** By what holds the state, and per 100,000 deliveries. */
export function printGrowth(before: StateSize, after: StateSize, deliveries: number): void {
  const grown = [...after].map(([holder, bytes]) => ({ holder, bytes: bytes - (before.get(holder) ?? 0) }));
  const all = grown.reduce((sum, { bytes }) => sum + bytes, 0);
  const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;
  const parts = grown
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ holder, bytes }) => `${holder} ${megabytes(bytes)}`)
    .join(", ");
  console.log(
    `\nState folder: grew by ${megabytes(all)} with ${formatNumber(deliveries)} deliveries (${parts}):`,
  );
  console.log(`${megabytes((all / deliveries) * 100_000)} per 100,000   to reach: 12 MB`);
}

/** At even times over the whole run, the batch of 100,000 at its end included. */
export function printMemory(samples: readonly { atMs: number; mb: number }[]): void {
  const step = Math.max(1, Math.ceil(samples.length / MEMORY_ROWS));
  const shown = samples.filter((_, index) => index % step === 0);
  const line = shown.map(({ atMs, mb }) => `${formatNumber(atMs / 1000)} s ${formatNumber(mb)}`).join(", ");
  const most = Math.max(...samples.map(({ mb }) => mb));
  console.log(`Memory of workerd, MB: ${line}; at most ${formatNumber(most)}`);
}

export function printBeside({ alone, beside, batchMs }: BesideAnswer): void {
  console.log("");
  printRow(bold("Realtime sends of one app".padEnd(NAME_WIDTH)), [
    "calls",
    "errors",
    "p50 ms",
    "p95 ms",
    "p99 ms",
  ]);
  const name = `beside a batch of 100,000, ${(batchMs / 1000).toFixed(1)} s`;
  for (const figures of [alone, { ...beside, name }]) {
    const { count, errors, p50, p95, p99 } = figures;
    printRow(figures.name, [formatNumber(count), String(errors), ...[p50, p95, p99].map(formatNumber)]);
  }
}

function printRow(name: string, cells: readonly string[]): void {
  console.log(`${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join("")}`);
}
