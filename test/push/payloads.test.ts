import { describe, expect, it } from "vitest";
import { addDevices, createPushApp, pushCounts, sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Every part that a push's content may have. */
const RICH_CONTENT = {
  title: "Hello {{name}}",
  body: "Order {{orderId}} is on its way.",
  image: "https://cdn.example.com/{{orderId}}.png",
  action: { type: "web", data: "https://shop.example.com/orders/{{orderId}}" },
  data: { screen: "orders", deep: "of the template" },
  android: { notification: { channel_id: "orders" }, collapse_key: "orders" },
  apns: { headers: { "apns-priority": "5" }, payload: { aps: { sound: "default" } } },
  webpush: { notification: { icon: "https://cdn.example.com/icon.png" } },
};
const ACTION = { type: "web", data: "https://shop.example.com/orders/A-1" };
const IMAGE = "https://cdn.example.com/A-1.png";

describe("a realtime send to a user with a device", () => {
  it("is pushed through FCM before it is answered", async () => {
    const account = await createPushApp(["fcm"], RICH_CONTENT);
    const [device] = await addDevices(account, "mia", "fcm");
    const id = await sendToOne(account.app, "mia", { pushData: { deep: "of the request" } });
    expect(await pushCounts(account.app, id)).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    const { received, rejected } = await account.project.received();
    expect(rejected).toEqual([]);
    expect(received.map(({ payload }) => payload)).toEqual([
      {
        token: device?.token,
        notification: { title: "Hello Mia", body: "Order A-1 is on its way.", image: IMAGE },
        data: {
          screen: "orders",
          deep: "of the request",
          notificationId: id,
          action: JSON.stringify(ACTION),
          image: IMAGE,
        },
        android: {
          priority: "high",
          ttl: expect.stringMatching(/^863\d\ds|^86400s$/),
          collapse_key: "orders",
          notification: { channel_id: "orders", tag: id },
        },
        apns: {
          headers: {
            "apns-expiration": expect.stringMatching(/^\d{10}$/),
            "apns-priority": "5",
            "apns-collapse-id": id,
          },
          payload: { aps: { sound: "default" } },
        },
        webpush: {
          headers: { TTL: expect.any(String), Topic: id.replaceAll("-", "") },
          notification: { icon: "https://cdn.example.com/icon.png", tag: id },
        },
      },
    ]);
  });

  it("is pushed through APNs before it is answered", async () => {
    const account = await createPushApp(["apns"], RICH_CONTENT);
    await addDevices(account, "mia", "apns");
    const id = await sendToOne(account.app, "mia", { pushData: { deep: "of the request" } });
    expect(await pushCounts(account.app, id)).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    const { received, rejected } = await account.project.received();
    expect(rejected).toEqual([]);
    expect(received.map(({ payload }) => payload)).toEqual([
      {
        aps: {
          alert: { title: "Hello Mia", body: "Order A-1 is on its way." },
          "mutable-content": 1,
          sound: "default",
        },
        notificationId: id,
        image: IMAGE,
        action: ACTION,
        data: { screen: "orders", deep: "of the request" },
      },
    ]);
    expect(received[0]?.headers).toMatchObject({
      "apns-push-type": "alert",
      "apns-priority": "5",
      "apns-collapse-id": id,
      "apns-topic": account.project.credentials.apns.topic,
      "apns-expiration": expect.stringMatching(/^\d{10}$/),
    });
  });

  it("is pushed through Web Push before it is answered: encrypted, under its topic", async () => {
    const account = await createPushApp(["webpush"], RICH_CONTENT);
    await addDevices(account, "mia", "webpush");
    const id = await sendToOne(account.app, "mia", { pushData: { deep: "of the request" } });
    expect(await pushCounts(account.app, id)).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    const { received, rejected } = await account.project.received();
    expect(rejected).toEqual([]);
    // The fake has decrypted it with http_ece and verified the VAPID header with jose.
    expect(received.map(({ payload }) => payload)).toEqual([
      {
        notificationId: id,
        title: "Hello Mia",
        body: "Order A-1 is on its way.",
        image: IMAGE,
        action: ACTION,
        data: { screen: "orders", deep: "of the request" },
        notification: { icon: "https://cdn.example.com/icon.png", tag: id },
      },
    ]);
    expect(received[0]?.headers).toMatchObject({
      urgency: "high",
      topic: id.replaceAll("-", ""),
      ttl: expect.stringMatching(/^863\d\d$|^86400$/),
      "content-encoding": "aes128gcm",
    });
  });

  it("reaches all of the user's devices and counts once", async () => {
    const account = await createPushApp();
    for (const provider of ["fcm", "apns", "webpush"] as const) await addDevices(account, "mia", provider, 2);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ total: 1, delivered: 1, pending: 0 });
    expect((await account.project.received()).received).toHaveLength(6);
  });

  it("is not pushed to a sandbox device as to a production one", async () => {
    const account = await createPushApp(["apns"]);
    const [sandbox] = await account.project.createDevices("apns", 1, { sandbox: true });
    expect(
      (await account.app.call("POST", "/v3/business-messaging/api/users/mia/devices", sandbox)).status,
    ).toBe(201);
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1 });
  });
});

