import { findEnabledChannels } from "../channels/enabled.ts";
import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { findUnit, type UnitPlace, type UnitRange } from "../model/chunk-units.ts";
import { groupByLedger, type LedgerRef } from "../model/ids.ts";
import { FREE_TEXT_LENGTH, MAX_ROWS_AT_ONCE } from "../model/limits.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { type ChunkMessage, enqueueHandouts, parseChunkMessage } from "../queues/chunks.ts";
import { BatchPlans, type CompiledPlan } from "./compiled-plans.ts";
import { deliverAsRows, deliverAsSegments, retryInShard, retryRun } from "./deliver.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import type { DeliveryContext } from "./target.ts";
import { listRuns, UnitRows } from "./unit-rows.ts";

/** Room for the rows that this isolate has read and not delivered yet. */
const ROWS_TEXT = new IsolateBudget(MAX_ROWS_AT_ONCE, FREE_TEXT_LENGTH);
/** Parsed, a row's values take about as much again as their text. */
const PARSED = 2;

/** A message of a queue batch, and how long it was in the queue. */
interface ReceivedMessage {
  message: Message;
  unit: ChunkMessage;
  waitedMs: number;
}

/**
 * Delivers the units of a queue batch. Each message is acked or retried by itself. The app that has the most in the
 * batch goes last, so that another's single chunk isn't rendered in the middle of its many.
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

/** Renders a chunk, or a part of one, and stores its deliveries. */
async function deliverChunk(env: Bindings, plans: BatchPlans, message: ChunkMessage): Promise<void> {
  const { appId, notificationId, attempt = 1 } = message;
  const [compiled, app] = await Promise.all([plans.get(appId, notificationId, attempt), getApp(env, appId)]);
  const place = placeOf(message, compiled);
  const room = await ROWS_TEXT.reserve(place.chunk.length * PARSED);
  try {
    await deliverPlace(env, app, compiled, place, message.version === 1 ? null : message.unit);
  } finally {
    room.release();
  }
}

/** One call and one transaction per shard, mostly. */
async function deliverPlace(
  env: Bindings,
  app: AppRecord,
  compiled: CompiledPlan,
  place: UnitPlace,
  unit: number | null,
): Promise<void> {
  const { header, template, pushData, expected, retry } = compiled;
  const context: DeliveryContext = {
    template,
    channels: header.channels,
    enabled: await findEnabledChannels(
      env,
      app,
      header.channels.map(({ key }) => key),
    ),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
  const rows = new UnitRows(env, app.id, compiled, place);
  // Of a retry the shards mostly have the targets themselves.
  if (retry === null) await rows.read();
  await Promise.all(
    listRuns(place).map(async (run) => {
      const request = { header, expected: expected.get(run.shard) ?? 0, pushData, target: null };
      const shard = getShardStub(env, app.id, run.shard);
      if (retry !== null) {
        const inShard =
          unit === null ? null : { notificationId: header.id, units: [unit, unit + 1] as UnitRange };
        if (
          inShard !== null &&
          (await retryInShard(shard, context, { ...inShard, count: run.rows }, request, retry))
        )
          return;
        await retryRun(shard, context, await rows.of(run), request, retry);
      } else if (unit === null) {
        // A message of an earlier version doesn't say which unit it is.
        await deliverAsRows(shard, context, await rows.of(run), request);
      } else {
        const part = { unit, shard: run.shard, plan: compiled };
        await deliverAsSegments(shard, context, await rows.of(run), request, part);
      }
    }),
  );
}

/** Where a message's rows are. One of an earlier version says it itself, and stands for a whole chunk. */
function placeOf(message: ChunkMessage, { chunks, source }: CompiledPlan): UnitPlace {
  if (message.version === 1) return { chunk: message.chunk, from: 0, to: Number.POSITIVE_INFINITY };
  const place = findUnit(chunks, source.cut, message.unit);
  if (place === null) throw new Error("The audience has no such chunk");
  return place;
}
