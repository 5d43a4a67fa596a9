import { median, report } from "./figures.ts";
import { type LoadResult, load } from "./load.ts";
import type { OnecallClient } from "./onecall-client.ts";
import type { BenchWorker } from "./workers.ts";

const CONCURRENCY = 32;
const SENDS = 2000;
const ROUNDS = 5;
/** All shards are warm after the first few hundred. */
const USERS = 1000;

function show(result: LoadResult): string {
  return `${result.perSecond.toFixed(0)}/s p50 ${result.p50.toFixed(1)} p99 ${result.p99.toFixed(1)} ms`;
}

/** Realtime sends beside the least that a durable send can do. */
export async function benchRealtime(client: OnecallClient, floor: BenchWorker): Promise<void> {
  const realtime = (count: number) =>
    load(client.url, count, CONCURRENCY, (index) => ({
      method: "POST",
      path: client.sendPath,
      headers: client.headers,
      body: client.realtimeBody(`user-${index % USERS}`),
    }));
  const insert = (count: number) =>
    load(floor.url, count, CONCURRENCY, (index) => ({
      method: "POST",
      path: "/",
      headers: { "content-type": "application/json" },
      body: client.realtimeBody(`user-${index % USERS}`),
    }));

  // Warm both: objects exist, code is compiled.
  await realtime(USERS);
  await insert(USERS);

  const health = await load(client.url, 5000, CONCURRENCY, () => ({ method: "GET", path: "/health" }));
  report("GET /health", show(health));

  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const atFloor = await insert(SENDS);
    const sent = await realtime(SENDS);
    ratios.push(sent.perSecond / atFloor.perSecond);
    report(`one object call, one INSERT (round ${round})`, show(atFloor));
    report(`realtime send (round ${round})`, show(sent));
  }
  report(
    "realtime send, of the floor",
    `${(median(ratios) * 100).toFixed(0)} %`,
    "to reach: 85 % (median of the rounds)",
  );
}
