import { describe, expect, it, vi } from "vitest";
import { PATIENTLY } from "../support/patiently.ts";
import {
  addDevices,
  addDeviceToEach,
  createPushApp,
  listDevices,
  pushCounts,
  sendToMany,
  sendToOne,
} from "../support/push.ts";
import { resetPushTimeout, setPushTimeout } from "../support/push-timeout.ts";
import { expectSumToClose, waitUntilCompleted } from "../support/wait.ts";

const PROVIDERS = ["fcm", "apns", "webpush"] as const;

// Mostly waiting: one app each, so that all can wait at once.
describe.concurrent.each(PROVIDERS)("%s", (provider) => {
  it("has a device that is gone: the push fails, the device is removed", async () => {
    const account = await createPushApp();
    const [device] = await addDevices(account, "mia", provider);
    if (device === undefined) throw new Error("No device");
    await account.project.markGone(device);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ failed: { provider_rejected: 1 }, pending: 0 });
    expect(await listDevices(account.app, "mia")).toEqual([]);
    const next = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, next)).toMatchObject({ skipped: { no_device: 1 } });
  });

  it("has one gone device of two: the push is delivered", async () => {
    const account = await createPushApp();
    const [gone] = await addDevices(account, "mia", provider, 2);
    if (gone === undefined) throw new Error("No device");
    await account.project.markGone(gone);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1, failed: {}, pending: 0 });
    expect(await listDevices(account.app, "mia")).toHaveLength(1);
  });

  it("limits the rate with seconds: the push comes after them", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", provider);
    await account.project.setFaults([{ provider, status: 429, retryAfter: "1", times: 1 }]);
    const sentAt = Date.now();
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ pending: 1 });
    await waitUntilCompleted(account.app, id);
    const { received } = await account.project.received();
    expect(received).toHaveLength(1);
    expect((received[0]?.at ?? 0) - sentAt).toBeGreaterThanOrEqual(1000);
  });

  it("is down and comes back: every push arrives once", async () => {
    const account = await createPushApp();
    const uids = Array.from({ length: 8 }, (_, index) => `user-${index}`);
    await addDeviceToEach(account, uids, provider);
    await account.project.setFaults([{ provider, status: 503 }]);
    const id = await sendToMany(account.app, uids);
    await vi.waitFor(async () => {
      expect((await account.project.summary())[provider].faulted).toBeGreaterThan(5);
    }, PATIENTLY);
    const during = await account.app.notification(id);
    expectSumToClose(during);
    expect(during.counts["mobile-push"]).toMatchObject({ pending: 8, delivered: 0 });
    // The in-app channel doesn't wait for it.
    expect(during.counts["in-app-alerts"]).toMatchObject({ delivered: 8, pending: 0 });
    await account.project.setFaults([]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 8, failed: {} });
    expect((await account.project.summary())[provider]).toMatchObject({ accepted: 8, repeated: 0 });
  });

  it("breaks the connection after it took the push: the repeat shows under the same key", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", provider);
    await account.project.setFaults([{ provider, accept: true, drop: true, times: 1 }]);
    const id = await sendToOne(account.app, "mia");
    await waitUntilCompleted(account.app, id);
    const { received } = await account.project.received();
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ key }) => key)).size).toBe(1);
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1 });
  });
});

describe.concurrent("a provider that is down for good", () => {
  it("fails the push after twelve attempts", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([{ provider: "fcm", status: 500 }]);
    const id = await sendToOne(account.app, "mia");
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ failed: { provider_unavailable: 1 }, pending: 0 });
    expect((await account.project.summary()).fcm).toMatchObject({ requests: 12, accepted: 0 });
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
  });

  it("fails the pushes whose next attempt would come after they expire", async () => {
    const account = await createPushApp();
    const uids = ["ann", "bob", "cho"];
    await addDeviceToEach(account, uids, "webpush");
    await account.project.setFaults([{ provider: "webpush", status: 503, retryAfter: "60" }]);
    const id = await sendToMany(account.app, uids, {
      expiresAt: new Date(Date.now() + 15_000).toISOString(),
    });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ failed: { provider_unavailable: 3 }, pending: 0 });
    expect((await account.project.summary()).webpush.accepted).toBe(0);
  });
});

