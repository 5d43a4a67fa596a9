import type { Bindings } from "../env.ts";
import { type LedgerRef, requireIdParts } from "../model/ids.ts";
import { pause } from "../model/pause.ts";
import type { CarriedReport } from "../model/report.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { type ChunkMessage, enqueueHandouts, parseChunkMessage } from "../queues/chunks.ts";
import { BatchChunks } from "./batch-chunks.ts";
import { BatchPlans } from "./compiled-plans.ts";
import { deliverUnit, type ReadUnit, readUnit } from "./unit.ts";

/** A message of a queue batch, and how long it was in the queue. */
interface ReceivedMessage {
  message: Message;
  unit: ChunkMessage;
  /** Which ledger waits to hear of it; null of a message of an earlier version, for which none does. */
  ledger: LedgerRef | null;
  waitedMs: number;
}

/** One whose unit is in the shards, and what these have of the notification. */
interface DeliveredMessage extends ReceivedMessage {
  reports: readonly CarriedReport[];
}

/** How long a unit has for itself before the next of its queue batch begins as well, ms. */
const TURN_MS = 200;

/**
 * Delivers the units of a queue batch. Each message is acked or retried by itself. The app that has the most in the
 * batch goes last, so that another's single chunk isn't behind its many; so does a large batch's 20th behind a first.
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
      const unit = parseChunkMessage(message.body);
      received.push({ message, unit, ledger: ledgerOf(unit), waitedMs });
    } catch (error) {
      giveUp(message, error);
    }
  }
  const finishing = new Finishing(env, received);
  await deliverInTurn(env, orderByShare(received), {
    delivered: (entry, reports) => finishing.settle({ ...entry, reports }, true),
    failed: (entry, error) => {
      giveUp(entry.message, error);
      finishing.settle({ ...entry, reports: [] }, false);
    },
  });
  await finishing.whenDone();
}

/** What is to happen with each message. */
interface Settled {
  /** Resolves when its ledger knows, should it be told now: only then another app's unit begins. */
  delivered: (entry: ReceivedMessage, reports: readonly CarriedReport[]) => Promise<void> | undefined;
  failed: (entry: ReceivedMessage, error: unknown) => void;
}

/**
 * One unit after another, each read while the one before is delivered. All at once would keep the isolate's thread busy
 * from the first to the last: while there always is something ready to run, calls that arrive and timers that are due
 * wait, whoever's they are.
 */
async function deliverInTurn(
  env: Bindings,
  messages: readonly ReceivedMessage[],
  { delivered, failed }: Settled,
): Promise<void> {
  const units = messages.map(({ unit }) => unit);
  const sources = { plans: new BatchPlans(env), chunks: new BatchChunks(env, units) };
  const deliveries: Promise<void>[] = [];
  let ahead: Promise<ReadUnit> | null = null;
  for (const [index, entry] of messages.entries()) {
    const reading = ahead ?? readAhead(env, sources, entry);
    const next = messages[index + 1];
    ahead = next === undefined ? null : readAhead(env, sources, next);
    const delivery = reading
      .then((read) => deliverUnit(env, read))
      .then(
        (reports) => delivered(entry, reports),
        (error: unknown) => failed(entry, error),
      );
    deliveries.push(delivery);
    // One that hangs delays the others by its turn, not for as long as it hangs.
    await Promise.race([delivery, scheduler.wait(TURN_MS)]);
    await pause();
  }
  await Promise.all(deliveries);
}

/**
 * Tells each ledger what of a queue batch is done with: once, when that is known of all its messages. Nobody waits for
 * other apps' units, whose place in the batch is chance.
 */
class Finishing {
  readonly #env: Bindings;
  /** By ledger: how many messages aren't settled yet, and those that are delivered. */
  readonly #ledgers = new Map<string, { left: number; done: DeliveredMessage[] }>();
  readonly #calls: Promise<void>[] = [];

  constructor(env: Bindings, messages: readonly ReceivedMessage[]) {
    this.#env = env;
    for (const entry of messages) {
      const group = this.#ledgers.get(nameOf(entry));
      if (group === undefined) this.#ledgers.set(nameOf(entry), { left: 1, done: [] });
      else group.left++;
    }
  }

  /** Resolves when the ledger was told, where it was its last message. */
  settle(entry: DeliveredMessage, isDelivered: boolean): Promise<void> | undefined {
    const { unit, message, ledger } = entry;
    if (ledger === null) {
      if (isDelivered) message.ack();
      return undefined;
    }
    const group = this.#ledgers.get(nameOf(entry));
    if (group === undefined) return undefined;
    if (isDelivered) group.done.push(entry);
    if (--group.left > 0 || group.done.length === 0) return undefined;
    const call = finishUnits(this.#env, unit.appId, ledger, group.done);
    this.#calls.push(call);
    return call;
  }

  async whenDone(): Promise<void> {
    await Promise.all(this.#calls);
  }
}

function nameOf({ unit, ledger }: ReceivedMessage): string {
  return JSON.stringify([unit.appId, ledger]);
}

function ledgerOf(unit: ChunkMessage): LedgerRef | null {
  if (unit.version === 1) return null;
  const { day, slot } = requireIdParts(unit.notificationId);
  return { day, slot };
}

/** By app: who has fewest goes first, and of those with as many who isn't so far in a batch. */
function orderByShare(messages: readonly ReceivedMessage[]): ReceivedMessage[] {
  const unitOf = ([first]: readonly ReceivedMessage[]): number =>
    first === undefined || first.unit.version === 1 ? 0 : first.unit.unit;
  return [...Map.groupBy(messages, ({ unit }) => unit.appId).values()]
    .sort((one, other) => one.length - other.length || unitOf(one) - unitOf(other))
    .flat();
}

/**
 * Tells a ledger what is done with and what its shards have said, and puts into the queues what it hands out in its
 * place. Where it can't be told, the messages come again: the shards have what they stand for, so that costs little.
 */
async function finishUnits(
  env: Bindings,
  appId: string,
  ledger: LedgerRef,
  done: readonly DeliveredMessage[],
): Promise<void> {
  const finished = done.flatMap(({ unit }) => {
    if (unit.version === 1) return [];
    return [{ notificationId: unit.notificationId, attempt: unit.attempt ?? 1, unit: unit.unit }];
  });
  const waitedMs = Math.max(...done.map((entry) => entry.waitedMs));
  const reports = done.flatMap((entry) => entry.reports);
  try {
    const stub = getLedgerStub(env, appId, ledger);
    const handouts = await commitSafely(() => stub.finish(finished, waitedMs, reports));
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

/** Begins to read a unit. Whoever delivers it hears of what went wrong. */
function readAhead(
  env: Bindings,
  sources: Parameters<typeof readUnit>[1],
  { unit }: ReceivedMessage,
): Promise<ReadUnit> {
  const reading = readUnit(env, sources, unit);
  reading.catch(() => {});
  return reading;
}