describe("the campaigns family with several receivers", () => {
  it("pushes to each of them before it answers", async () => {
    const account = await createPushApp(["fcm"]);
    for (const uid of ["ann", "bob", "cho"]) await addDevices(account, uid, "fcm");
    const answer = await account.app.call("POST", "/notifications/messages", {
      templateId: "order",
      receivers: ["ann", "bob", "cho", "dan"],
      variables: Object.fromEntries(["ann", "bob", "cho", "dan"].map((uid) => [uid, { name: uid }])),
    });
    expect(answer.status).toBe(200);
    expect((await account.project.received()).received).toHaveLength(3);
    const { counts } = await waitUntilCompleted(account.app, answer.body.data.notificationId);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 3, skipped: { no_device: 1 } });
  });
});

describe("a batch", () => {
  it("pushes to the devices of its targets, and skips who has none", async () => {
    const account = await createPushApp();
    await addDevices(account, "with-fcm", "fcm");
    await addDevices(account, "with-apns", "apns");
    await addDevices(account, "with-webpush", "webpush");
    const id = await sendToMany(account.app, ["with-fcm", "with-apns", "with-webpush", "with-none"], {
      priority: "low",
    });
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ total: 4, delivered: 3, skipped: { no_device: 1 } });
    const { received, rejected } = await account.project.received();
    expect(rejected).toEqual([]);
    expect(received.map(({ provider }) => provider).sort()).toEqual(["apns", "fcm", "webpush"]);
    const apns = received.find(({ provider }) => provider === "apns");
    expect(apns?.headers["apns-priority"]).toBe("5");
    expect(await account.app.audit(id)).toMatchObject({ isEqual: true });
  });

  it("is skipped without a device also where none of its providers is configured", async () => {
    const account = await createPushApp([]);
    await addDevices(account, "mia", "fcm");
    const realtime = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, realtime)).toMatchObject({ skipped: { no_device: 1 } });
    const id = await sendToMany(account.app, ["mia"]);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ skipped: { no_device: 1 }, delivered: 0 });
  });

  it("pushes from the first send after its provider was configured", async () => {
    const account = await createPushApp([]);
    await addDevices(account, "mia", "fcm");
    await sendToOne(account.app, "mia");
    const { fcm } = account.project.credentials;
    await account.app.api("PUT", "/channels/mobile-push", { providers: { fcm } });
    const id = await sendToOne(account.app, "mia");
    expect(await pushCounts(account.app, id)).toMatchObject({ delivered: 1, skipped: {} });
  });
});

describe("a push without title and body", () => {
  it("fails with empty_content, and no provider is asked", async () => {
    const account = await createPushApp(["fcm", "apns"], { title: "{{name}}", body: " {{orderId}}" });
    await addDevices(account, "mia", "fcm");
    await addDevices(account, "mia", "apns");
    const empty = { template: { key: "order", variables: { name: "", orderId: "" } } };
    const id = await sendToOne(account.app, "mia", empty);
    const { counts } = await waitUntilCompleted(account.app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 0, failed: { empty_content: 1 } });
    const { fcm, apns } = await account.project.summary();
    expect([fcm.requests, apns.requests]).toEqual([0, 0]);
    const half = await sendToOne(account.app, "mia", {
      template: { key: "order", variables: { name: "Mia", orderId: "" } },
    });
    expect(await pushCounts(account.app, half)).toMatchObject({ delivered: 1 });
  });
});
