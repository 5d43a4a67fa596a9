import { beforeAll, describe, expect, it } from "vitest";
import { CHUNK_ROWS } from "../../src/model/limits.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** What a consumer reads of an audience: it costs a call of R2, whatever its bytes. */

const TARGETS = 5 * CHUNK_ROWS;

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

/** The bucket, and the ranges that were read of it. The first so many of these reads fail. */
function watchedBucket(failures = 0): { bucket: R2Bucket; ranges: R2Range[] } {
  const ranges: R2Range[] = [];
  const bucket = new Proxy(bindings.TARGETS, {
    get(target, property: keyof R2Bucket) {
      if (property !== "get") return target[property].bind(target);
      return async (key: string, options?: R2GetOptions) => {
        if (options?.range !== undefined && !(options.range instanceof Headers)) {
          ranges.push(options.range);
          if (ranges.length <= failures) throw new Error("The bucket doesn't answer");
        }
        return target.get(key, options);
      };
    },
  });
  return { bucket, ranges };
}

/** The messages of a batch, whose chunks lie one behind the other. */
async function sendCaptured(prefix: string): Promise<{ id: string; messages: CapturingQueue["messages"] }> {
  const messages: CapturingQueue["messages"] = [];
  const first = new CapturingQueue();
  const targets = Array.from({ length: TARGETS }, (_, index) => `${prefix}-${index}`);
  const body = { template: { key: "order-confirmation" }, targets, mode: "batch" };
  const sent = await callWith({ DELIVERIES_NORMAL: first.binding }, app, "POST", "/notifications/send", body);
  messages.push(...first.messages);
  return { id: sent.body.notificationId, messages };
}

/** Delivers what the ledger hands out next, two messages at a time. */
async function consumeRest(messages: CapturingQueue["messages"], bucket: R2Bucket): Promise<void> {
  let todo = messages;
  while (todo.length > 0) {
    const next = new CapturingQueue();
    await consume(todo.slice(0, 2), { TARGETS: bucket, DELIVERIES_NORMAL: next.binding });
    todo = [...todo.slice(2), ...next.messages];
  }
}

describe("A queue batch", () => {
  it("reads chunks that follow each other by one call", async () => {
    const { id, messages } = await sendCaptured("joined");
    const { bucket, ranges } = watchedBucket();
    const next = new CapturingQueue();
    await consume(messages.slice(0, 2), { TARGETS: bucket, DELIVERIES_NORMAL: next.binding });
    expect(ranges).toHaveLength(1);
    await consumeRest([...messages.slice(2), ...next.messages], bindings.TARGETS);
    expect((await waitUntilCompleted(app, id)).counts["in-app-alerts"]).toMatchObject({
      delivered: TARGETS,
      pending: 0,
    });
  });

  it("reads others each by itself, and of messages that come twice one", async () => {
    const { id, messages } = await sendCaptured("apart");
    const [first, second] = messages;
    const { bucket, ranges } = watchedBucket();
    const next = new CapturingQueue();
    await consume(
      [first, second].flatMap((message) => message ?? []),
      {
        TARGETS: bindings.TARGETS,
        DELIVERIES_NORMAL: next.binding,
      },
    );
    const [third] = next.messages;
    await consume(
      [first, third, first].flatMap((message) => message ?? []),
      {
        TARGETS: bucket,
        DELIVERIES_NORMAL: next.binding,
      },
    );
    expect(ranges).toHaveLength(2);
    await consumeRest(next.messages, bindings.TARGETS);
    expect((await waitUntilCompleted(app, id)).counts["in-app-alerts"]).toMatchObject({
      delivered: TARGETS,
      pending: 0,
    });
  });

  it("whose read fails comes again whole", async () => {
    const { id, messages } = await sendCaptured("failing");
    const { bucket } = watchedBucket(1);
    const batch = messages.slice(0, 2);
    expect(await consume(batch, { TARGETS: bucket })).toEqual({ acked: 0, retried: 2 });
    await consumeRest(messages, bucket);
    expect((await waitUntilCompleted(app, id)).counts["in-app-alerts"]).toMatchObject({
      delivered: TARGETS,
      pending: 0,
    });
  });
});
