import { describe, expect, it, vi } from "vitest";
import { PATIENTLY } from "../support/patiently.ts";
import {
  addDevices,
  addDeviceToEach,
  createPushApp,
  pushCounts,
  sendToMany,
  sendToOne,
} from "../support/push.ts";
import { resetPushTimeout, setPushTimeout } from "../support/push-timeout.ts";
import { uidsOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

resetPushTimeout();

describe("a provider that doesn't answer", () => {
  it("holds up neither its app's in-app channel nor another app's pushes", async () => {
    const dead = await createPushApp();
    const alive = await createPushApp();
    const uids = uidsOf(20);
    await addDeviceToEach(dead, uids, "webpush");
    await addDeviceToEach(alive, uids, "webpush");
    // Every push would wait for its timeout: twenty of them, in twenty shards.
    setPushTimeout(1);
    await dead.project.setFaults([{ delayMs: 30_000 }]);
    const stuck = await sendToMany(dead.app, uids);
    const inApp = await vi.waitFor(async () => {
      const { counts } = await dead.app.notification(stuck);
      expect(counts["in-app-alerts"].delivered).toBe(uids.length);
      return counts;
    }, PATIENTLY);
    expect(inApp["mobile-push"].pending).toBe(uids.length);

    const startedAt = Date.now();
    const id = await sendToMany(alive.app, uids);
    const { counts } = await waitUntilCompleted(alive.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    // Not twenty timeouts: those that were running, and a probe now and then.
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(await pushCounts(dead.app, stuck)).toMatchObject({ pending: uids.length });

    // A realtime send of another app doesn't go through the queue at all.
    const single = await sendToOne(alive.app, "user-1");
    await waitUntilCompleted(alive.app, single);
    expect((await alive.project.summary()).webpush.accepted).toBeGreaterThan(uids.length);

    // It answers again: everything goes out.
    setPushTimeout(5);
    await dead.project.setFaults([]);
    const { counts: healed } = await waitUntilCompleted(dead.app, stuck);
    expect(healed["mobile-push"]).toMatchObject({ delivered: uids.length, failed: {} });
  });

  it("gets a few pushes until it answers again, not all of them", async () => {
    const account = await createPushApp();
    const uids = uidsOf(60);
    await addDeviceToEach(account, uids, "fcm");
    await account.project.setFaults([{ provider: "fcm", status: 503 }]);
    const id = await sendToMany(account.app, uids);
    await vi.waitFor(async () => {
      expect((await account.project.summary()).fcm.faulted).toBeGreaterThan(8);
    }, PATIENTLY);
    expect(await pushCounts(account.app, id)).toMatchObject({ pending: uids.length });
    expect((await account.project.summary()).fcm.faulted).toBeLessThan(uids.length);
    await account.project.setFaults([]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
  });

  it("doesn't hold up the channel's other providers", async () => {
    const account = await createPushApp();
    const uids = uidsOf(20);
    for (const provider of ["fcm", "apns"] as const) await addDeviceToEach(account, uids, provider);
    await account.project.setFaults([{ provider: "fcm", status: 503 }]);
    const id = await sendToMany(account.app, uids);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    expect((await account.project.summary()).apns).toMatchObject({ accepted: uids.length, repeated: 0 });
    // The others get theirs when it answers again, and nobody gets one twice.
    await account.project.setFaults([]);
    await vi.waitFor(async () => {
      expect((await account.project.summary()).fcm.accepted).toBe(uids.length);
    }, PATIENTLY);
    const { fcm, apns } = await account.project.summary();
    expect([fcm.repeated, apns.repeated]).toEqual([0, 0]);
  });
});

describe("a push service that redirects", () => {
  it("isn't followed", async () => {
    const account = await createPushApp();
    const [device] = await addDevices(account, "mia", "webpush");
    await account.project.setFaults([
      { provider: "webpush", status: 307, headers: { location: device?.endpoint ?? "" }, times: 1 },
    ]);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ failed: { provider_rejected: 1 } });
    expect((await account.project.summary()).webpush).toMatchObject({ requests: 1, accepted: 0 });
  });
});

describe("tokens", () => {
  it("are made once and shared by all pushes", async () => {
    const account = await createPushApp();
    const uids = uidsOf(10);
    for (const provider of ["fcm", "apns", "webpush"] as const) {
      await addDeviceToEach(account, uids, provider);
    }
    const ids = await Promise.all([sendToMany(account.app, uids), sendToMany(account.app, uids)]);
    for (const id of ids) await waitUntilCompleted(account.app, id);
    await vi.waitFor(async () => {
      const { fcm, apns, webpush } = await account.project.summary();
      expect([fcm.accepted, apns.accepted, webpush.accepted]).toEqual([20, 20, 20]);
    }, PATIENTLY);
    const summary = await account.project.summary();
    expect(summary).toMatchObject({ oauth: { issued: 1 }, apnsTokens: 1, vapidTokens: 1 });
  });

  it("that FCM refuses are replaced, and the push arrives", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    await sendToOne(account.app, "mia");
    const body = { error: { code: 401, status: "UNAUTHENTICATED" } };
    await account.project.setFaults([{ provider: "fcm", status: 401, body, times: 1 }]);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1 });
    expect((await account.project.summary()).oauth).toMatchObject({ issued: 2 });
  });

  it("of Apple's that one answer calls expired while they are new concern that push alone", async () => {
    const account = await createPushApp();
    const [first] = await addDevices(account, "anna", "apns");
    await addDevices(account, "ben", "apns");
    const body = { reason: "ExpiredProviderToken" };
    await account.project.setFaults([
      { provider: "apns", device: first?.token, status: 403, body, times: 1 },
    ]);
    const refused = await sendToOne(account.app, "anna");
    const other = await sendToOne(account.app, "ben");
    expect((await waitUntilCompleted(account.app, other)).counts["mobile-push"]).toMatchObject({
      delivered: 1,
    });
    expect((await waitUntilCompleted(account.app, refused)).counts["mobile-push"]).toMatchObject({
      delivered: 1,
      failed: {},
    });
    expect(await account.project.summary()).toMatchObject({ apnsTokens: 1 });
  });

  it("of one key of Apple's are one for all channels that have it", async () => {
    const account = await createPushApp();
    const { apns } = account.project.credentials;
    const content = { title: "a", body: "b" };
    await account.app.api("POST", "/channels", { name: "Second", type: "push", providers: { apns } });
    const template = { name: "Both", channelKeys: ["mobile-push", "second"], variableSchema: {} };
    await account.app.api("POST", "/templates", {
      ...template,
      content: { "mobile-push": content, second: content },
    });
    await account.app.api("PUT", "/templates/both", { status: "approved" });
    await addDevices(account, "mia", "apns");
    const id = await sendToOne(account.app, "mia", { template: { key: "both" } });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect([counts["mobile-push"].delivered, counts.second.delivered]).toEqual([1, 1]);
    expect(await account.project.summary()).toMatchObject({ apnsTokens: 1 });
  });

  it("that can't be had make the push wait, not fail", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([{ provider: "oauth", status: 503, times: 2 }]);
    const id = await sendToOne(account.app, "mia");
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1 });
  });
});
