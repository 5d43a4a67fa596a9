import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DispatchLease, DispatchReport } from "../../src/model/dispatch.ts";
import { getShardStub } from "../../src/objects/user-shard/contract.ts";
import { bindings, CapturingQueue } from "../support/faults.ts";
import { replaceIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, type PushApp, sendToMany, sendToOne } from "../support/push.ts";
import { shardOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Of one user at most two devices are asked at once, however many notifications and senders there are. */

const LEASE_MS = 60_000;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Holds the calls to the account's FCM until `release`; counts how many there are at once. */
function holdCalls({ project }: PushApp): { most: () => number; running: () => number; release: () => void } {
  let [running, most, isHeld] = [0, 0, true];
  // Pushes of earlier tests' apps may still be on their way.
  const path = `/projects/${project.credentials.fcm.project_id}/messages:send`;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    if (!String(input).includes(path)) return fetch(input, init);
    running++;
    most = Math.max(most, running);
    try {
      while (isHeld) {
        init?.signal?.throwIfAborted();
        await scheduler.wait(10);
      }
      return await fetch(input, init);
    } finally {
      running--;
    }
  });
  return {
    most: () => most,
    running: () => running,
    release: () => {
      isHeld = false;
    },
  };
}

function accept({
  id,
  channelKey,
  channelType,
  notification,
  isSlow,
  targets,
}: DispatchLease): DispatchReport {
  return {
    leaseId: id,
    notificationId: notification.id,
    channelKey,
    channelType,
    isSlow,
    blocked: [],
    targets: targets.map(({ userId, attempt, addresses }) => ({
      userId,
      attempt,
      addresses: addresses.map(({ key, version }) => ({
        key,
        version,
        outcome: { outcome: "accepted" as const },
        wasAsked: true,
      })),
    })),
  };
}

describe("a user with many devices", () => {
  it("is asked at two of them at once, by batches and realtime sends together", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm", 5);
    const calls = holdCalls(account);
    const batches = await Promise.all([1, 2, 3].map(() => sendToMany(account.app, ["mia"])));
    await vi.waitFor(() => expect(calls.running()).toBe(2), PATIENTLY);
    const singles = Promise.all([1, 2].map(() => sendToOne(account.app, "mia")));
    await vi.waitFor(async () => {
      for (const id of batches) {
        expect((await account.app.notification(id)).counts["in-app-alerts"]).toMatchObject({ delivered: 1 });
      }
    }, PATIENTLY);
    calls.release();
    for (const id of [...batches, ...(await singles)]) await waitUntilCompleted(account.app, id);
    await vi.waitFor(async () => {
      expect((await account.project.summary()).fcm).toMatchObject({ accepted: 25, repeated: 0 });
    }, PATIENTLY);
    expect(calls.most()).toBe(2);
  });

  it("isn't handed out again before who has him in hand reports, and then at once", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm", 3);
    const shard = await shardOf(account.app, "mia");
    const stub = bindings.USER_SHARD.getByName(`${account.app.id}:${shard}`);
    const queue = new CapturingQueue();
    const undo = await replaceIn(stub, { PUSH_NORMAL: queue.binding });
    const ids = await Promise.all([1, 2, 3].map(() => sendToMany(account.app, ["mia"])));
    await vi.waitFor(async () => {
      const rows = await runInDurableObject(stub, (_, { storage }) =>
        storage.sql.exec("SELECT 1 FROM pushes").toArray(),
      );
      expect(rows).toHaveLength(3);
    }, PATIENTLY);
    const objects = getShardStub(bindings, account.app.id, shard);
    const claim = (notificationId = "") =>
      objects.leaseDispatches({
        channelKey: "mobile-push",
        notificationId,
        isSlow: false,
        blocked: [],
        leaseMs: LEASE_MS,
      });
    const [first, second, third] = ids;
    const inHand = await claim(first);
    expect(inHand?.targets[0]?.addresses).toHaveLength(3);
    expect([await claim(second), await claim(third)]).toEqual([null, null]);
    queue.messages.length = 0;
    if (inHand === null) throw new Error("No claim");
    await objects.reportDispatches(accept(inHand));
    // No stall is waited for: the shard's alarm sends a message for the one that waited longest.
    await vi.waitFor(() => {
      expect(queue.messages.map(({ notificationId }) => notificationId)).toContain(second);
    }, PATIENTLY);
    expect((await claim(second))?.targets[0]?.addresses).toHaveLength(3);
    undo();
  });

  it("of one device gets two notifications at once, and the third after", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "leo", "fcm");
    const calls = holdCalls(account);
    const ids = await Promise.all([1, 2, 3].map(() => sendToMany(account.app, ["leo"])));
    await vi.waitFor(() => expect(calls.running()).toBe(2), PATIENTLY);
    calls.release();
    for (const id of ids) await waitUntilCompleted(account.app, id);
    expect(calls.most()).toBe(2);
    expect((await account.project.summary()).fcm).toMatchObject({ accepted: 3, repeated: 0 });
  });
});
