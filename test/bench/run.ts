import { timeBatch } from "./batch.ts";
import { type LoadResult, load } from "./load.ts";
import { OnecallClient } from "./onecall-client.ts";
import { startFloor, startOnecall } from "./workers.ts";

const CONCURRENCY = 32;
const REALTIME_SENDS = 2000;
const ROUNDS = 5;
const BATCH_TARGETS = 10_000;
/** Users of the realtime sends: all shards are warm after the first few hundred. */
const USERS = 1000;

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What each figure has to be; printed beside it, never asserted: absolute times differ from machine to machine. */
function report(name: string, value: string, goal = ""): void {
  console.log(`${name.padEnd(46)}${value.padStart(22)}   ${goal}`);
}

function show(result: LoadResult): string {
  return `${result.perSecond.toFixed(0)}/s p50 ${result.p50.toFixed(1)} p99 ${result.p99.toFixed(1)} ms`;
}

const [onecall, floor] = await Promise.all([startOnecall(), startFloor()]);
try {
  const client = await OnecallClient.create(onecall.url);
  const realtime = (count: number) =>
    load(onecall.url, count, CONCURRENCY, (index) => ({
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

  const health = await load(onecall.url, 5000, CONCURRENCY, () => ({ method: "GET", path: "/health" }));
  report("GET /health", show(health));

  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const atFloor = await insert(REALTIME_SENDS);
    const sent = await realtime(REALTIME_SENDS);
    ratios.push(sent.perSecond / atFloor.perSecond);
    report(`one object call, one INSERT (round ${round})`, show(atFloor));
    report(`realtime send (round ${round})`, show(sent));
  }
  report(
    "realtime send, of the floor",
    `${(median(ratios) * 100).toFixed(0)} %`,
    "to reach: 70 % (median of the rounds)",
  );

  const batches = [];
  for (let round = 1; round <= ROUNDS; round++)
    batches.push(await timeBatch(client, BATCH_TARGETS, `batch-${round}`));
  const calls = batches.map(({ sendCallMs }) => sendCallMs);
  const whole = batches.map(({ allCountedMs }) => allCountedMs);
  report("10,000 targets, send call answered", `${median(calls).toFixed(0)} ms`, "to reach: 300 ms");
  report("10,000 targets, request to all counted", `${median(whole).toFixed(0)} ms`, "to reach: 1,000 ms");
} finally {
  await Promise.all([onecall.stop(), floor.stop()]);
}
