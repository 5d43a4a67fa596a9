import { abortAllDurableObjects } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume, interceptCalls } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, type PushApp, sendToMany, sendToOne } from "../support/push.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { uidsOf } from "../support/users.ts";
import { expectSumToClose, waitUntilCompleted } from "../support/wait.ts";

const retry = (app: TestApp, id: string, body?: object) =>
  app.api("POST", `/notifications/${id}/retry`, body);

/** A push app whose provider refused every push of a send to these users. */
async function refusedBatch(uids: readonly string[]): Promise<PushApp & { id: string }> {
  const account = await createPushApp(["fcm"]);
  await Promise.all(uids.map((uid) => addDevices(account, uid, "fcm")));
  await account.project.setFaults([{ provider: "fcm", status: 400 }]);
  const id = await sendToMany(account.app, uids);
  const { counts } = await waitUntilCompleted(account.app, id);
  expect(counts["mobile-push"]).toMatchObject({ delivered: 0, failed: { provider_rejected: uids.length } });
  await account.project.setFaults([]);
  return { ...account, id };
}

/** Retries into a queue that keeps the chunks. */
async function captureRetry(app: TestApp, id: string): Promise<CapturingQueue> {
  const queue = new CapturingQueue();
  const answer = await callWith(
    { DELIVERIES_NORMAL: queue.binding },
    app,
    "POST",
    `/notifications/${id}/retry`,
  );
  expect(answer.status).toBe(200);
  expect(queue.messages.length).toBeGreaterThan(0);
  return queue;
}

const pushedUsers = async ({ project }: PushApp) => {
  const { received } = await project.received();
  return received.length;
};

describe("a retry of a batch", () => {
  it("sends again to the failed deliveries, and only to them", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    const good = uidsOf(5);
    const bad = Array.from({ length: 20 }, (_, index) => `bad-${index}`);
    await Promise.all(good.map((uid) => addDevices(account, uid, "fcm")));
    const devices = (await Promise.all(bad.map((uid) => addDevices(account, uid, "fcm")))).flat();
    await project.setFaults(devices.map(({ token }) => ({ device: token, status: 400 })));
    const id = await sendToMany(app, [...good, ...bad, "without-device"]);
    const before = await waitUntilCompleted(app, id);
    expect(before.counts["mobile-push"]).toMatchObject({
      delivered: 5,
      failed: { provider_rejected: 20 },
      skipped: { no_device: 1 },
    });
    await project.setFaults([]);
    // A busy machine may miss the first send's timeout and repeat a push; what counts is what the retry sends.
    const sentBefore = await pushedUsers(account);

    const answer = await retry(app, id);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body).toMatchObject({ id, state: "sending", completedAt: null, attempt: 2 });
    expectSumToClose(answer.body);
    const after = await waitUntilCompleted(app, id);
    expect(after.counts).toEqual({
      "in-app-alerts": before.counts["in-app-alerts"],
      "mobile-push": { ...before.counts["mobile-push"], delivered: 25, failed: {} },
    });
    const { received } = await project.received();
    const again = received.slice(sentBefore).map(({ device }) => device);
    expect(again.sort()).toEqual(devices.map(({ token }) => token).sort());
    expect(Date.parse(after.completedAt)).toBeGreaterThanOrEqual(Date.parse(before.completedAt));
    const audit = await app.api("GET", `/notifications/${id}/deliveries?status=failed`);
    expect(audit.body.data).toEqual([]);
    const { body } = await retry(app, id);
    expect(body.error).toMatchObject({ code: "ERR_CONFLICT", message: "No delivery of it has failed." });
  });

  it("is for the reasons that it names", async () => {
    const { app, id } = await refusedBatch(uidsOf(3));
    const other = await retry(app, id, { reasons: ["expired", "internal_error"] });
    expect(other.status).toBe(409);
    expect(other.body.error.message).toBe(
      "No delivery of it has failed for these reasons: expired, internal_error.",
    );
    expect((await retry(app, id, { reasons: ["provider_rejected"] })).status).toBe(200);
    expect((await waitUntilCompleted(app, id)).counts["mobile-push"]).toMatchObject({ delivered: 3 });
  });

  it("leaves failed what fails again, any number of times", async () => {
    const app = await createReadyApp();
    const variables = { ada: {}, bob: { orderId: "O-1" } };
    const sent = await app.send({
      template: { key: "order-confirmation", variables },
      targets: ["ada", "bob"],
      mode: "batch",
    });
    const id = sent.body.notificationId;
    const before = await waitUntilCompleted(app, id);
    for (const attempt of [2, 3]) {
      expect((await retry(app, id)).body).toMatchObject({ attempt });
      const after = await waitUntilCompleted(app, id);
      expect(after.counts).toEqual(before.counts);
    }
  });

  it("goes to a targets file's rows with their variables", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    await addDevices(account, "mia", "fcm");
    await project.setFaults([{ provider: "fcm", status: 400 }]);
    await uploadCsv(app, "retry.csv", "user_id,name\nmia,Mia\nleo,Leo\n");
    const sent = await app.send({
      template: { key: "order" },
      targetsFile: "retry.csv",
      mode: "batch",
    });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    await project.setFaults([]);
    await retry(app, id);
    await waitUntilCompleted(app, id);
    const { received } = await project.received();
    expect(JSON.stringify(received)).toContain("Hello Mia");
  });
});

