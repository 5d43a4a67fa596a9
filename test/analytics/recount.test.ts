import { env, runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { RECOUNT_DUTY, RECOUNT_SCHEMA } from "../../src/users/recount.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY, waitUntilCompleted } from "../support/wait.ts";

/** The only shard that has anything: an app has at least 16. */
async function findShard(app: TestApp) {
  for (let shard = 0; shard < 64; shard++) {
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
  const readTotals = () =>
    runInDurableObject(shard, (_, { storage }) =>
      JSON.parse(storage.sql.exec<{ totals: string }>("SELECT totals FROM notifications").one().totals),
    );
  const before = await readTotals();
  expect(before[0].hours).toEqual([[expect.any(Number), 1, 1, 0]]);

  await runInDurableObject(shard, (_, { storage }) => {
    // As an earlier version left it, and brought to this one.
    storage.sql.exec("UPDATE notifications SET totals = json_remove(totals, '$[0].hours')");
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
  const after = await readTotals();
  const [hour] = before[0].hours[0];
  const sums = after[0].hours.reduce(
    (sum: number[], [, ...counts]: number[]) => sum.map((value, index) => value + (counts[index] ?? 0)),
    [0, 0, 0],
  );
  expect(sums).toEqual([1, 1, 1]);
  expect(after[0].hours[0][0]).toBe(hour);
  expect([after[0].viewed, after[0].clicked]).toEqual([1, 1]);
  expect(await rowsIn(shard, "recount_place")).toBe(0);
});
