import { performance } from "node:perf_hooks";
import { timeSend } from "./batch.ts";
import { median, report, showMs } from "./figures.ts";
import { CHANNEL_KEY } from "./file-template.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startCpuClock } from "./workerd-cpu.ts";
import { startOnecall } from "./workers.ts";

const ROWS = 100_000;
const BLOCKS = 5;
/** Both are as often the first, and as often after one of the other kind: what a run leaves behind slows both alike. */
const BLOCK = [false, true, true, false];
const FILE_KEY = "watched";
/** Whether it is done is asked seldom: that costs, too. */
const WATCH = { channelKey: CHANNEL_KEY, pollMs: 250 };

/** What a run took: by the clock, and of the Worker's thread. */
interface Times {
  ms: number;
  cpuMs: number;
}

/**
 * A batch of 100,000 with a notification's page that follows it, beside one that nobody looks at. By the time of the
 * Worker's thread: where nothing else runs that is what a batch waits for, and elsewhere it is the same.
 */
export async function benchWatched(script: string): Promise<void> {
  const onecall = await startOnecall(script);
  try {
    const readCpuMs = startCpuClock();
    const client = await OnecallClient.create(onecall.url);
    await uploadFile(client, FILE_KEY, createCsv(ROWS));
    const run = async (isWatched: boolean): Promise<Times> => {
      const startCpuMs = readCpuMs();
      const ms = await timeRun(client, isWatched);
      return { ms, cpuMs: readCpuMs() - startCpuMs };
    };
    // A first one of each that isn't counted: objects exist, code is compiled.
    await run(false);
    await run(true);
    const runs = { unwatched: [] as Times[], watched: [] as Times[] };
    const blocks: { unwatched: Times[]; watched: Times[] }[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      const own = { unwatched: [] as Times[], watched: [] as Times[] };
      for (const isWatched of BLOCK) own[isWatched ? "watched" : "unwatched"].push(await run(isWatched));
      blocks.push(own);
      runs.unwatched.push(...own.unwatched);
      runs.watched.push(...own.watched);
    }
    reportTimes("100,000 rows, send to all counted: nobody looks", runs.unwatched);
    reportTimes("  a page follows it", runs.watched);
    const showRatios = (field: keyof Times): string => {
      const ratios = blocks.map(({ watched, unwatched }) => sumOf(watched, field) / sumOf(unwatched, field));
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
      return `× ${median(ratios).toFixed(3)} (${least}–${most})`;
    };
    report("  of those beside it, the Worker's thread", showRatios("cpuMs"), "to reach: × 1.05");
    report("    by the clock, with all else that ran", showRatios("ms"));
  } finally {
    await onecall.stop();
  }
}

function reportTimes(name: string, times: readonly Times[]): void {
  report(name, showMs(times.map(({ ms }) => ms)));
  report("    the Worker's thread", showMs(times.map(({ cpuMs }) => cpuMs)));
}

function sumOf(times: readonly Times[], field: keyof Times): number {
  return times.reduce((sum, one) => sum + one[field], 0);
}

async function timeRun(client: OnecallClient, isWatched: boolean): Promise<number> {
  const aborts = new AbortController();
  let following: Promise<void> | null = null;
  const start = performance.now();
  await timeSend(
    client,
    ROWS,
    async () => {
      const id = await sendFile(client, FILE_KEY);
      if (isWatched) following = followProgress(client, id, aborts.signal);
      return id;
    },
    WATCH,
  );
  const ms = performance.now() - start;
  aborts.abort();
  await following;
  return ms;
}

/** Reads what a notification's page reads: the stream of its counts, until they are final. */
async function followProgress(client: OnecallClient, id: string, signal: AbortSignal): Promise<void> {
  try {
    const url = `${client.url}/v3/business-messaging/api/notifications/${id}/progress`;
    const { body } = await fetch(url, { headers: client.headers, signal });
    if (body === null) throw new Error("There is no stream");
    for await (const _ of body) {
      // Nothing is drawn: that is the browser's work.
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
