import { benchAnalytics } from "./analytics.ts";
import { type BatchResult, timeBatch } from "./batch.ts";
import { benchCost } from "./cost.ts";
import { benchDashboard } from "./dashboard.ts";
import { benchLog } from "./delivery-log.ts";
import { benchDeliveryMemory } from "./delivery-memory.ts";
import { benchDevices } from "./devices.ts";
import { benchFairness } from "./fairness.ts";
import { benchFeeds } from "./feeds.ts";
import { report, showMs } from "./figures.ts";
import { benchFiles } from "./file-sends.ts";
import { benchInbox } from "./inbox.ts";
import { benchMemory } from "./memory.ts";
import { OnecallClient } from "./onecall-client.ts";
import { benchPeers } from "./peers.ts";
import { benchPush } from "./push.ts";
import { benchRealtime } from "./realtime.ts";
import { benchSockets } from "./sockets.ts";
import { benchWatched } from "./watched.ts";
import { benchWebhooks } from "./webhooks.ts";
import { bundleOnecall, startFloor, startOnecall } from "./workers.ts";

const BATCH_TARGETS = 10_000;
const BATCH_ROUNDS = 5;

/** Sections may be named to run only those: `npm run bench -- files cost`. */
const SECTIONS = [
  "realtime",
  "devices",
  "batch",
  "files",
  "push",
  "analytics",
  "log",
  "memory",
  "delivery-memory",
  "fairness",
  "feeds",
  "sockets",
  "webhooks",
  "inbox",
  "watched",
  "dashboard",
  "cost",
];
/** Run where they are named only: what they need isn't the project's. */
const EXTRA_SECTIONS = ["peers"];
const named = process.argv.slice(2);
const known = [...SECTIONS, ...EXTRA_SECTIONS];
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`There is no ${unknown}. Sections: ${known.join(", ")}.`);
const runs = (name: string): boolean =>
  named.includes(name) || (named.length === 0 && SECTIONS.includes(name));

async function benchBatch(client: OnecallClient): Promise<void> {
  const batches: BatchResult[] = [];
  for (let round = 1; round <= BATCH_ROUNDS; round++)
    batches.push(await timeBatch(client, BATCH_TARGETS, `batch-${round}`));
  const calls = batches.map(({ sendCallMs }) => sendCallMs);
  const whole = batches.map(({ allCountedMs }) => allCountedMs);
  report("10,000 targets, send call answered", showMs(calls), "to reach: 100 ms");
  report("10,000 targets, request to all counted", showMs(whole), "to reach: 150 ms");
}

const script = await bundleOnecall();
const onecall = await startOnecall(script);
try {
  const client = await OnecallClient.create(onecall.url);
  if (runs("realtime")) {
    const floor = await startFloor();
    await benchRealtime(client, floor).finally(() => floor.stop());
  }
  if (runs("devices")) {
    const floor = await startFloor();
    await benchDevices(await OnecallClient.createEmpty(onecall.url), floor).finally(() => floor.stop());
  }
  if (runs("batch")) await benchBatch(client);
  // An app of its own: its shards hold nothing else, as the files beside them.
  if (runs("files")) await benchFiles(await OnecallClient.create(onecall.url));
} finally {
  await onecall.stop();
}
if (runs("push")) await benchPush(script);
if (runs("analytics")) await benchAnalytics(script);
if (runs("log")) await benchLog(script);
if (runs("memory")) await benchMemory(script);
if (runs("memory") || runs("delivery-memory")) await benchDeliveryMemory(script);
if (runs("fairness")) await benchFairness(script);
if (runs("feeds")) await benchFeeds(script);
if (runs("sockets")) await benchSockets(script);
if (runs("webhooks")) await benchWebhooks(script);
if (runs("inbox")) await benchInbox(script);
if (runs("watched")) await benchWatched(script);
if (runs("dashboard")) await benchDashboard();
if (runs("cost")) await benchCost(script);
if (runs("peers")) await benchPeers(script);
