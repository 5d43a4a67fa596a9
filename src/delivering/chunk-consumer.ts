import { findEnabledChannels } from "../channels/enabled.ts";
import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { findUnit, type UnitPlace, type UnitRange } from "../model/chunk-units.ts";
import { groupByLedger, type LedgerRef } from "../model/ids.ts";
import { FREE_TEXT_LENGTH, MAX_ROWS_AT_ONCE } from "../model/limits.ts";
import { pause } from "../model/pause.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { type ChunkMessage, enqueueHandouts, parseChunkMessage } from "../queues/chunks.ts";
import { BatchPlans, type CompiledPlan } from "./compiled-plans.ts";
import { deliverAsRows, deliverAsSegments, retryInShard, retryRun } from "./deliver.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import type { DeliveryContext } from "./target.ts";
import { listRuns, type PlacedRun, UnitRows } from "./unit-rows.ts";

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

/** How long a unit has for itself before the next of its queue batch begins as well, ms. */
const TURN_MS = 200;
/** Shards of one unit that are called together at most, and rows from which on the next ones wait. */
const SHARDS_AT_ONCE = 16;
const ROWS_AT_ONCE = 500;

/**
 * Delivers the units of a queue batch. Each message is acked or retried by itself. The app that has the most in the
 * batch goes last, so that another's single chunk isn't behind its many.
 */
export async function consumeDeliveries(batch: MessageBatch, env: Bindings): Promise<void> {
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
  const done = await deliverInTurn(env, orderByShare(received), giveUp);
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

/**
 * One unit after another, each read while the one before is delivered; returns those that were delivered. All at once
 * would keep the isolate's thread busy from the first to the last: while there always is something ready to run, calls
 * that arrive and timers that are due wait, whoever's they are.
 */
async function deliverInTurn(
  env: Bindings,
  messages: readonly ReceivedMessage[],
  giveUp: (message: Message, error: unknown) => void,
): Promise<ReceivedMessage[]> {
  const plans = new BatchPlans(env);
  const done: ReceivedMessage[] = [];
  const deliveries: Promise<void>[] = [];
  let ahead = readAhead(env, plans, messages[0]);
  for (const [index, entry] of messages.entries()) {
    const own = ahead;
    ahead = readAhead(env, plans, messages[index + 1]);
    const delivery = deliverUnit(env, own).then(
      () => void done.push(entry),
      (error: unknown) => giveUp(entry.message, error),
    );
    deliveries.push(delivery);
    // One that hangs delays the others by its turn, not for as long as it hangs.
    await Promise.race([delivery, scheduler.wait(TURN_MS)]);
    await pause();
  }
  await Promise.all(deliveries);
  return done;
}

/** All apps' messages but those of the app that has the most, then these. */
function orderByShare(messages: readonly ReceivedMessage[]): ReceivedMessage[] {
  const byApp = [...Map.groupBy(messages, ({ unit }) => unit.appId).values()];
  const most = byApp.reduce((largest, ofApp) => (ofApp.length > largest.length ? ofApp : largest), []);
  return [...byApp.filter((ofApp) => ofApp !== most).flat(), ...most];
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

/** A unit whose rows are in memory, but those of a retry. */
interface ReadUnit {
  compiled: CompiledPlan;
  app: AppRecord;
  runs: readonly PlacedRun[];
  rows: UnitRows;
  /** Null in a message of an earlier version. */
  unit: number | null;
  /** Gives back the room that the rows take. */
  release(): void;
}

/** Begins to read a unit. Whoever delivers it hears of what went wrong. */
function readAhead(
  env: Bindings,
  plans: BatchPlans,
  message: ReceivedMessage | undefined,
): Promise<ReadUnit> | null {
  if (message === undefined) return null;
  const reading = readUnit(env, plans, message.unit);
  reading.catch(() => {});
  return reading;
}

async function readUnit(env: Bindings, plans: BatchPlans, message: ChunkMessage): Promise<ReadUnit> {
  const { appId, notificationId, attempt = 1 } = message;
  const [compiled, app] = await Promise.all([plans.get(appId, notificationId, attempt), getApp(env, appId)]);
  const place = placeOf(message, compiled);
  const { release } = await ROWS_TEXT.reserve(place.chunk.length * PARSED);
  try {
    const rows = new UnitRows(env, appId, compiled, place);
    // Of a retry the shards mostly have the targets themselves.
    if (compiled.retry === null) await rows.read();
    const unit = message.version === 1 ? null : message.unit;
    return { compiled, app, runs: listRuns(place), rows, unit, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Renders a unit and stores its deliveries: one call and one transaction per shard, mostly. */
async function deliverUnit(env: Bindings, reading: Promise<ReadUnit> | null): Promise<void> {
  const read = await reading;
  if (read === null) return;
  const { runs } = read;
  try {
    const context = await contextOf(env, read);
    for (const [index, together] of groupRuns(runs).entries()) {
      if (index > 0) await pause();
      await Promise.all(together.map((run) => deliverRun(env, context, read, run)));
    }
  } finally {
    read.release();
  }
}

function groupRuns(runs: readonly PlacedRun[]): PlacedRun[][] {
  const groups: PlacedRun[][] = [];
  let rows = ROWS_AT_ONCE;
  for (const run of runs) {
    const group = groups.at(-1);
    if (group === undefined || rows >= ROWS_AT_ONCE || group.length === SHARDS_AT_ONCE) {
      groups.push([run]);
      rows = 0;
    } else group.push(run);
    rows += run.rows;
  }
  return groups;
}

async function contextOf(env: Bindings, { app, compiled }: ReadUnit): Promise<DeliveryContext> {
  const { header, template, retry } = compiled;
  const keys = header.channels.map(({ key }) => key);
  return {
    template,
    channels: header.channels,
    enabled: await findEnabledChannels(env, app, keys),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
}

async function deliverRun(
  env: Bindings,
  context: DeliveryContext,
  { compiled, app, rows, unit }: ReadUnit,
  run: PlacedRun,
): Promise<void> {
  const { header, pushData, expected, retry } = compiled;
  const request = { header, expected: expected.get(run.shard) ?? 0, pushData, target: null };
  const shard = getShardStub(env, app.id, run.shard);
  if (retry !== null) {
    if (unit !== null) {
      const part = { notificationId: header.id, units: oneUnit(unit), count: run.rows };
      if (await retryInShard(shard, context, part, request, retry)) return;
    }
    await retryRun(shard, context, await rows.of(run), request, retry);
  }
  // A message of an earlier version doesn't say which unit it is.
  else if (unit === null) await deliverAsRows(shard, context, await rows.of(run), request);
  else {
    const part = { unit, shard: run.shard, plan: compiled };
    await deliverAsSegments(shard, context, await rows.of(run), request, part);
  }
}

function oneUnit(unit: number): UnitRange {
  return [unit, unit + 1];
}

/** Where a message's rows are. One of an earlier version says it itself, and stands for a whole chunk. */
function placeOf(message: ChunkMessage, { chunks, source }: CompiledPlan): UnitPlace {
  if (message.version === 1) return { chunk: message.chunk, from: 0, to: Number.POSITIVE_INFINITY };
  const place = findUnit(chunks, source.cut, message.unit);
  if (place === null) throw new Error("The audience has no such chunk");
  return place;
}
