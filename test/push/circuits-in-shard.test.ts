import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { getShardStub } from "../../src/objects/user-shard/contract.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import {
  addDevices,
  addDeviceToEach,
  createPushApp,
  listDevices,
  type PushApp,
  pushCounts,
  sendToMany,
  sendToOne,
} from "../support/push.ts";
import { shardOf, usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const stubOf = ({ app }: PushApp, shard: number) => env.USER_SHARD.getByName(`${app.id}:${shard}`);

describe("two providers of one channel that fail", () => {
  it("are both probed: the one that heals delivers while the other is down", async () => {
    const account = await createPushApp();
    const uids = await usersOfShard(account.app, 3, 12);
    for (const provider of ["fcm", "apns"] as const) await addDeviceToEach(account, uids, provider);
    await account.project.setFaults([
      { provider: "fcm", status: 503 },
      { provider: "apns", status: 503 },
    ]);
    const id = await sendToMany(account.app, uids);
    await vi.waitFor(async () => {
      const { fcm, apns } = await account.project.summary();
      expect(Math.min(fcm.faulted, apns.faulted)).toBeGreaterThanOrEqual(5);
    }, PATIENTLY);
    await account.project.setFaults([{ provider: "fcm", status: 503 }]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length, failed: {} });
    expect((await account.project.summary()).apns).toMatchObject({ accepted: uids.length, repeated: 0 });
  });

  it("are probed in one claim, also where one user is to be asked for both", async () => {
    const account = await createPushApp();
    const [uid = ""] = await usersOfShard(account.app, 3, 1);
    await addDevices(account, uid, "fcm");
    await addDevices(account, uid, "apns");
    await account.project.setFaults([
      { provider: "fcm", status: 429, retryAfter: "3600" },
      { provider: "apns", status: 429, retryAfter: "3600" },
    ]);
    const id = await sendToMany(account.app, [uid]);
    await vi.waitFor(async () => {
      const { fcm, apns } = await account.project.summary();
      expect([fcm.faulted, apns.faulted]).toEqual([1, 1]);
    }, PATIENTLY);
    const claim = await vi.waitFor(async () => {
      await runInDurableObject(stubOf(account, 3), (_, { storage }) => {
        storage.sql.exec(
          "UPDATE pushes SET due_at = 0, wake_at = ?, remaining = NULL",
          Date.now() + 3_600_000,
        );
      });
      const found = await getShardStub(bindings, account.app.id, 3).leaseDispatches({
        channelKey: "mobile-push",
        notificationId: id,
        isSlow: false,
        blocked: [
          ["fcm", Date.now() - 1],
          ["apns", Date.now() - 1],
        ],
        leaseMs: 60_000,
      });
      expect(found).not.toBeNull();
      return found;
    }, PATIENTLY);
    expect(claim?.targets[0]?.addresses.map(({ address }) => address.provider).sort()).toEqual([
      "apns",
      "fcm",
    ]);
  });
});

describe("one device", () => {
  it("that is rate limited for long doesn't stop its provider for others", async () => {
    const account = await createPushApp();
    const [limited = "", other = ""] = await usersOfShard(account.app, 5, 2);
    const [device] = await addDevices(account, limited, "fcm");
    await addDevices(account, other, "fcm");
    await account.project.setFaults([{ device: device?.token, status: 429, retryAfter: "600" }]);
    for (let count = 0; count < 6; count++) await sendToOne(account.app, limited);
    const id = await sendToMany(account.app, [other]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1 });
  });

  it("whose wait is too long doesn't fail its user's other devices", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "webpush");
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([
      { provider: "webpush", status: 429, retryAfter: "86400" },
      { provider: "fcm", status: 503, times: 1 },
    ]);
    const id = await sendToOne(account.app, "mia");
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1 });
    expect((await account.project.summary()).webpush.requests).toBe(1);
  });

  it("of a provider that the channel has no account with is as none", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "apple", "apns");
    await addDevices(account, "both", "apns");
    await addDevices(account, "both", "fcm");
    const id = await sendToMany(account.app, ["apple", "both"]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1, skipped: { no_device: 1 }, failed: {} });
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
    const { apns } = account.project.credentials;
    await account.app.api("PUT", "/channels/mobile-push", { providers: { apns } });
    const next = await sendToOne(account.app, "apple");
    expect(await pushCounts(account.app, next)).toMatchObject({ delivered: 1 });
  });

  it("that was registered again stays when an earlier registration of it is called gone", async () => {
    const account = await createPushApp();
    const [uid = ""] = await usersOfShard(account.app, 9, 1);
    const [device] = await addDevices(account, uid, "fcm");
    if (device === undefined) throw new Error("No device");
    await account.project.markGone(device);
    await account.project.setFaults([{ provider: "fcm", delayMs: 700, status: 404 }]);
    const sending = sendToOne(account.app, uid);
    await vi.waitFor(async () => {
      expect((await account.project.summary()).fcm.requests).toBe(1);
    }, PATIENTLY);
    await account.app.call("POST", `/v3/business-messaging/api/users/${uid}/devices`, device);
    await sending;
    expect(await listDevices(account.app, uid)).toHaveLength(1);
  });
});

