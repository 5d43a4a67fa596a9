import { performance } from "node:perf_hooks";
import { timeSend } from "./batch.ts";
import { formatNumber, median, report, showMs } from "./figures.ts";
import type { OnecallClient } from "./onecall-client.ts";
import { FLOOR_WAYS, SqliteFloor } from "./sqlite-floor.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";

const ROWS = 100_000;
const ROUNDS = 3;
const GROWTH = [1_000, 10_000, ROWS];

interface FileRun {
  uploadMs: number;
  sendCallMs: number;
  allCountedMs: number;
}

async function timeFile(client: OnecallClient, csv: Buffer, rows: number): Promise<FileRun> {
  const fileKey = `bench-${rows}-${performance.now().toFixed(0)}`;
  const uploadMs = await uploadFile(client, fileKey, csv);
  return { uploadMs, ...(await timeSend(client, rows, () => sendFile(client, fileKey))) };
}

/** 100,000 rows from a file beside what SQLite itself needs for them, then how time grows with the rows. */
export async function benchFiles(client: OnecallClient): Promise<void> {
  const floors = await Promise.all(
    FLOOR_WAYS.map(async (way) => ({ way, floor: await SqliteFloor.open(way), ms: [] as number[] })),
  );
  try {
    const runs = new Map(GROWTH.map((rows) => [rows, [] as FileRun[]]));
    // A first run that isn't counted: objects exist, code is compiled.
    await timeFile(client, createCsv(1_000), 1_000);
    for (const [rows, results] of runs) {
      const csv = createCsv(rows);
      if (rows === ROWS) report("100,000 rows, four variables", `${(csv.length / 1e6).toFixed(1)} MB`);
      for (let round = 1; round <= ROUNDS; round++) {
        results.push(await timeFile(client, csv, rows));
        if (rows === ROWS) for (const { floor, ms } of floors) ms.push(floor.time(ROWS));
      }
    }
    const largest = runs.get(ROWS) ?? [];
    const best = floors.toSorted((a, b) => median(a.ms) - median(b.ms))[0];
    reportLargest(largest);
    for (const { way, ms } of floors) report(`  SQLite alone, 64 files: ${way}`, showMs(ms));
    // Round by round: both met the same noise.
    const ratios = largest.map(({ uploadMs, allCountedMs }, round) => {
      return (uploadMs + allCountedMs) / (best?.ms[round] ?? Number.NaN);
    });
    report(
      "  upload and send, of the faster floor",
      `× ${median(ratios).toFixed(1)}`,
      "to reach: × 2.5 (median of the rounds)",
    );
    reportGrowth(runs);
  } finally {
    await Promise.all(floors.map(({ floor }) => floor.close()));
  }
}

function reportLargest(runs: readonly FileRun[]): void {
  const show = (pick: (run: FileRun) => number): string => showMs(runs.map(pick));
  report(
    "  upload",
    show(({ uploadMs }) => uploadMs),
    "to reach: 350 ms",
  );
  report(
    "  send call answered",
    show(({ sendCallMs }) => sendCallMs),
    "to reach: 100 ms",
  );
  report(
    "  send to all counted",
    show(({ allCountedMs }) => allCountedMs),
    "to reach: 450 ms",
  );
}

function reportGrowth(runs: ReadonlyMap<number, readonly FileRun[]>): void {
  const points = [...runs].map(([rows, results]) => {
    const ms = median(results.map(({ allCountedMs }) => allCountedMs));
    return `${formatNumber(rows)}: ${formatNumber(ms)} ms, ${formatNumber((1000 * ms) / rows)} µs a row`;
  });
  console.log(`Send to all counted by rows   ${points.join(" · ")}   to reach: falling or flat`);
}
