import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { timeSend } from "./batch.ts";
import { formatNumber, report, showPerSecond } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { IsolateMemory } from "./isolate-memory.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startOnecall } from "./workers.ts";

const ROWS = 100_000;
const ROUNDS = 3;
/** The most that a page may have. */
const PAGE_ROWS = 100;
/** Between the last call and the reading that counts as idle. */
const SETTLE_MS = 1_000;

interface Page {
  data: { userId: string }[];
  nextCursor: string | null;
}

/** What was sent, and by whom. */
interface Log {
  headers: Record<string, string>;
  /** Of 1,000 rows, to warm up with. */
  smallId: string;
  id: string;
}

/** Reads the log of a notification whole; returns how many rows it had. */
type ReadLog = (client: OnecallClient, id: string) => Promise<number>;

const READS: { name: string; read: ReadLog }[] = [
  { name: `pages of ${PAGE_ROWS}, one by one`, read: readPages },
  { name: "CSV, streamed", read: readCsv },
];

/** Full reads of a large delivery log, as pages one after the other and as CSV, and what memory they take. */
export async function benchLog(script: string): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), "onecall-bench-log-"));
  try {
    report("A log of 100,000 rows, read whole", "");
    const worker = await startOnecall(script, { state });
    let log: Log;
    try {
      const client = await OnecallClient.create(worker.url);
      log = {
        headers: client.headers,
        smallId: await sendRows(client, 1_000),
        id: await sendRows(client, ROWS),
      };
      for (const { name, read } of READS) await reportRate(client, log, name, read);
    } finally {
      await worker.stop();
    }
    for (const { name, read } of READS) await reportPeak(script, state, log, name, read);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

async function reportRate(client: OnecallClient, log: Log, name: string, read: ReadLog): Promise<void> {
  // Code that is compiled isn't what is measured.
  await read(client, log.smallId);
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const start = performance.now();
    await readWhole(client, log.id, read);
    rates.push(ROWS / ((performance.now() - start) / 1000));
  }
  report(`  ${name}`, showPerSecond(rates), "to reach: 20,000/s");
}

/** In a new Worker over the same state: what sending left behind isn't idle memory. */
async function reportPeak(
  script: string,
  state: string,
  { headers, smallId, id }: Log,
  name: string,
  read: ReadLog,
): Promise<void> {
  const inspectorPort = await findFreePort();
  const worker = await startOnecall(script, { state, inspectorPort });
  try {
    const client = new OnecallClient(worker.url, headers);
    await read(client, smallId);
    await delay(SETTLE_MS);
    const isolate = await IsolateMemory.connect(inspectorPort);
    const idleMb = await isolate.readMb();
    const peakMb = await isolate.peakMb(() => readWhole(client, id, read));
    isolate.close();
    report(
      `  Onecall's isolate, ${name}`,
      `${formatNumber(peakMb - idleMb)} MB`,
      `to reach: 30 MB (idle ${formatNumber(idleMb)} MB)`,
    );
  } finally {
    await worker.stop();
  }
}

async function sendRows(client: OnecallClient, rows: number): Promise<string> {
  const fileKey = `log-${rows}`;
  await uploadFile(client, fileKey, createCsv(rows));
  let id = "";
  await timeSend(client, rows, async () => {
    id = await sendFile(client, fileKey);
    return id;
  });
  return id;
}

async function readWhole(client: OnecallClient, id: string, read: ReadLog): Promise<void> {
  const rows = await read(client, id);
  if (rows !== ROWS) throw new Error(`The log has ${rows} rows`);
}

async function readPages(client: OnecallClient, id: string): Promise<number> {
  let rows = 0;
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page: Page = await client.call("GET", `/notifications/${id}/deliveries?limit=${PAGE_ROWS}${query}`);
    rows += page.data.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** Lines are counted as they come: what is measured is the Worker's memory and time, not this process's. */
async function readCsv(client: OnecallClient, id: string): Promise<number> {
  const body = await client.download(`/notifications/${id}/deliveries.csv`);
  let breaks = 0;
  for await (const bytes of body) for (const byte of bytes) if (byte === 0x0a) breaks++;
  // The first line has the columns' names.
  return breaks - 1;
}