describe("an account that was refused a moment ago", () => {
  it("isn't tried again by every push", async () => {
    const account = await createPushApp(["fcm"]);
    for (const uid of ["ann", "bob", "cho"]) await addDevices(account, uid, "fcm");
    const wrong = { ...account.project.credentials.fcm, client_email: "x@y.iam.gserviceaccount.com" };
    await account.app.api("PUT", "/channels/mobile-push", { providers: { fcm: wrong } });
    const ids = [await sendToOne(account.app, "ann"), await sendToOne(account.app, "bob")];
    for (const id of ids) {
      expect(await pushCounts(account.app, id)).toMatchObject({ failed: { provider_rejected: 1 } });
    }
    expect((await account.project.summary()).fcm.requests).toBe(0);
  });
});

describe("FCM's word that Apple or a push service refuses the project", () => {
  it("isn't taken for an expired token", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([
      {
        provider: "fcm",
        status: 401,
        body: { error: { status: "UNAUTHENTICATED", details: [{ errorCode: "THIRD_PARTY_AUTH_ERROR" }] } },
      },
    ]);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ failed: { provider_rejected: 1 } });
    const { fcm, oauth } = await account.project.summary();
    expect([fcm.requests, oauth.issued]).toEqual([1, 1]);
  });
});

describe("a shard's alarm", () => {
  it("moves a device away from the user before, where the registration was cut off", async () => {
    const account = await createPushApp();
    const [ann = ""] = await usersOfShard(account.app, 13, 1);
    const [bob = ""] = await usersOfShard(account.app, 14, 1);
    const [device] = await addDevices(account, ann, "fcm");
    const [address] = await runInDurableObject(stubOf(account, 13), (_, { storage }) =>
      storage.sql.exec<{ key: string }>("SELECT address_key AS key FROM devices").toArray(),
    );
    // As a registration leaves it that dies after its first transaction.
    await runInDurableObject(stubOf(account, 14), (_, { storage }) => {
      const version = "ffffffff-0000-7000-8000-000000000000";
      storage.sql.exec(
        "INSERT INTO devices VALUES (?, ?, 'id', 'fcm', 'fcm', ?, ?, 1, 1, 'push')",
        bob,
        address?.key ?? "",
        JSON.stringify(device),
        version,
      );
      storage.sql.exec(
        "INSERT INTO device_calls (kind, user_id, address_key, version) VALUES ('own', ?, ?, ?)",
        bob,
        address?.key ?? "",
        version,
      );
      storage.sql.exec("INSERT OR REPLACE INTO due (kind, id, at) VALUES ('devices', '', 1)");
      return storage.setAlarm(Date.now() + 60_000);
    });
    await runDurableObjectAlarm(stubOf(account, 14));
    expect(await listDevices(account.app, ann)).toEqual([]);
    expect(await listDevices(account.app, bob)).toHaveLength(1);
  });

  it("doesn't give a device back by telling an old registration again", async () => {
    const account = await createPushApp();
    const [ann = ""] = await usersOfShard(account.app, 16, 1);
    const [device] = await addDevices(account, ann, "fcm");
    const [old] = await runInDurableObject(stubOf(account, 16), (_, { storage }) =>
      storage.sql
        .exec<{ key: string; version: string }>("SELECT address_key AS key, version FROM devices")
        .toArray(),
    );
    await account.app.call("POST", "/v3/business-messaging/api/users/bob/devices", device);
    const owner = getShardStub(bindings, account.app.id, await shardOf(account.app, old?.key ?? ""));
    await owner.ownAddress({ userId: ann, addressKey: old?.key ?? "", version: old?.version ?? "" });
    expect(await listDevices(account.app, ann)).toEqual([]);
    expect(await listDevices(account.app, "bob")).toHaveLength(1);
  });

  it("doesn't spin over a push that outlived its notification", async () => {
    const account = await createPushApp();
    const [uid = ""] = await usersOfShard(account.app, 15, 1);
    await addDevices(account, uid, "fcm");
    await account.project.setFaults([{ provider: "fcm", status: 429, retryAfter: "3600" }]);
    await sendToOne(account.app, uid);
    const left = await runInDurableObject(stubOf(account, 15), async (_, { storage }) => {
      storage.sql.exec("DELETE FROM notifications");
      storage.sql.exec("UPDATE pushes SET expires_at = 1, wake_at = 1");
      storage.sql.exec("UPDATE due SET at = 1 WHERE kind = 'push'");
      await storage.setAlarm(Date.now() + 60_000);
      return storage.sql.exec("SELECT 1 FROM pushes").toArray().length;
    });
    expect(left).toBe(1);
    await runDurableObjectAlarm(stubOf(account, 15));
    const after = await runInDurableObject(stubOf(account, 15), (_, { storage }) =>
      storage.sql.exec("SELECT 1 FROM pushes").toArray(),
    );
    expect(after).toEqual([]);
  });
});
