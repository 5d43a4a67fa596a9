import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { newNotificationId, parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { CHUNK_ROWS, CHUNKS_IN_QUEUE, MAX_BATCH_TARGETS } from "../../src/model/limits.ts";
import type { Priority } from "../../src/model/notification.ts";
import type { ChunkMessage } from "../../src/queues/chunks.ts";
import { callAsAdmin, createReadyApp, TEST_SHARDS, type TestApp } from "../support/api.ts";
import { writeCsv } from "../support/csv.ts";
import { bindings, CapturingQueue, callWith, consume, interceptCalls } from "../support/faults.ts";
import { abort, replaceIn, wake } from "../support/objects.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** What a consumer's batch has (wrangler.toml). */
const BATCH_MESSAGES = 2;
/** A chunk for each shard: two shards' rows don't fit into one. These are more than the queue may have. */
const CHUNKS = TEST_SHARDS;
const TARGETS = CHUNKS * Math.floor(0.6 * CHUNK_ROWS);
/** For thousands of targets on a busy machine. */
const WAIT_MS = 60_000;

let app: TestApp;
let queue: CapturingQueue;
/** Messages that were consumed. */
let seen: number;

beforeEach(async () => {
  app = await createReadyApp();
  queue = new CapturingQueue();
  seen = 0;
  await setStall(3600);
});

/** What a busy machine needs for a chunk isn't taken for a loss, unless a test wants it to be. */
const setStall = (seconds: number, replaced: Partial<Bindings> = {}): Promise<() => void> =>
  replaceIn(ledgerOf(newNotificationId()), { STALL_SECONDS: seconds as never, ...replaced });

/** Every priority's queue is the captured one. */
const queues = (): Partial<Bindings> => ({
  DELIVERIES_HIGH: queue.binding,
  DELIVERIES_NORMAL: queue.binding,
});

const idsOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** More targets than a call may name are a file's. */
async function send(prefix: string, count: number, priority: Priority = "normal"): Promise<string> {
  const ids = idsOf(prefix, count);
  const isFile = count > MAX_BATCH_TARGETS;
  if (isFile) {
    const table = [["user_id", "customerName", "orderId"], ...ids.map((id) => [id, "Mia", "O-1"])];
    await uploadCsv(app, `${prefix}.csv`, writeCsv(table, "\n"));
  }
  const targets = isFile ? { targetsFile: `${prefix}.csv` } : { targets: ids };
  const body = { template: { key: "order-confirmation" }, ...targets, mode: "batch", priority };
  const sent = await callWith(queues(), app, "POST", "/notifications/send", body);
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  return sent.body.notificationId;
}

/** Serves the next messages as a consumer does; what its ledger hands out goes into the same queue. */
async function consumeNext(count: number): Promise<ChunkMessage[]> {
  const messages = queue.messages.slice(seen, seen + count);
  seen += messages.length;
  const done = await consume(messages, queues());
  expect(done).toEqual({ acked: messages.length, retried: 0 });
  return messages;
}

async function consumeAll(): Promise<void> {
  while ((await consumeNext(BATCH_MESSAGES)).length > 0);
}

const waiting = () => queue.messages.length - seen;
const ledgerOf = (id: string) =>
  bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));
const countSentAgain = async (): Promise<number> =>
  (await callAsAdmin("GET", `/admin/apps/${app.id}/status`)).body.redrivenChunks;

/** Runs the watchdog as after so many seconds; what it sends goes into the captured queue. */
async function watch(id: string, stallSeconds: number): Promise<void> {
  const restore = await setStall(stallSeconds, queues());
  await wake(ledgerOf(id), "stall").finally(restore);
}

