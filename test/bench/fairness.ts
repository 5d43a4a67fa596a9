import { isCounted, timeSend } from "./batch.ts";
import { median, report, showMs } from "./figures.ts";
import { CHANNEL_KEY } from "./file-template.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startOnecall } from "./workers.ts";

const LARGE_ROWS = 60_000;
const LARGE_BATCHES = 10;
const SMALL_TARGETS = 2;
const ROUNDS = 7;
/** A batch that is watched is asked about this often, ms: the Worker's one thread answers that as well. */
const WATCH = { channelKey: CHANNEL_KEY, pollMs: 20 };

type Priority = "high" | "normal";

/** What a batch of two targets takes by itself, and behind ten batches of 60,000 of another app. */
export async function benchFairness(script: string): Promise<void> {
  const onecall = await startOnecall(script);
  try {
    const large = await OnecallClient.create(onecall.url);
    const small = await OnecallClient.create(onecall.url);
    await uploadFile(large, "large", createCsv(LARGE_ROWS));
    // Runs that aren't counted: objects exist, code is compiled.
    await timeSmall(small, "normal");
    const alone = await timeSmall(small, "normal");
    report("a batch of 2, alone", showMs(alone));
    for (const priority of ["normal", "high"] as const) {
      let last = "";
      for (let batch = 0; batch < LARGE_BATCHES; batch++) last = await sendFile(large, "large", priority);
      const behind = await timeSmall(small, priority);
      if (await isCounted(large, last, LARGE_ROWS))
        throw new Error("The large batches ended before the small");
      report(
        `  behind ten of 60,000, ${priority}`,
        `${showMs(behind)} × ${(median(behind) / median(alone)).toFixed(1)}`,
        "to reach: × 3",
      );
    }
  } finally {
    await onecall.stop();
  }
}

async function timeSmall(client: OnecallClient, priority: Priority): Promise<number[]> {
  const ms: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const send = async (): Promise<string> => (await sendSmall(client, priority)).notificationId;
    const { allCountedMs } = await timeSend(client, SMALL_TARGETS, send, WATCH);
    ms.push(allCountedMs);
  }
  return ms;
}

function sendSmall(client: OnecallClient, priority: Priority): Promise<{ notificationId: string }> {
  const template = { key: "order-confirmation", variables: {} };
  const targets = Array.from({ length: SMALL_TARGETS }, (_, index) => `small-${index}`);
  return client.call("POST", "/notifications/send", { template, targets, mode: "batch", priority });
}
