import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { bindings, CapturingQueue, consume, interceptCalls } from "../support/faults.ts";
import { replaceIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDeviceToEach, createPushApp, type PushApp, pushCounts, sendToMany } from "../support/push.ts";
import { usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const SHARD = 7;
const QUEUE = "onecall-push-normal";

let account: PushApp;
/** Users of one shard, so that one message stands for all of them. */
let uids: string[];
let id: string;
const shard = () => env.USER_SHARD.getByName(`${account.app.id}:${SHARD}`);
const message = () => ({
  version: 1,
  appId: account.app.id,
  shard: SHARD,
  notificationId: id,
  channelKey: "mobile-push",
});

/** Moves the times of all waiting pushes; null leaves one as it is. */
async function setTimes(dueInMs: number, wakeInMs: number): Promise<void> {
  await runInDurableObject(shard(), (_, { storage }) => {
    const now = Date.now();
    storage.sql.exec(
      "UPDATE pushes SET remaining = NULL, due_at = ?, wake_at = ?",
      now + dueInMs,
      now + wakeInMs,
    );
    storage.sql.exec("UPDATE due SET at = ? WHERE kind = 'push'", now + wakeInMs);
  });
}

// A batch whose pushes wait in their shard: rate limited for an hour, then due without a message.
beforeEach(async () => {
  account = await createPushApp();
  uids = await usersOfShard(account.app, SHARD, 4);
  await addDeviceToEach(account, uids, "webpush");
  await account.project.setFaults([{ provider: "webpush", status: 429, retryAfter: "3600" }]);
  id = await sendToMany(account.app, uids);
  await vi.waitFor(async () => {
    expect((await account.project.summary()).webpush.faulted).toBe(uids.length);
    expect(await pushCounts(account.app, id)).toMatchObject({ pending: uids.length });
  }, PATIENTLY);
  await vi.waitFor(async () => {
    const waiting = await runInDurableObject(shard(), (_, { storage }) =>
      storage.sql.exec("SELECT 1 FROM pushes WHERE claim_id IS NULL AND tries = 1").toArray(),
    );
    expect(waiting).toHaveLength(uids.length);
  }, PATIENTLY);
  await account.project.setFaults([]);
  await account.project.clear();
  await setTimes(0, 3_600_000);
});

describe("a push message", () => {
  it("that comes twice at once sends nothing twice", async () => {
    const first = consume([message(), message()], {}, QUEUE);
    const second = consume([message()], {}, QUEUE);
    expect([await first, await second]).toEqual([
      { acked: 2, retried: 0 },
      { acked: 1, retried: 0 },
    ]);
    await waitUntilCompleted(account.app, id);
    await consume([message()], {}, QUEUE);
    expect((await account.project.summary()).webpush).toMatchObject({ accepted: uids.length, repeated: 0 });
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: uids.length, pending: 0 });
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
  });

  it("whose consumer dies between sending and reporting is sent again once, under the same topics", async () => {
    let reports = 0;
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "reportDispatches", {
      before: () => {
        reports++;
        throw new Error("killed");
      },
    });
    expect(await consume([message()], { USER_SHARD }, QUEUE)).toEqual({ acked: 0, retried: 1 });
    expect(reports).toBe(4);
    // The message comes again, but the pushes are in the dead consumer's hands until its lease ends.
    expect(await consume([message()], {}, QUEUE)).toEqual({ acked: 1, retried: 0 });
    expect((await account.project.summary()).webpush).toMatchObject({ accepted: uids.length, repeated: 0 });
    expect(await pushCounts(account.app, id)).toMatchObject({ pending: uids.length });

    // The lease ends: the shard's alarm sends a message for them.
    await setTimes(-1, -1);
    await runDurableObjectAlarm(shard());
    await waitUntilCompleted(account.app, id);
    const { received } = await account.project.received("webpush");
    expect(received).toHaveLength(2 * uids.length);
    for (const [, pushes] of Map.groupBy(received, ({ device }) => device)) {
      expect(pushes.map(({ key }) => key)).toEqual([id.replaceAll("-", ""), id.replaceAll("-", "")]);
    }
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: uids.length, failed: {} });
  });

  it("whose report fails while the shard is away is reported as soon as it is there again", async () => {
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "reportDispatches", {
      before: (count) => {
        if (count <= 3) throw new Error("Network connection lost.");
      },
    });
    expect(await consume([message()], { USER_SHARD }, QUEUE)).toEqual({ acked: 1, retried: 0 });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    expect((await account.project.summary()).webpush).toMatchObject({ accepted: uids.length, repeated: 0 });
  });

  it("whose report is told twice is counted once", async () => {
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "reportDispatches", {
      after: (count) => {
        if (count === 1) throw new Error("the answer was lost");
      },
    });
    expect(await consume([message()], { USER_SHARD }, QUEUE)).toEqual({ acked: 1, retried: 0 });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ total: uids.length, delivered: uids.length, pending: 0 });
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
  });

  it("that was lost is made up for by the shard's alarm, also after it was evicted", async () => {
    await evictDurableObject(shard());
    await setTimes(0, -1);
    await runDurableObjectAlarm(shard());
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    expect((await account.project.summary()).webpush).toMatchObject({ accepted: uids.length, repeated: 0 });
  });

  it("that is lost each time comes again, at pauses that grow to sixteen times the first", async () => {
    await replaceIn(shard(), { PUSH_NORMAL: new CapturingQueue().binding });
    const pauses: number[] = [];
    for (let turn = 0; turn < 7; turn++) {
      await setTimes(0, -1);
      const before = Date.now();
      await runDurableObjectAlarm(shard());
      const next = await runInDurableObject(shard(), (_, { storage }) =>
        storage.sql.exec<{ at: number }>("SELECT MIN(wake_at) AS at FROM pushes").one(),
      );
      pauses.push(Math.floor((next.at - before) / 1000));
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 16, 16]);
  });

  it("whose sender can't get its credentials loses nothing and sends nothing twice", async () => {
    await account.app.api("PUT", "/channels/mobile-push", {
      // Forgets this isolate's copy, so that the registry is asked.
      providers: { webpush: account.project.credentials.webpush },
    });
    const REGISTRY = interceptCalls(bindings.REGISTRY, "getCredentials", {
      before: (count) => {
        if (count > 1) throw new Error("Network connection lost.");
      },
    });
    expect(await consume([message()], { REGISTRY }, QUEUE)).toEqual({ acked: 1, retried: 0 });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    expect((await account.project.summary()).webpush).toMatchObject({ accepted: uids.length, repeated: 0 });
  });

  it("that isn't one is retried, and its neighbours are served", async () => {
    const result = await consume([{ version: 2 }, "x", message()], {}, QUEUE);
    expect(result).toEqual({ acked: 1, retried: 2 });
    await waitUntilCompleted(account.app, id);
  });

  it("of a channel that was disabled meanwhile skips what is waiting", async () => {
    await account.app.api("PUT", "/channels/mobile-push", { enabled: false });
    expect(await consume([message()], {}, QUEUE)).toEqual({ acked: 1, retried: 0 });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ skipped: { channel_disabled: uids.length }, pending: 0 });
    expect((await account.project.summary()).webpush.accepted).toBe(0);
  });

  it("of a channel whose provider was removed skips what is waiting", async () => {
    await account.app.api("PUT", "/channels/mobile-push", { providers: { webpush: null } });
    expect(await consume([message()], {}, QUEUE)).toEqual({ acked: 1, retried: 0 });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ skipped: { no_device: uids.length }, pending: 0 });
  });

  it("comes after users were deleted: their pushes are skipped, and nothing of them is left", async () => {
    const [first = ""] = uids;
    expect((await account.app.call("DELETE", `/v3/business-messaging/api/users/${first}`)).status).toBe(200);
    await consume([message()], {}, QUEUE);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length - 1, skipped: { user_deleted: 1 } });
    const left = await runInDurableObject(shard(), (_, { storage }) =>
      storage.sql.exec("SELECT content FROM pushes").toArray(),
    );
    expect(left).toEqual([]);
  });
});