describe("providers that are slow", () => {
  resetPushTimeout();

  it("let the send be answered at its deadline, and the push comes after", async () => {
    setPushTimeout(0.5);
    const sends = PROVIDERS.map(async (provider) => {
      const account = await createPushApp();
      await addDevices(account, "mia", provider);
      await account.project.setFaults([{ provider, delayMs: 30_000, times: 1 }]);
      const sentAt = Date.now();
      const id = await sendToOne(account.app, "mia");
      expect(Date.now() - sentAt).toBeLessThan(20_000);
      const early = await account.app.notification(id);
      expect(early.counts["in-app-alerts"]).toMatchObject({ delivered: 1 });
      expectSumToClose(early);
      return { account, id };
    });
    const sent = await Promise.all(sends);
    setPushTimeout(5);
    for (const { account, id } of sent) {
      const { counts } = await waitUntilCompleted(account.app, id);
      expect(counts["mobile-push"]).toMatchObject({ delivered: 1 });
    }
  });
});

describe.concurrent("a Retry-After date", () => {
  it("is waited for", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000);
    await account.project.setFaults([
      { provider: "fcm", status: 503, retryAfter: date.toUTCString(), times: 1 },
    ]);
    const id = await sendToOne(account.app, "mia");
    await waitUntilCompleted(account.app, id);
    const { received } = await account.project.received();
    expect(received[0]?.at).toBeGreaterThanOrEqual(date.getTime());
  });
});

describe("wrong credentials", () => {
  it.each(PROVIDERS)("of %s fail the push at once, and the answer says why", async (provider) => {
    const account = await createPushApp();
    const other = await createPushApp();
    await addDevices(account, "mia", provider);
    // Another account's: right in form, refused by the provider.
    const credentials =
      provider === "fcm"
        ? { ...account.project.credentials.fcm, client_email: "nobody@nowhere.iam.gserviceaccount.com" }
        : other.project.credentials[provider];
    await account.app.api("PUT", "/channels/mobile-push", { providers: { [provider]: credentials } });
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ failed: { provider_rejected: 1 }, pending: 0 });
    expect(await listDevices(account.app, "mia")).toHaveLength(1);
    const { body } = await account.app.api("POST", "/channels/mobile-push/test", { userId: "mia" });
    expect(body).toMatchObject({ provider, outcome: "rejected", reason: "provider_rejected" });
    expect(body.message).toMatch(
      /invalid_grant|DeviceTokenNotForTopic|BadDeviceToken|InvalidProviderToken|403/,
    );
  });
});

describe("a payload that is too large for the provider", () => {
  it.each(PROVIDERS)("of %s fails the push, and nothing is sent", async (provider) => {
    const account = await createPushApp([provider], { title: "{{name}}", body: "{{orderId}}" });
    await addDevices(account, "mia", provider);
    const id = await sendToMany(account.app, ["mia"], {
      template: { key: "order", variables: { mia: { name: "x", orderId: "y".repeat(4096) } } },
    });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ failed: { payload_too_large: 1 }, pending: 0 });
    expect((await account.project.summary())[provider].requests).toBe(0);
  });
});

describe("partial success", () => {
  it("tries only the devices again that haven't got the push, and counts once", async () => {
    const account = await createPushApp();
    const [first, second] = await addDevices(account, "mia", "fcm", 2);
    await account.project.setFaults([{ provider: "fcm", device: second?.token, status: 503, times: 2 }]);
    const id = await sendToOne(account.app, "mia");
    // Delivered with the first device.
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1, pending: 0 });
    await vi.waitFor(async () => {
      const { received } = await account.project.received();
      expect(received.map(({ device }) => device)).toEqual([first?.token, second?.token]);
    }, PATIENTLY);
    expect((await account.project.summary()).fcm).toMatchObject({ accepted: 2, repeated: 0, faulted: 2 });
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1, pending: 0, failed: {} });
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
  });
});