describe("the chunks of an app's batches", { timeout: 2 * WAIT_MS }, () => {
  it("go into the queue a few at a time, the next as one is done with, each once", async () => {
    const id = await send("window", TARGETS);
    expect(waiting()).toBe(CHUNKS_IN_QUEUE);
    for (let rounds = 1; seen < CHUNKS; rounds++) {
      await consumeNext(BATCH_MESSAGES);
      // One more where they don't wait.
      expect(waiting()).toBeGreaterThanOrEqual(Math.min(CHUNKS_IN_QUEUE, CHUNKS - seen));
      expect(waiting()).toBeLessThanOrEqual(CHUNKS_IN_QUEUE + rounds);
    }
    expect(new Set(queue.messages.map((message) => JSON.stringify(message))).size).toBe(CHUNKS);
    expect(queue.messages).toHaveLength(CHUNKS);
    const { counts } = await waitUntilCompleted(app, id, WAIT_MS);
    expect(counts["in-app-alerts"]).toMatchObject({ total: TARGETS, delivered: TARGETS });
    expect(await countSentAgain()).toBe(0);
  });

  it("are dealt to the batches in turn, however many a batch has", async () => {
    const large = await send("large", TARGETS);
    const small = await send("small", 10);
    const other = await send("other", 10);
    expect(queue.messages.every(({ notificationId }) => notificationId === large)).toBe(true);
    await consumeNext(BATCH_MESSAGES);
    const next = queue.messages.slice(CHUNKS_IN_QUEUE).map(({ notificationId }) => notificationId);
    expect(next.length).toBeGreaterThanOrEqual(BATCH_MESSAGES);
    expect(next.filter((id) => id === small)).toHaveLength(1);
    expect(next.filter((id) => id === other)).toHaveLength(1);
    await consumeAll();
    for (const id of [large, small, other]) await waitUntilCompleted(app, id, WAIT_MS);
  });

  it("share their places over all priorities, the higher first", async () => {
    const normal = await send("normal", TARGETS);
    const high = await send("high", TARGETS, "high");
    const inQueue = (id: string): number =>
      queue.messages.slice(seen).filter(({ notificationId }) => notificationId === id).length;
    expect([inQueue(high), inQueue(normal)]).toEqual([CHUNKS_IN_QUEUE, CHUNKS_IN_QUEUE]);
    // The first are of the normal one, which was sent first.
    await consumeNext(CHUNKS_IN_QUEUE);
    expect(inQueue(high)).toBe(CHUNKS_IN_QUEUE);
    expect(inQueue(normal)).toBeLessThanOrEqual(1);
    await consumeAll();
    expect(queue.messages).toHaveLength(2 * CHUNKS);
    for (const id of [normal, high]) await waitUntilCompleted(app, id, WAIT_MS);
    expect(await countSentAgain()).toBe(0);
  });

  it("of a lower priority go on while those of a higher one hang", async () => {
    const restore = await setStall(3600, queues());
    const listOf = (id: string) => queue.messages.filter(({ notificationId }) => notificationId === id);
    const high = await send("hangs", TARGETS, "high");
    // The higher one's window grows, as its messages don't wait; then it is full of what hangs.
    for (let taken = 0; taken < 3; taken++) await consume(listOf(high).slice(taken, taken + 1), queues());
    const inQueue = listOf(high).length - 3;
    const normal = await send("slowly", TARGETS);
    for (let taken = 0; taken < inQueue; taken++) {
      await vi.waitFor(() => expect(listOf(normal).length).toBeGreaterThan(taken), { timeout: WAIT_MS });
      await consume(listOf(normal).slice(taken, taken + 1), queues());
    }
    expect(listOf(high)).toHaveLength(inQueue + 3);
    restore();
  });

  it("go last in a consumer's batch where another app has fewer, or has only begun", async () => {
    const other = await createReadyApp();
    await send("many", TARGETS);
    await consumeNext(CHUNKS_IN_QUEUE);
    const [later] = queue.messages.slice(seen);
    const body = { template: { key: "order-confirmation" }, targets: ["one"], mode: "batch" };
    await callWith(queues(), other, "POST", "/notifications/send", body);
    const single = queue.messages.pop();
    for (const messages of [
      [later, single],
      [single, later],
      [later, later, single],
    ]) {
      const calls: string[] = [];
      const USER_SHARD = interceptCalls(bindings.USER_SHARD, "deliverSegment", {
        before: (_, name) => void calls.push(name),
      });
      await consume(messages, { USER_SHARD, ...queues() });
      expect(calls.length).toBeGreaterThanOrEqual(messages.length);
      expect(calls[0]).toContain(other.id);
    }
  });

  it("that come twice bring no more into the queue", async () => {
    const id = await send("twice", TARGETS);
    const messages = await consumeNext(BATCH_MESSAGES);
    const before = queue.messages.length;
    await consume(messages, queues());
    expect(queue.messages).toHaveLength(before);
    await consumeAll();
    await waitUntilCompleted(app, id, WAIT_MS);
  });

  it("go on where the ledger died with the queue full", async () => {
    const id = await send("dies", TARGETS);
    await consumeNext(BATCH_MESSAGES);
    await abort(ledgerOf(id));
    await setStall(3600);
    await consumeAll();
    expect(queue.messages).toHaveLength(CHUNKS);
    const { counts } = await waitUntilCompleted(app, id, WAIT_MS);
    expect(counts["in-app-alerts"]).toMatchObject({ total: TARGETS, delivered: TARGETS });
  });

  it("of a retry go the same way", async () => {
    const table = [
      ["user_id", "customerName", "orderId"],
      ...idsOf("again", TARGETS).map((uid) => [uid, "", "O-1"]),
    ];
    await uploadCsv(app, "again.csv", writeCsv(table, "\n"));
    const body = { template: { key: "order-confirmation" }, targetsFile: "again.csv", mode: "batch" };
    const id = (await app.send(body)).body.notificationId;
    await waitUntilCompleted(app, id, WAIT_MS);
    // A new instance begins with the smallest window; the send's has grown where its chunks didn't wait.
    await abort(ledgerOf(id));
    await setStall(3600);
    const replaced = queues();
    const retried = await callWith(replaced, app, "POST", `/notifications/${id}/retry`);
    expect(retried.status, JSON.stringify(retried.body)).toBe(200);
    expect(waiting()).toBe(CHUNKS_IN_QUEUE);
    await consumeAll();
    const { counts } = await waitUntilCompleted(app, id, WAIT_MS);
    expect(counts["in-app-alerts"].failed).toEqual({ missing_variables: TARGETS });
    expect(queue.messages).toHaveLength(CHUNKS);
  });
});