it("a retry stands in the audit log, with who asked for it", async () => {
  const { app, id } = await refusedBatch(["mia"]);
  await retry(app, id, { reasons: ["provider_rejected"] });
  const { body } = await app.api("GET", `/audit-log?targetType=notification&targetId=${id}`);
  expect(body.data.map(({ action }: Body) => action)).toEqual(["notification.retried", "notification.sent"]);
  expect(body.data[0]).toMatchObject({
    actor: { type: "api_key", key: `****${app.apiKey.slice(-4)}` },
    details: { attempt: 2, reasons: ["provider_rejected"] },
    requestId: expect.any(String),
  });
  await waitUntilCompleted(app, id);
});

describe("a retry of a realtime send", () => {
  it("to one sends what was sent, with its data", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    await addDevices(account, "mia", "fcm");
    await project.setFaults([{ provider: "fcm", status: 400 }]);
    const id = await sendToOne(app, "mia", { pushData: { deep: "link" } });
    await waitUntilCompleted(app, id);
    await project.setFaults([]);
    // The template's later content isn't this notification's.
    await app.api("PUT", "/templates/order", {
      content: { "in-app-alerts": { text: "Changed" }, "mobile-push": { title: "Changed", body: "x" } },
      status: "approved",
    });
    expect((await retry(app, id)).status).toBe(200);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 1, failed: {} });
    const { received } = await project.received();
    expect(received).toHaveLength(1);
    expect(JSON.stringify(received)).toContain("Hello Mia");
    expect(JSON.stringify(received)).toContain("link");
  });

  it("to several sends to who failed", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    for (const uid of ["mia", "leo"]) await addDevices(account, uid, "fcm");
    await project.setFaults([{ provider: "fcm", status: 400, times: 1 }]);
    const sent = await app.call("POST", "/v3/campaigns/notifications/messages", {
      templateId: "order",
      receivers: ["mia", "leo"],
      variables: { mia: { name: "Mia" }, leo: { name: "Leo" } },
    });
    const id = sent.body.data.notificationId;
    expect((await waitUntilCompleted(app, id)).counts["mobile-push"]).toMatchObject({
      delivered: 1,
      failed: { provider_rejected: 1 },
    });
    await retry(app, id);
    expect((await waitUntilCompleted(app, id)).counts["mobile-push"]).toMatchObject({ delivered: 2 });
    expect(await pushedUsers(account)).toBe(2);
  });
});

describe("a retry that is refused", () => {
  it("names what is wrong, and changes nothing", async () => {
    const { app, id } = await refusedBatch(["mia"]);
    for (const body of [{ reasons: [] }, { reasons: ["no_device"] }, { reasons: "expired" }, []]) {
      const answer = await retry(app, id, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(400);
    }
    expect((await retry(app, "01980000-0000-7000-8000-000000000000")).status).toBe(404);
    expect(await app.notification(id)).toMatchObject({ state: "completed", attempt: 1 });
  });

  it("comes while it is still being sent", async () => {
    const { app, id } = await refusedBatch(["mia"]);
    await captureRetry(app, id);
    const again = await retry(app, id);
    expect(again.status).toBe(409);
    expect(again.body.error.message).toContain("still being sent");
    await waitUntilCompleted(app, id);
  });
});

describe("a retry loses and repeats nothing", () => {
  it("where its chunks never arrive: the watchdog sends them again", async () => {
    const { app, id } = await refusedBatch(uidsOf(6));
    await captureRetry(app, id);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 6, failed: {} });
  });

  it("where its chunks arrive twice, and late ones of the send itself as well", async () => {
    const account = await refusedBatch(uidsOf(6));
    const { app, id } = account;
    const { messages } = await captureRetry(app, id);
    const first = messages.map(({ attempt: _, ...message }) => message);
    await consume([...messages, ...first, ...messages]);
    await consume([...messages, ...first]);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 6, failed: {} });
    await consume([...messages, ...first]);
    expect(await pushedUsers(account)).toBe(6);
    expect((await app.notification(id)).counts).toEqual(counts);
  });

  it("where the consumer and then every object dies between reopening and delivering", async () => {
    const account = await refusedBatch(uidsOf(6));
    const { app, id } = account;
    const { messages } = await captureRetry(app, id);
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "redeliver", {
      before: () => {
        throw new Error("The consumer was killed");
      },
    });
    expect(await consume(messages, { USER_SHARD })).toEqual({ acked: 0, retried: messages.length });
    const during = await app.notification(id);
    expectSumToClose(during);
    expect(during).toMatchObject({ state: "sending" });
    await abortAllDurableObjects();
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({ delivered: 6, failed: {} });
    expect(await pushedUsers(account)).toBe(6);
  });

  it("isn't taken for complete by a report that comes before it", async () => {
    const { app, id } = await refusedBatch(["mia"]);
    const { messages } = await captureRetry(app, id);
    const callAsMia = await app.asUser("mia");
    expect((await callAsMia("POST", `/feed/${id}/viewed`)).status).toBe(200);
    await vi.waitFor(async () => {
      const found: Body = await app.notification(id);
      expect(found.counts["in-app-alerts"].viewed).toBe(1);
      if (found.counts["mobile-push"].delivered === 0) expect(found.state).toBe("sending");
    }, PATIENTLY);
    await consume(messages);
    expect((await waitUntilCompleted(app, id)).counts["mobile-push"]).toMatchObject({ delivered: 1 });
  });
});

it("leaves a deleted user's failure as it is", async () => {
  const { app, id } = await refusedBatch(["mia", "leo"]);
  expect(
    (await app.call("POST", "/v3/business-messaging/api/users", { uid: "mia", name: "Mia" })).status,
  ).toBe(201);
  expect((await app.call("DELETE", "/v3/business-messaging/api/users/mia")).status).toBe(200);
  await retry(app, id);
  const { counts } = await waitUntilCompleted(app, id);
  expect(counts["mobile-push"]).toMatchObject({ delivered: 1, failed: { provider_rejected: 1 } });
});
