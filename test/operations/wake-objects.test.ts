import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { keys } from "../../src/model/keys.ts";
import { WAKE_ROUND_MS } from "../../src/model/limits.ts";
import { wakeObjects } from "../../src/operations/wake-objects.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const NOW = Date.now();

beforeEach(() => env.CONFIG.delete(keys.kvWakeProgress));

/** An app with something to do in its registry's, a ledger's, a shard's and an endpoint's future. */
async function createBusyApp(): Promise<{ app: TestApp; stubs: DurableObjectStub<undefined>[] }> {
  const app = await createReadyApp({}, { shardCount: 64 });
  const webhook = await app.api("POST", "/webhooks", {
    url: "http://127.0.0.1:9/nobody-listens",
    events: ["notification.completed"],
  });
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "1" } },
    targets: ["jane"],
    mode: "realtime",
  });
  await waitUntilCompleted(app, body.notificationId);
  const shards = Array.from({ length: 64 }, (_, shard) => env.USER_SHARD.getByName(`${app.id}:${shard}`));
  const [shard] = (
    await Promise.all(shards.map(async (stub) => ((await hasDeliveries(stub)) ? stub : [])))
  ).flat();
  if (shard === undefined) throw new Error("No shard has a delivery");
  const ledger = env.LEDGER.getByName(`${app.id}:${new Date().toISOString().slice(0, 10)}`);
  const endpoint = env.WEBHOOK_ENDPOINT.getByName(`${app.id}:${webhook.body.id}`);
  await vi.waitFor(async () => expect(await readAlarm(endpoint)).not.toBeNull(), PATIENTLY);
  return { app, stubs: [shard, ledger, endpoint] };
}

const hasDeliveries = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(
    stub,
    (_, { storage }) => storage.sql.exec("SELECT 1 FROM deliveries LIMIT 1").toArray().length > 0,
  );
const readAlarm = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
/** As the platform does when an alarm has failed too often. */
const loseAlarm = (stub: DurableObjectStub<undefined>) =>
  runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());

it("sets every alarm that was lost again", async () => {
  const { stubs } = await createBusyApp();
  for (const stub of stubs) await loseAlarm(stub);
  await wakeObjects(bindings, NOW, 1_000_000);
  for (const stub of stubs) expect(await readAlarm(stub)).not.toBeNull();
});

it("asks so many objects a run, and goes on where it stopped", async () => {
  const { stubs } = await createBusyApp();
  for (const stub of stubs) await loseAlarm(stub);
  const isDone = async () => (await env.CONFIG.get<{ isDone: boolean }>(keys.kvWakeProgress, "json"))?.isDone;
  await wakeObjects(bindings, NOW, 30);
  let runs = 1;
  while (!(await isDone())) {
    await wakeObjects(bindings, NOW + runs, 30);
    runs++;
    expect(runs).toBeLessThan(10_000);
  }
  expect(runs).toBeGreaterThan(2);
  for (const stub of stubs) expect(await readAlarm(stub)).not.toBeNull();
});

it("is done once a day", async () => {
  const { stubs } = await createBusyApp();
  await wakeObjects(bindings, NOW, 1_000_000);
  for (const stub of stubs) await loseAlarm(stub);
  await wakeObjects(bindings, NOW + WAKE_ROUND_MS - 1, 1_000_000);
  for (const stub of stubs) expect(await readAlarm(stub)).toBeNull();
  await worker.scheduled(
    createScheduledController({ scheduledTime: new Date(NOW + WAKE_ROUND_MS) }),
    bindings,
  );
  for (let run = 1; (await readAlarm(stubs[0] as DurableObjectStub<undefined>)) === null; run++) {
    await worker.scheduled(
      createScheduledController({ scheduledTime: new Date(NOW + WAKE_ROUND_MS + run) }),
      bindings,
    );
    expect(run).toBeLessThan(100);
  }
});
