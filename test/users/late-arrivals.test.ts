import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { newId } from "../../src/model/ids.ts";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { getShardStubOf } from "../../src/objects/user-shard/contract.ts";
import { USER_SHARD_SCHEMA } from "../../src/objects/user-shard/schema.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume, interceptCalls } from "../support/faults.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, listDevices, registerDevice, sendToMany } from "../support/push.ts";
import { findText, shardNamesOf } from "../support/stored-text.ts";
import { recordOf, shardStubOf, usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const remove = (app: TestApp, uid: string) => app.api("DELETE", `/users/${uid}`);

describe("a retry's chunk that arrives after its user's deletion", () => {
  it("stores nothing of them, and is counted once as skipped", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    const [mia = "", leo = ""] = await usersOfShard(app, 7, 2);
    for (const uid of [mia, leo]) await addDevices(account, uid, "fcm");
    await project.setFaults([{ provider: "fcm", status: 400 }]);
    const id = await sendToMany(app, [mia, leo]);
    await waitUntilCompleted(app, id);
    await project.setFaults([]);
    const queue = new CapturingQueue();
    const held = { DELIVERIES_NORMAL: queue.binding };
    expect((await callWith(held, app, "POST", `/notifications/${id}/retry`)).status).toBe(200);
    // Both failures are pending again, and the consumer dies before it has delivered.
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "redeliver", {
      before: () => {
        throw new Error("The consumer was killed");
      },
    });
    await consume(queue.messages, { USER_SHARD });
    expect((await remove(app, mia)).status).toBe(200);
    await consume(queue.messages);
    await consume(queue.messages);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1, failed: {}, skipped: { user_deleted: 1 } });
    expect((await app.audit(id)).isEqual).toBe(true);
    const shard = await shardStubOf(app, mia);
    expect(await rowsIn(shard, `deliveries WHERE user_id = '${mia}' AND content IS NOT NULL`)).toBe(0);
    expect(await rowsIn(shard, "pushes")).toBe(0);
    expect((await project.received()).received).toHaveLength(1);
  });
});

describe("word of a device that arrives after its user's deletion", () => {
  const device = { provider: "fcm", token: "the-token-of-mia" };
  const ownersOf = async (app: TestApp) =>
    (await findText(env.USER_SHARD, await shardNamesOf(app), "mia")).filter((place) =>
      place.startsWith("device"),
    );
  /** What mia's shard noted of the device's registration. */
  const readRef = async (app: TestApp) =>
    runInDurableObject(await shardStubOf(app, "mia"), (_, { storage }) =>
      storage.sql
        .exec<{ userId: string; addressKey: string; version: string }>(
          `SELECT user_id AS userId, address_key AS addressKey, version FROM devices WHERE user_id = 'mia'`,
        )
        .one(),
    );

  it("that it is theirs leaves no owner", async () => {
    const app = await createReadyApp();
    await registerDevice(app, "mia", device);
    const ref = await readRef(app);
    const shard = await shardStubOf(app, "mia");
    await vi.waitFor(async () => expect(await rowsIn(shard, "device_calls")).toBe(0), PATIENTLY);
    await remove(app, "mia");
    await wake(shard, "devices");
    expect(await ownersOf(app)).toEqual([]);
    // The registration died before it had noted that it was told, and is told once more.
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO device_calls (kind, user_id, address_key, version) VALUES ('own', ?, ?, ?)",
        ref.userId,
        ref.addressKey,
        ref.version,
      );
      storage.sql.exec("INSERT INTO due (kind, id, at) VALUES ('devices', '', 1) ON CONFLICT DO NOTHING");
    });
    await abortAllDurableObjects();
    await vi.waitFor(async () => {
      await wake(await shardStubOf(app, "mia"), "devices");
      expect(await ownersOf(app)).toEqual([]);
    }, PATIENTLY);
  });

  it("that it moved or went takes nothing from the next user of that uid", async () => {
    const account = await createPushApp(["fcm"]);
    const { app } = account;
    await registerDevice(app, "mia", device);
    const before = await readRef(app);
    await remove(app, "mia");
    await registerDevice(app, "mia", device);
    const record = await recordOf(app);
    await getShardStubOf(bindings, record, "mia").removeMovedAddress(before);
    await getShardStubOf(bindings, record, before.addressKey).releaseAddress(before);
    expect(await listDevices(app, "mia")).toMatchObject([device]);
    // Its owner is known still: whoever registers it next takes it from them.
    await registerDevice(app, "leo", device);
    expect(await listDevices(app, "mia")).toEqual([]);
  });

  it("is refused where it was registered before", async () => {
    const app = await createReadyApp();
    const version = newId();
    await vi.waitFor(() => expect(newId().slice(0, 13) > version.slice(0, 13)).toBe(true), PATIENTLY);
    await remove(app, "mia");
    const registration = {
      channelType: "push",
      addressKey: "0".repeat(64),
      scope: "fcm",
      address: { ...device, provider: "fcm" as const },
      version,
    };
    const shard = getShardStubOf(bindings, await recordOf(app), "mia");
    expect(await shard.putAddress("mia", registration, null)).toMatchObject({ code: "ERR_CONFLICT" });
    expect(await listDevices(app, "mia")).toEqual([]);
  });
});

it("a deletion that an earlier version noted refuses what was accepted before it", async () => {
  const app = await createReadyApp();
  const queue = new CapturingQueue();
  const variables = { mia: { customerName: "Secret Street 1", orderId: "A-1" } };
  const body = { template: { key: "order-confirmation", variables }, targets: ["mia"], mode: "batch" };
  const held = { DELIVERIES_NORMAL: queue.binding };
  const sent = await callWith(held, app, "POST", "/notifications/send", body);
  const step = USER_SHARD_SCHEMA.findIndex((statements) =>
    statements.some((statement) => statement.includes("ADD COLUMN before_id")),
  );
  expect(step).toBeGreaterThan(0);
  await runInDurableObject(await shardStubOf(app, "mia"), async (_, { storage }) => {
    await storage.deleteAll();
    migrate(storage, USER_SHARD_SCHEMA.slice(0, step));
    storage.sql.exec("INSERT INTO deleted_users (uid, deleted_at) VALUES ('mia', ?)", Date.now());
  });
  await abortAllDurableObjects();
  await consume(queue.messages);
  const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
  expect(counts["in-app-alerts"]).toMatchObject({ delivered: 0, skipped: { user_deleted: 1 } });
  expect(await findText(env.USER_SHARD, await shardNamesOf(app), "Secret Street")).toEqual([]);
  // What is sent after it is the next user's.
  await app.send({ ...body, mode: "realtime", template: { ...body.template, variables: variables.mia } });
  expect((await (await app.asUser("mia"))("GET", "/feed")).body.data).toHaveLength(1);
});
