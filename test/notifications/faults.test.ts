import { abortAllDurableObjects, evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import {
  bindings,
  CapturingQueue,
  callWith,
  consume,
  interceptCalls,
  unreachable,
} from "../support/faults.ts";
import { replaceIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { expectSumToClose, waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

const SEND = "/notifications/send";
const usersOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const batchTo = (targets: string[]) => ({ template: { key: "order-confirmation" }, targets, mode: "batch" });
const realtimeTo = (uid: string) => ({
  template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "1" } },
  targets: [uid],
  mode: "realtime",
});

/** A batch whose chunks are in our hands, not in the queue. */
async function sendCaptured(targets: string[]): Promise<{ id: string; queue: CapturingQueue }> {
  const queue = new CapturingQueue();
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", SEND, batchTo(targets));
  expect(sent.status).toBe(200);
  return { id: sent.body.notificationId, queue };
}

async function expectExact(id: string, total: number): Promise<void> {
  const notification = await waitUntilCompleted(app, id);
  expect(notification.counts["in-app-alerts"]).toMatchObject({ total, delivered: total, pending: 0 });
  expect((await app.audit(id)).isEqual).toBe(true);
}

describe("a chunk", () => {
  it("that is delivered twice is counted once", async () => {
    const { id, queue } = await sendCaptured(usersOf("twice", 500));
    expect(await consume([...queue.messages, ...queue.messages])).toMatchObject({ retried: 0 });
    expect(await consume(queue.messages)).toMatchObject({ retried: 0 });
    await expectExact(id, 500);
  });

  it("whose consumer dies after a shard wrote is counted once", async () => {
    const { id, queue } = await sendCaptured(usersOf("dies", 300));
    const dying = interceptCalls(bindings.USER_SHARD, "deliverSegment", {
      after: (count) => {
        if (count % 3 === 0) throw new Error("The consumer was killed");
      },
    });
    expect(await consume(queue.messages, { USER_SHARD: dying })).toMatchObject({ acked: 0 });
    expect(await consume(queue.messages)).toMatchObject({ retried: 0 });
    await expectExact(id, 300);
  });

  it("that fails doesn't take its neighbours along", async () => {
    const { id, queue } = await sendCaptured(usersOf("neighbour", 50));
    const strange = {
      version: 1,
      appId: app.id,
      notificationId: "strange",
      chunk: { offset: 0, length: 1, runs: [] },
    };
    expect(await consume([strange, "nonsense", ...queue.messages])).toEqual({
      acked: queue.messages.length,
      retried: 2,
    });
    await expectExact(id, 50);
  });

  it("whose message vanished is sent again by the watchdog", async () => {
    const { id, queue } = await sendCaptured(usersOf("vanished", 3000));
    expect(queue.messages.length).toBeGreaterThan(1);
    await consume(queue.messages.slice(0, 1));
    await expectExact(id, 3000);
  });

  it("that moves after a long silence is watched closely again", async () => {
    const { id, queue } = await sendCaptured(usersOf("moves", 3000));
    const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));
    const restore = await replaceIn(ledger, { DELIVERIES_NORMAL: new CapturingQueue().binding });
    const nextInMs = () =>
      runInDurableObject(ledger, (_, { storage }) => {
        const sql = "SELECT at FROM due WHERE kind = 'stall' AND id = ?";
        return storage.sql.exec<{ at: number }>(sql, id).one().at - Date.now();
      });
    try {
      for (let count = 0; count < 6; count++) await wake(ledger, "stall");
      expect(await nextInMs()).toBeGreaterThan(30_000);
      await consume(queue.messages.slice(0, 1));
      // Not less than twice the first pause: what moves slowly isn't sent again at each of its pauses.
      await vi.waitFor(async () => expect(await nextInMs()).toBeLessThan(5000), PATIENTLY);
      await wake(ledger, "stall");
      expect(await nextInMs()).toBeGreaterThan(1000);
    } finally {
      restore();
    }
    await consume(queue.messages.slice(1));
    await expectExact(id, 3000);
  });

  it("is sent again when its batch expires, although others of it have just moved", async () => {
    const { id, queue } = await sendCaptured(usersOf("expires", 3000));
    const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));
    const again = new CapturingQueue();
    const restore = await replaceIn(ledger, { DELIVERIES_NORMAL: again.binding });
    const expireAt = (at: number) =>
      runInDurableObject(ledger, (_, { storage }) => {
        const sql =
          "UPDATE plans SET plan = json_set(plan, '$.header.expiresAt', ?) WHERE notification_id = ?";
        storage.sql.exec(sql, at, id);
      });
    try {
      await consume(queue.messages.slice(0, 1));
      await vi.waitFor(async () => {
        expect((await app.notification(id)).counts["in-app-alerts"].pending).toBeLessThan(3000);
      }, PATIENTLY);
      await expireAt(Date.now());
      await wake(ledger, "stall");
      expect(again.messages.length).toBeGreaterThan(0);
    } finally {
      await expireAt(Date.now() + 3_600_000);
      restore();
    }
    await consume(queue.messages.slice(1));
    await expectExact(id, 3000);
  });

  it("is sent again where enqueuing failed half way: the call was accepted all the same", async () => {
    const failing = {
      sendBatch: async () => {
        throw new Error("Too Many Requests");
      },
    } as unknown as Queue;
    const targets = usersOf("unqueued", 20);
    const sent = await callWith({ DELIVERIES_NORMAL: failing }, app, "POST", SEND, batchTo(targets));
    expect(sent.status).toBe(200);
    await expectExact(sent.body.notificationId, 20);
  });
});

