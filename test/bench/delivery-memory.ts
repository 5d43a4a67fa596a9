import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { formatNumber, report } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { IsolateMemory } from "./isolate-memory.ts";
import { OnecallClient } from "./onecall-client.ts";
import { startOnecall } from "./workers.ts";

const CHANNELS = 10;
const CONTENT_LENGTH = 30 * 1024;
const TARGETS = 500;
const LIMIT_MB = 64;
/** The platform's limit of an isolate, as V8's: what is only not collected yet doesn't count there either. */
const V8_FLAGS = "--max-heap-size=128";
/** Between the last call and the reading that counts as idle. */
const SETTLE_MS = 1_000;
const POLL_MS = 200;
const GIVE_UP_MS = 300_000;

/**
 * How far the memory of Onecall's isolate rises above idle while a batch is delivered whose targets render to 300 KB
 * each: consumers and shards live in one isolate here, so it is that of both. Throws where it is over the bound.
 */
export async function benchDeliveryMemory(script: string): Promise<void> {
  const inspectorPort = await findFreePort();
  process.env.MINIFLARE_WORKERD_V8_FLAGS = V8_FLAGS;
  const worker = await startOnecall(script, { inspectorPort }).finally(() => {
    delete process.env.MINIFLARE_WORKERD_V8_FLAGS;
  });
  try {
    const client = await createLargeApp(worker.url);
    await delay(SETTLE_MS);
    const isolate = await IsolateMemory.connect(inspectorPort);
    const idleMb = await isolate.readMb();
    const peakMb = await isolate.peakMb(() => sendToAll(client));
    isolate.close();
    const rise = peakMb - idleMb;
    report(
      `Batch of ${TARGETS} × ${CHANNELS} × ${CONTENT_LENGTH / 1024} KB, Onecall's isolate above idle`,
      `${formatNumber(rise)} MB`,
      `to reach: ${LIMIT_MB} MB (idle ${formatNumber(idleMb)} MB)`,
    );
    if (rise > LIMIT_MB) throw new Error(`A batch of large contents needs ${formatNumber(rise)} MB`);
  } finally {
    await worker.stop();
  }
}

/** An app whose template fills ten channels. */
async function createLargeApp(url: string): Promise<OnecallClient> {
  const client = await OnecallClient.createEmpty(url);
  const channelKeys = Array.from({ length: CHANNELS }, (_, index) => `channel-${index}`);
  for (const key of channelKeys) await client.call("POST", "/channels", { name: key, key, type: "in_app" });
  const text = "x".repeat(CONTENT_LENGTH);
  await client.call("POST", "/templates", {
    name: "large",
    channelKeys,
    content: Object.fromEntries(channelKeys.map((key) => [key, { text }])),
    variableSchema: {},
  });
  await client.call("PUT", "/templates/large", { status: "approved" });
  return client;
}

async function sendToAll(client: OnecallClient): Promise<void> {
  const targets = Array.from({ length: TARGETS }, (_, index) => `user-${index}`);
  const body = { template: { key: "large" }, targets, mode: "batch" };
  const { notificationId } = await client.call<{ notificationId: string }>(
    "POST",
    "/notifications/send",
    body,
  );
  const giveUpAt = performance.now() + GIVE_UP_MS;
  const path = `/notifications/${notificationId}`;
  while ((await client.call<{ state: string }>("GET", path)).state !== "completed") {
    if (performance.now() > giveUpAt) throw new Error("The batch doesn't end");
    await delay(POLL_MS);
  }
}
