import type { Bindings } from "../env.ts";
import { groupByLedger, type LedgerRef } from "../model/ids.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { type ChunkMessage, enqueueHandouts, parseChunkMessage } from "../queues/chunks.ts";
import { deliverChunk } from "./chunk.ts";
import { BatchPlans } from "./compiled-plans.ts";

/** A message of a queue batch, and how long it was in the queue. */
interface ReceivedMessage {
  message: Message;
  unit: ChunkMessage;
  waitedMs: number;
}

/**
 * Delivers the units of a queue batch. Each message is acked or retried by itself. The app that has the most in the batch
 * goes last, so that another's single chunk isn't rendered in the middle of its many.
 */
export async function consumeDeliveries(batch: MessageBatch, env: Bindings): Promise<void> {
  const plans = new BatchPlans(env);
  const giveUp = (message: Message, error: unknown): void => {
    const { queue } = batch;
    console.error({ message: "a chunk was not delivered", queue, attempts: message.attempts, error });
    retryLater(message);
  };
  const received: ReceivedMessage[] = [];
  for (const message of batch.messages) {
    try {
      const waitedMs = Date.now() - message.timestamp.getTime();
      received.push({ message, unit: parseChunkMessage(message.body), waitedMs });
    } catch (error) {
      giveUp(message, error);
    }
  }
  const done: ReceivedMessage[] = [];
  for (const share of splitByShare(received)) {
    await Promise.all(
      share.map((entry) =>
        deliverChunk(env, plans, entry.unit).then(
          () => void done.push(entry),
          (error: unknown) => giveUp(entry.message, error),
        ),
      ),
    );
  }
  // A message of an earlier version stands for a chunk that no ledger waits for.
  for (const { message, unit } of done) if (unit.version === 1) message.ack();
  const byApp = Map.groupBy(
    done.filter(({ unit }) => unit.version === 2),
    ({ unit }) => unit.appId,
  );
  await Promise.all(
    [...byApp].flatMap(([appId, ofApp]) =>
      groupByLedger(ofApp, ({ unit }) => unit.notificationId).map(([ledger, ofLedger]) =>
        finishUnits(env, appId, ledger, ofLedger),
      ),
    ),
  );
}

/** All apps' messages but those of the app that has the most, then these. */
function splitByShare(messages: readonly ReceivedMessage[]): ReceivedMessage[][] {
  const byApp = [...Map.groupBy(messages, ({ unit }) => unit.appId).values()];
  const most = byApp.reduce((largest, ofApp) => (ofApp.length > largest.length ? ofApp : largest), []);
  return [byApp.filter((ofApp) => ofApp !== most).flat(), most];
}

/**
 * Tells a ledger what is done with, and puts into the queues what it hands out in its place: a call for a queue batch.
 * Where it can't be told, the messages come again: the shards have what they stand for, so that costs little.
 */
async function finishUnits(
  env: Bindings,
  appId: string,
  ledger: LedgerRef,
  done: readonly ReceivedMessage[],
): Promise<void> {
  const finished = done.flatMap(({ unit }) => {
    if (unit.version === 1) return [];
    return [{ notificationId: unit.notificationId, attempt: unit.attempt ?? 1, unit: unit.unit }];
  });
  const waitedMs = Math.max(...done.map((entry) => entry.waitedMs));
  try {
    const handouts = await commitSafely(() => getLedgerStub(env, appId, ledger).finish(finished, waitedMs));
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
