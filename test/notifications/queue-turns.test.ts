import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { Handout } from "../../src/model/chunk-units.ts";
import { newNotificationId } from "../../src/model/ids.ts";
import { QueueWindow } from "../../src/objects/ledger/queue-window.ts";
import { createReadyApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";

/** Which priority's chunks go to the queues, and when: the times are the test's. */

const LEASE_MS = 60_000;
/** What a message waits in a queue where others wait too, ms: the windows stay as small as they can be. */
const WAITED_MS = 500;
/** How often a lower priority has a turn, ms. */
const TURN_MS = 250;
const CHUNK_MS = 10;
const DURING_MS = 2200;

it("An app's lower priority gets a chunk into its queue now and then, while a higher one takes all places", async () => {
  const app = await createReadyApp();
  const ledger = bindings.LEDGER.getByName(`${app.id}:turns`);
  await runInDurableObject(ledger, (_, { storage: { sql } }) => {
    const queue = new QueueWindow({ sql, runningAttempt: () => 1 });
    const ids = { high: newNotificationId(), normal: newNotificationId() };
    const add = (priority: "high" | "normal", now: number): Handout[] => {
      const batch = { notificationId: ids[priority], priority, attempt: 1 };
      return queue.add({ ...batch, todo: [[0, 1000]] }, now, LEASE_MS);
    };
    const inQueue: { high: number[]; normal: number[] } = { high: [], normal: [] };
    const take = (handouts: readonly Handout[]): void => {
      for (const { priority, units } of handouts) if (priority !== "low") inQueue[priority].push(...units);
    };
    const finish = (priority: "high" | "normal", now: number): void => {
      const unit = inQueue[priority].shift();
      if (unit === undefined) return;
      take(queue.finish([{ notificationId: ids[priority], attempt: 1, unit }], WAITED_MS, now, LEASE_MS));
    };
    take(add("normal", 0));
    take(add("high", 0));

    const normalUnits = new Set<number>();
    let mostInQueue = 0;
    for (let now = 0; now < DURING_MS; now += CHUNK_MS) {
      finish("high", now);
      if (now % (3 * CHUNK_MS) === 0) finish("normal", now);
      // The first ones were there before the high ones.
      if (now < 200) continue;
      mostInQueue = Math.max(mostInQueue, inQueue.normal.length);
      for (const unit of inQueue.normal) normalUnits.add(unit);
    }
    expect(mostInQueue).toBe(1);
    expect(normalUnits.size).toBeGreaterThan(3);
    expect(normalUnits.size).toBeLessThanOrEqual((DURING_MS - 200) / TURN_MS + 1);
    expect(inQueue.high.length).toBeGreaterThan(0);
  });
});
