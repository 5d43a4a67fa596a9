import { beforeAll, expect, it } from "vitest";
import { CHUNK_ROWS, CHUNKS_IN_QUEUE } from "../../src/model/limits.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume, interceptCalls } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** How a consumer shares its thread: among the units of its queue batch, and with whoever else calls the isolate. */

const UNITS = CHUNKS_IN_QUEUE;
const ROWS = 0.8 * CHUNK_ROWS;

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

/** A batch of so many units, in our hands. */
async function sendCaptured(prefix: string): Promise<{ id: string; queue: CapturingQueue }> {
  const queue = new CapturingQueue();
  const targets = Array.from({ length: UNITS * ROWS }, (_, index) => `${prefix}-${index}`);
  const body = { template: { key: "order-confirmation" }, targets, mode: "batch" };
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", body);
  expect(sent.status).toBe(200);
  expect(queue.messages.length).toBeGreaterThanOrEqual(UNITS);
  return { id: sent.body.notificationId, queue };
}

it("Between two units of a queue batch, timers that are due and calls that came in have their turn", async () => {
  const { id, queue } = await sendCaptured("turn");
  let shardsBefore: number | null = null;
  let shards = 0;
  const watched = interceptCalls(bindings.USER_SHARD, "deliverSegment", {
    before: (count) => {
      shards = count;
      if (count === 1)
        setTimeout(() => {
          shardsBefore = shards;
        });
    },
  });
  await consume(queue.messages, { USER_SHARD: watched });
  expect(shardsBefore).toBeLessThan(shards / 2);
  await waitUntilCompleted(app, id);
});

it("A unit that hangs delays the others of its queue batch by a turn alone", async () => {
  const { id, queue } = await sendCaptured("hang");
  const whole = Promise.withResolvers<void>();
  const stored = new Set<number>();
  const hanging = interceptCalls(bindings.USER_SHARD, "deliverSegment", {
    before: (count) => (count === 1 ? whole.promise : undefined),
    after: (count) => {
      stored.add(count);
      // Each unit has several shards: so many calls are those of all units, but the one.
      if (stored.size > 2 * (UNITS - 1)) whole.resolve();
    },
  });
  expect(await consume(queue.messages, { USER_SHARD: hanging })).toEqual({
    acked: queue.messages.length,
    retried: 0,
  });
  await waitUntilCompleted(app, id);
});

it("A unit of many shards calls so many at once", async () => {
  const { id, queue } = await sendCaptured("many");
  let inFlight = 0;
  let most = 0;
  const counted = interceptCalls(bindings.USER_SHARD, "deliverSegment", {
    before: () => {
      most = Math.max(most, ++inFlight);
    },
    after: () => {
      inFlight--;
    },
  });
  await consume(queue.messages, { USER_SHARD: counted });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
  await waitUntilCompleted(app, id);
});
