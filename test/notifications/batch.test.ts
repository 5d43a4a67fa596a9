import { beforeAll, describe, expect, it } from "vitest";
import {
  type Body,
  createApp,
  createChannels,
  createReadyApp,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { CapturingQueue, callWith, consume } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

async function sendBatch(body: object): Promise<Body> {
  const { status, body: answer } = await app.send({ mode: "batch", ...body });
  expect(status, JSON.stringify(answer)).toBe(200);
  return waitUntilCompleted(app, answer.notificationId);
}

async function textOf(uid: string): Promise<string> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data[0].content.text;
}

describe("a batch", () => {
  it("renders each user's own variables into each user's feed", async () => {
    const variables = {
      "batch-bob": { customerName: "Bob", orderId: 1 },
      "batch-alice": { customerName: 'Al"ice\n', orderId: true },
    };
    const { counts } = await sendBatch({
      template: { key: "order-confirmation", variables },
      targets: ["batch-bob", "batch-alice"],
    });
    expect(counts["in-app-alerts"]).toMatchObject({ total: 2, delivered: 2, failed: {}, pending: 0 });
    expect(await textOf("batch-bob")).toBe("Hello Bob, your order is 1.");
    expect(await textOf("batch-alice")).toBe('Hello Al"ice\n, your order is true.');
  });

  it("gives a target without an entry the unsubstituted content", async () => {
    await sendBatch({ template: { key: "order-confirmation" }, targets: ["batch-plain"] });
    expect(await textOf("batch-plain")).toBe("Hello {{customerName}}, your order is {{orderId}}.");
  });

  it("fails only the targets whose variables are missing or wrong, and says which it was", async () => {
    const variables = {
      good: { customerName: "G", orderId: "1" },
      missing: { customerName: "M" },
      empty: {},
      wrong: { customerName: { first: "W" }, orderId: "1" },
      large: { customerName: "x".repeat(17_000), orderId: "1" },
      constructor: { customerName: "C", orderId: "1" },
      "not-a-target": { customerName: 1 },
    };
    const { counts } = await sendBatch({
      template: { key: "order-confirmation", variables },
      targets: ["good", "missing", "empty", "wrong", "large", "constructor", "__proto__"],
    });
    expect(counts["in-app-alerts"]).toMatchObject({
      total: 7,
      delivered: 3,
      failed: { missing_variables: 2, invalid_variables: 2 },
    });
    expect(await textOf("constructor")).toBe("Hello C, your order is 1.");
    expect(await textOf("__proto__")).toContain("{{customerName}}");
  });

  it("delivers once to a user who is named several times, and counts the duplicates", async () => {
    const notification = await sendBatch({
      template: { key: "order-confirmation" },
      targets: ["twice", "once", "twice", "twice"],
    });
    expect(notification.duplicates).toBe(2);
    expect(notification.counts["in-app-alerts"]).toMatchObject({ total: 2, delivered: 2 });
    const user = await app.asUser("twice");
    expect((await user("GET", "/feed")).body.data).toHaveLength(1);
  });

  it("skips the push channel of users without a device", async () => {
    await createTemplate(app, {
      key: "both",
      channelKeys: ["in-app-alerts", "mobile-push"],
      content: { "in-app-alerts": { text: "Hi" }, "mobile-push": { title: "Hi", body: "there" } },
      variableSchema: {},
    });
    const { counts } = await sendBatch({ template: { key: "both" }, targets: ["p1", "p2", "p3"] });
    expect(counts["in-app-alerts"]).toMatchObject({ type: "in_app", total: 3, delivered: 3 });
    expect(counts["mobile-push"]).toMatchObject({
      type: "push",
      total: 3,
      delivered: 0,
      skipped: { no_device: 3 },
    });
  });

  it("renders images and actions whole, by field, and in a text", async () => {
    await createTemplate(app, {
      key: "typed",
      content: {
        "in-app-alerts": { photo: "{{photo}}", width: "{{photo.width}}", text: "see {{cta.data}} {{photo}}" },
      },
      variableSchema: { photo: { type: "image" }, cta: { type: "action" } },
    });
    const photo = { url: "https://example.com/bob.jpg", width: 100, height: 50 };
    const cta = { type: "custom", data: "open" };
    await sendBatch({ template: { key: "typed", variables: { typed: { photo, cta } } }, targets: ["typed"] });
    const user = await app.asUser("typed");
    expect((await user("GET", "/feed")).body.data[0].content).toEqual({
      photo,
      width: 100,
      text: "see open https://example.com/bob.jpg",
    });
  });

  it("fails a rendering over 64 KB with its reason", async () => {
    await createTemplate(app, {
      key: "long",
      content: { "in-app-alerts": { text: "{{word}}".repeat(10) } },
      variableSchema: { word: { type: "string" } },
    });
    const variables = { long: { word: "w".repeat(10_000) } };
    const { counts } = await sendBatch({ template: { key: "long", variables }, targets: ["long"] });
    expect(counts["in-app-alerts"].failed).toEqual({ payload_too_large: 1 });
  });

  it("shows every channel with all targets pending from the first read", async () => {
    const queue = new CapturingQueue();
    const body = { template: { key: "order-confirmation" }, targets: ["slow-1", "slow-2"], mode: "batch" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    const notification = await app.notification(sent.body.notificationId);
    expect(notification).toMatchObject({ state: "sending", completedAt: null });
    expect(notification.counts["in-app-alerts"]).toMatchObject({ total: 2, delivered: 0, pending: 2 });
  });

  it("takes chunks to the queue of the batch's priority", async () => {
    for (const [priority, name] of [
      ["high", "DELIVERIES_HIGH"],
      ["low", "DELIVERIES_LOW"],
    ] as const) {
      const queue = new CapturingQueue();
      const body = { template: { key: "order-confirmation" }, targets: ["a"], mode: "batch", priority };
      await callWith({ [name]: queue.binding }, app, "POST", "/notifications/send", body);
      expect(queue.messages).toHaveLength(1);
    }
  });

  it("skips a channel that was disabled after the call was accepted", async () => {
    const late = await createApp();
    await createChannels(late);
    await createTemplate(late);
    const queue = new CapturingQueue();
    const body = { template: { key: "order-confirmation" }, targets: ["late"], mode: "batch" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      late,
      "POST",
      "/notifications/send",
      body,
    );
    await late.api("PUT", "/channels/in-app-alerts", { enabled: false });
    await consume(queue.messages);
    const { counts } = await waitUntilCompleted(late, sent.body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 0, skipped: { channel_disabled: 1 } });
  });

  it("fails what is still pending at its expiry, and closes the sum", async () => {
    const queue = new CapturingQueue();
    const expiresAt = new Date(Date.now() + 300).toISOString();
    const body = { template: { key: "order-confirmation" }, targets: ["e1", "e2"], mode: "batch", expiresAt };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    // The watchdog sends the chunk again after STALL_SECONDS (1), which is after the expiry.
    const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 0, failed: { expired: 2 }, pending: 0 });
  });

  it("delivers the version it was accepted with, whatever happens to the template meanwhile", async () => {
    await createTemplate(app, {
      key: "pinned",
      content: { "in-app-alerts": { text: "first" } },
      variableSchema: {},
    });
    const queue = new CapturingQueue();
    const body = { template: { key: "pinned" }, targets: ["pinned"], mode: "batch" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    await app.api("PUT", "/templates/pinned", {
      content: { "in-app-alerts": { text: "second" } },
      status: "approved",
    });
    await app.api("PUT", "/templates/pinned", { status: "archived" });
    await consume(queue.messages);
    expect((await waitUntilCompleted(app, sent.body.notificationId)).templateVersion).toBe(1);
    expect(await textOf("pinned")).toBe("first");
  });

  it("keeps 10,000 targets with their variables exact, and the audit agrees", async () => {
    const targets = Array.from({ length: 10_000 }, (_, index) => `many-${index}`);
    const variables = Object.fromEntries(
      targets.map((uid, index) => [uid, index % 100 === 0 ? {} : { customerName: uid, orderId: index }]),
    );
    const notification = await sendBatch({ template: { key: "order-confirmation", variables }, targets });
    expect(notification.counts["in-app-alerts"]).toMatchObject({
      total: 10_000,
      delivered: 9900,
      failed: { missing_variables: 100 },
    });
    const audit = await app.audit(notification.id);
    expect(audit.shards).toEqual(notification.counts);
    expect(audit.isEqual).toBe(true);
    expect(await textOf("many-4321")).toBe("Hello many-4321, your order is 4321.");
  });
});
