import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { report } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { startOnecallOnNetwork } from "./workers.ts";

/** How long the endpoint takes for a call, ms. */
const ANSWER_MS = 200;
const EVENTS_PER_SECOND = 500;
const SECONDS = 10;
/** Calls that are on their way at once: more would only wait in the Worker, and what hands events over behind them. */
const MAX_CALLS = 32;
/** Between two looks at what is to be sent, or has come, ms. */
const LOOK_EVERY_MS = 20;
/** How long the rest is waited for, ms. */
const MAX_REST_MS = 120_000;

/**
 * An endpoint that takes 200 ms gets the events of up to 500 sends a second: how many are still to come when they end,
 * and how long that takes. Shards report sends to one every two seconds.
 */
export async function benchWebhooks(script: string): Promise<void> {
  for (const eventsPerCall of [100, 1]) {
    const { sent, seconds, behind, restMs } = await measureBacklog(script, eventsPerCall);
    const rate = Math.round(sent / seconds);
    report(
      `webhooks, ${rate} events/s, ${eventsPerCall} a call: behind at the end`,
      `${behind} of ${sent}, then ${(restMs / 1000).toFixed(1)} s`,
      eventsPerCall === 1 ? "one event a call, six calls at once: 30/s" : "to reach: a few seconds, steady",
    );
  }
}

async function measureBacklog(
  script: string,
  eventsPerCall: number,
): Promise<{ sent: number; seconds: number; behind: number; restMs: number }> {
  const endpoint = await startEndpoint();
  const onecall = await startOnecallOnNetwork(script, { variables: { ALLOW_LOOPBACK: "true" } });
  try {
    const client = await OnecallClient.create(onecall.url);
    await client.call("POST", "/webhooks", {
      url: endpoint.url,
      events: ["notification.completed"],
      eventsPerCall,
    });
    const startedAt = performance.now();
    const sent = await sendAtRate(client);
    const seconds = (performance.now() - startedAt) / 1000;
    const behind = sent - endpoint.taken();
    const endedAt = performance.now();
    while (endpoint.taken() < sent && performance.now() - endedAt < MAX_REST_MS) await sleep(LOOK_EVERY_MS);
    return { sent, seconds, behind, restMs: performance.now() - endedAt };
  } finally {
    await onecall.stop();
    endpoint.stop();
  }
}

/** Returns how many sends were answered; the machine may not manage them all in time. */
async function sendAtRate(client: OnecallClient): Promise<number> {
  const startedAt = performance.now();
  const running = new Set<Promise<void>>();
  let begun = 0;
  for (let atMs = 0; atMs < SECONDS * 1000; atMs = performance.now() - startedAt) {
    for (; begun < (atMs / 1000) * EVENTS_PER_SECOND && running.size < MAX_CALLS; begun++) {
      const call: Promise<void> = sendOne(client, begun).finally(() => running.delete(call));
      running.add(call);
    }
    await sleep(LOOK_EVERY_MS / 4);
  }
  await Promise.all(running);
  return begun;
}

async function sendOne(client: OnecallClient, index: number): Promise<void> {
  const response = await fetch(`${client.url}${client.sendPath}`, {
    method: "POST",
    headers: client.headers,
    body: client.realtimeBody(`user-${index}`),
  });
  if (!response.ok) throw new Error(`A send answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

/** Counts events, each once, when their call begins: what it has isn't behind. */
async function startEndpoint(): Promise<{ url: string; taken: () => number; stop: () => void }> {
  const ids = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
        data: { events?: { id: string }[] };
      };
      for (const { id } of data.events ?? [{ id: String(request.headers["webhook-id"]) }]) ids.add(id);
      setTimeout(() => response.writeHead(204).end(), ANSWER_MS);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    taken: () => ids.size,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
