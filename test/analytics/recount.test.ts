import { env, runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import type { ShardNotification } from "../../src/model/delivery.ts";
import { RECOUNT_DUTY, RECOUNT_SCHEMA } from "../../src/objects/user-shard/recount.ts";
import { createReadyApp, TEST_SHARDS, type TestApp } from "../support/api.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";

interface OwnShard {
  describe(notificationId: string): ShardNotification | null;
}

/** The only shard that has anything: an app has at least 16. */
async function findShard(app: TestApp) {
  for (let shard = 0; shard < TEST_SHARDS; shard++) {
    const stub = env.USER_SHARD.getByName(`${app.id}:${shard}`);
    if ((await rowsIn(stub, "deliveries")) > 0) return stub;
  }
  throw new Error("No shard has a delivery");
}

it("fills in the hours of what was stored before they were kept, and counts nothing twice", async () => {
  const app = await createReadyApp();
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "1" } },
    targets: ["jane"],
    mode: "realtime",
  });
  await waitUntilCompleted(app, body.notificationId);
  const jane = await app.asUser("jane");
  expect((await jane("POST", `/feed/${body.notificationId}/viewed`)).status).toBe(200);
  const shard = await findShard(app);
  const read = () =>
    runInDurableObject(shard, (instance) => {
      const found = (instance as unknown as OwnShard).describe(body.notificationId);
      const [inApp] = found?.totals ?? [];
      if (found === null || inApp === undefined) throw new Error("The shard doesn't know it");
      return { header: found.header, inApp, hours: inApp.hours ?? [] };
    });
  const before = await read();
  expect(before.hours).toEqual([[expect.any(Number), 1, 1, 0]]);

  await runInDurableObject(shard, (_instance, { storage }) => {
    // As an earlier version left it, and brought to this one.
    const { hours: _, ...inApp } = before.inApp;
    storage.sql.exec(
      "UPDATE notifications SET header = ?, part = NULL, totals = ?",
      JSON.stringify(before.header),
      JSON.stringify([inApp]),
    );
    storage.sql.exec("DROP TABLE recounts");
    storage.sql.exec("DROP TABLE recount_place");
    for (const statement of RECOUNT_SCHEMA) storage.sql.exec(statement);
  });
  expect(await rowsIn(shard, "recounts")).toBe(1);
  // What happens from here on is counted as it happens.
  expect((await jane("POST", `/feed/${body.notificationId}/clicked`)).status).toBe(200);
  await vi.waitFor(async () => {
    await wake(shard, RECOUNT_DUTY);
    expect(await rowsIn(shard, "recounts")).toBe(0);
  }, PATIENTLY);
  const after = await read();
  const sums = after.hours.reduce(
    (sum, [, ...counts]) => sum.map((value, index) => value + (counts[index] ?? 0)),
    [0, 0, 0],
  );
  expect(sums).toEqual([1, 1, 1]);
  expect(after.hours[0]?.[0]).toBe(before.hours[0]?.[0]);
  expect([after.inApp.viewed, after.inApp.clicked]).toEqual([1, 1]);
  expect(await rowsIn(shard, "recount_place")).toBe(0);
});
