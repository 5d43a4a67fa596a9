import { describe, expect, it } from "vitest";
import { addDevices, createPushApp, pushCounts, sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

describe("a realtime send to a user with a device", () => {
  it.each(["fcm", "apns", "webpush"] as const)(
    "is pushed through %s before it is answered",
    async (provider) => {
      const account = await createPushApp();
      await addDevices(account, "mia", provider);
      const id = await sendToOne(account.app, "mia", { pushData: { deep: "link" } });
      const { received, rejected } = await account.project.received();
      expect(rejected).toEqual([]);
      expect(received).toHaveLength(1);
      console.log(JSON.stringify(received[0]));
      expect(await pushCounts(account.app, id)).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    },
  );
});

describe("a batch", () => {
  it("reaches every device of its targets", async () => {
    const account = await createPushApp();
    for (const provider of ["fcm", "apns", "webpush"] as const)
      await addDevices(account, `user-${provider}`, provider);
    const uids = ["user-fcm", "user-apns", "user-webpush", "user-none"];
    const id = await sendToMany(account.app, uids);
    const notification = await waitUntilCompleted(account.app, id);
    expect(notification.counts["mobile-push"]).toMatchObject({
      total: 4,
      delivered: 3,
      skipped: { no_device: 1 },
      pending: 0,
    });
    const { received, rejected } = await account.project.received();
    expect(rejected).toEqual([]);
    expect(received).toHaveLength(3);
  });
});
