import { setTimeout as delay } from "node:timers/promises";
import { isCounted } from "./batch.ts";
import type { BillableCounts } from "./billable-counts.ts";
import { formatNumber, report } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startCountingOnecall } from "./workers.ts";

const ROWS = 100_000;
/** Longer than the alarms that look after a shard's reports wait (5 s): they are paid for too. */
const QUIET_MS = 7_000;
const POLL_MS = 500;

interface Item {
  name: string;
  count: keyof BillableCounts;
  /** Dollars per million beyond what the plan includes. */
  price: number;
  goal?: string;
}

/**
 * Workers Paid: developers.cloudflare.com/queues/platform/pricing, …/durable-objects/platform/pricing,
 * …/kv/platform/pricing and …/r2/pricing.
 */
const ITEMS: Item[] = [
  { name: "queue operations", count: "queueOperations", price: 0.4, goal: "to reach: 750" },
  { name: "Durable Object requests", count: "objectRequests", price: 0.15, goal: "to reach: 500" },
  { name: "rows written", count: "rowsWritten", price: 1, goal: "to reach: 0.02 per target and channel" },
  { name: "rows read", count: "rowsRead", price: 0.001 },
  { name: "KV reads", count: "kvReads", price: 0.5 },
  { name: "KV writes", count: "kvWrites", price: 5 },
  { name: "R2 class A", count: "r2ClassA", price: 4.5 },
  { name: "R2 class B", count: "r2ClassB", price: 0.36 },
];

/** What Cloudflare bills for 100,000 targets with one in-app channel, counted where the calls are made. */
export async function benchCost(script: string): Promise<void> {
  const worker = await startCountingOnecall(script);
  try {
    const client = await OnecallClient.create(worker.url);
    // The shards of an app that sends its first notification; a running app has them.
    await countedFile(client, 1_000);
    const before = await readQuiet(worker.url);
    await uploadFile(client, "cost", createCsv(ROWS));
    const uploaded = await readCounts(worker.url);
    const id = await sendFile(client, "cost");
    const after = await readQuiet(worker.url);
    if (!(await isCounted(client, id, ROWS))) throw new Error("The counted send isn't complete");
    report("100,000 targets, one in-app channel, billed", "of the upload · the send");
    let dollars = 0;
    for (const { name, count, price, goal } of ITEMS) {
      const upload = uploaded[count] - before[count];
      const send = after[count] - uploaded[count];
      const cost = ((upload + send) * price) / 1e6;
      dollars += cost;
      const shown = `${formatNumber(upload)} · ${formatNumber(send)}`;
      report(
        `  ${name}, $${price} a million`,
        shown,
        [`$${cost.toFixed(5)}`, goal].filter(Boolean).join("   "),
      );
    }
    const rows = (after.rowsWritten - uploaded.rowsWritten) / ROWS;
    report("  rows written per target and channel", rows.toFixed(4), "to reach: 0.02");
    report("  queue messages", formatNumber(after.queueMessages - uploaded.queueMessages));
    report("  upload and send together", `$${dollars.toFixed(4)}`, "beyond what the plan includes");
  } finally {
    await worker.stop();
  }
}

async function countedFile(client: OnecallClient, rows: number): Promise<void> {
  await uploadFile(client, "warm", createCsv(rows));
  const id = await sendFile(client, "warm");
  while (!(await isCounted(client, id, rows))) await delay(POLL_MS);
}

async function readCounts(url: string): Promise<BillableCounts> {
  return (await (await fetch(`${url}/__counts`)).json()) as BillableCounts;
}

/** The counts once nothing was counted for a while. Polling the notification would be counted itself. */
async function readQuiet(url: string): Promise<BillableCounts> {
  let last = "";
  for (let quietSince = Date.now(); Date.now() - quietSince < QUIET_MS; await delay(POLL_MS)) {
    const counts = JSON.stringify(await readCounts(url));
    if (counts !== last) quietSince = Date.now();
    last = counts;
  }
  return JSON.parse(last) as BillableCounts;
}