describe("objects that end in the middle", () => {
  it.each([
    ["evicted", evictAllDurableObjects],
    ["aborted", abortAllDurableObjects],
  ])("lose nothing of a batch: all %s after half of the chunks", async (name, end) => {
    const { id, queue } = await sendCaptured(usersOf(`half-${name}`, 1500));
    const half = Math.ceil(queue.messages.length / 2);
    await consume(queue.messages.slice(0, half));
    await end();
    expectSumToClose(await app.notification(id));
    await consume(queue.messages.slice(half));
    await end();
    await expectExact(id, 1500);
  });

  it("lose nothing of a realtime send that had not been reported", async () => {
    const sent = await app.send(realtimeTo("evicted-jane"));
    await evictAllDurableObjects();
    await waitUntilCompleted(app, sent.body.notificationId);
    const listed = await app.api("GET", "/notifications?mode=realtime");
    expect(listed.body.data.map(({ id }: Body) => id)).toContain(sent.body.notificationId);
  });
});

describe("a ledger that can't be reached", () => {
  it("holds up no realtime send: it is delivered, readable and in the end counted", async () => {
    const sent = await callWith({ LEDGER: unreachable() }, app, "POST", SEND, realtimeTo("unledgered"));
    const id: string = sent.body.notificationId;
    const shard = parseNotificationId(id)?.shard ?? -1;
    const stub = bindings.USER_SHARD.getByName(keys.userShard(app.id, shard));
    const restore = await runInDurableObject(stub, (instance) => {
      const holder = instance as unknown as { env: object };
      const { env } = holder;
      holder.env = { ...env, LEDGER: unreachable() };
      return () => {
        holder.env = env;
      };
    });
    const read = await callWith({ LEDGER: unreachable() }, app, "GET", `/notifications/${id}`);
    expect(read.body.counts["in-app-alerts"]).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    const jane = await app.asUser("unledgered");
    expect((await jane("GET", "/feed")).body.data).toHaveLength(1);
    restore();
    await vi.waitFor(async () => {
      const { body } = await app.api("GET", "/notifications?limit=100");
      expect(body.data.map((listed: Body) => listed.id)).toContain(id);
    }, PATIENTLY);
    expect((await app.audit(id)).isEqual).toBe(true);
  });
});
