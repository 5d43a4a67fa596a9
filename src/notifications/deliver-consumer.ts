import type { Bindings } from "../env.ts";
import { groupByLedger, type LedgerRef } from "../ids.ts";
import { commitSafely } from "./commit.ts";
import { BatchPlans } from "./compiled-plans.ts";
import { deliverChunk } from "./deliver-chunk.ts";
import { openLedger } from "./ledger-binding.ts";
import { type ChunkMessage, enqueueHandouts, parseChunkMessage } from "./queue.ts";

/** A message whose deliveries are stored, and how long it was in the queue. */
interface DoneMessage {
  message: Message;
  unit: UnitMessage;
  waitedMs: number;
}

/** A message of the present version: its ledger waits to hear of it. */
type UnitMessage = Extract<ChunkMessage, { version: 2 }>;

/** Delivers the units of a queue batch. Each message is acked or retried by itself. */
export async function consumeDeliveries(batch: MessageBatch, env: Bindings): Promise<void> {
  const plans = new BatchPlans(env);
  const done: DoneMessage[] = [];
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        const waitedMs = Date.now() - message.timestamp.getTime();
        const parsed = parseChunkMessage(message.body);
        await deliverChunk(env, plans, parsed);
        if (parsed.version === 1) message.ack();
        else done.push({ message, unit: parsed, waitedMs });
      } catch (error) {
        console.error({
          message: "a chunk was not delivered",
          queue: batch.queue,
          attempts: message.attempts,
          error,
        });
        retryLater(message);
      }
    }),
  );
  const byApp = Map.groupBy(done, ({ unit }) => unit.appId);
  await Promise.all(
    [...byApp].flatMap(([appId, ofApp]) =>
      groupByLedger(ofApp, ({ unit }) => unit.notificationId).map(([ledger, ofLedger]) =>
        finishUnits(env, appId, ledger, ofLedger),
      ),
    ),
  );
}

/**
 * Tells a ledger what is done with, and puts into the queues what it hands out in its place: a call for a queue batch.
 * Where it can't be told, the messages come again: the shards have what they stand for, so that costs little.
 */
async function finishUnits(
  env: Bindings,
  appId: string,
  ledger: LedgerRef,
  done: readonly DoneMessage[],
): Promise<void> {
  const finished = done.map(({ unit: { notificationId, attempt = 1, unit } }) => ({
    ...{ notificationId, attempt, unit },
  }));
  const waitedMs = Math.max(...done.map((entry) => entry.waitedMs));
  try {
    const handouts = await commitSafely(() => openLedger(env, appId, ledger).finish(finished, waitedMs));
    for (const { message } of done) message.ack();
    await enqueueHandouts(env, appId, handouts);
  } catch (error) {
    // After an ack a retry does nothing: what wasn't enqueued is the watchdog's.
    for (const { message } of done) retryLater(message);
    console.error({ message: "a ledger's next chunks are late", app: appId, ...ledger, error });
  }
}

function retryLater(message: Message): void {
  message.retry({ delaySeconds: Math.min(2 ** message.attempts, 60) });
}