describe("the watchdog", { timeout: 2 * WAIT_MS }, () => {
  it("sends what was lost again, and nothing else", async () => {
    const id = await send("lost", TARGETS);
    const lost = CHUNKS_IN_QUEUE - 1;
    seen += lost;
    await consumeAll();
    expect(waiting()).toBe(0);
    expect(queue.messages).toHaveLength(CHUNKS);
    await watch(id, 0.001);
    expect(queue.messages.slice(CHUNKS)).toEqual(queue.messages.slice(0, lost));
    await consumeAll();
    await waitUntilCompleted(app, id, WAIT_MS);
    expect(await countSentAgain()).toBe(lost);
  });

  it("doesn't take for lost what waits for its turn", async () => {
    const large = await send("first", TARGETS);
    await consumeNext(1);
    const small = await send("second", 10);
    const before = queue.messages.length;
    await watch(small, 3600);
    expect(queue.messages).toHaveLength(before);
    expect(await countSentAgain()).toBe(0);
    await consumeAll();
    for (const id of [large, small]) await waitUntilCompleted(app, id, WAIT_MS);
  });

  it("sends nothing again that the shards have, though the ledger never heard of it", async () => {
    const id = await send("unheard", 900);
    const LEDGER = interceptCalls(bindings.LEDGER, "finish", {
      before: () => {
        throw new Error("Network connection lost.");
      },
    });
    const messages = queue.messages.slice();
    expect(await consume(messages, { LEDGER })).toEqual({ acked: 0, retried: messages.length });
    await watch(id, 0.001);
    await waitUntilCompleted(app, id, WAIT_MS);
    expect(queue.messages).toEqual(messages);
    expect(await countSentAgain()).toBe(0);
  });

  it("lets others go on where the queue lost everything", async () => {
    await setStall(1);
    const large = await send("gone", TARGETS);
    const small = await send("behind", 10);
    // Nobody consumes what was captured; from here on the ledger itself sends.
    await waitUntilCompleted(app, small, WAIT_MS);
    const { counts } = await waitUntilCompleted(app, large, WAIT_MS);
    expect(counts["in-app-alerts"]).toMatchObject({ total: TARGETS, delivered: TARGETS });
  });
});
