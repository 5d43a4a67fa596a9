import { performance } from "node:perf_hooks";
import { timeSend } from "./batch.ts";
import { median, report, showMs } from "./figures.ts";
import { CHANNEL_KEY } from "./file-template.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startOnecall } from "./workers.ts";

const ROWS = 100_000;
const BLOCKS = 5;
/** Both are as often the first, and as often after one of the other kind: what a run leaves behind slows both alike. */
const BLOCK = [false, true, true, false];
const FILE_KEY = "watched";
/** Whether it is done is asked seldom: that costs, too. */
const WATCH = { channelKey: CHANNEL_KEY, pollMs: 100 };

/** A batch of 100,000 with a notification's page that follows it, beside one that nobody looks at. */
export async function benchWatched(script: string): Promise<void> {
  const onecall = await startOnecall(script);
  try {
    const client = await OnecallClient.create(onecall.url);
    await uploadFile(client, FILE_KEY, createCsv(ROWS));
    // A first one that isn't counted: objects exist, code is compiled.
    await timeRun(client, false);
    const runs = { unwatched: [] as number[], watched: [] as number[] };
    const ratios: number[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      const sums = { unwatched: 0, watched: 0 };
      for (const isWatched of BLOCK) {
        const kind = isWatched ? "watched" : "unwatched";
        const ms = await timeRun(client, isWatched);
        runs[kind].push(ms);
        sums[kind] += ms;
      }
      ratios.push(sums.watched / sums.unwatched);
    }
    report("100,000 rows, send to all counted: nobody looks", showMs(runs.unwatched));
    report("  a page follows it", showMs(runs.watched));
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    report("  of those beside it", `× ${median(ratios).toFixed(3)} (${least}–${most})`, "to reach: × 1.05");
  } finally {
    await onecall.stop();
  }
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
