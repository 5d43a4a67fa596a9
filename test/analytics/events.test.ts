import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Answer, type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, pushCounts, sendToMany, sendToOne } from "../support/push.ts";
import { expectSumToClose, waitUntilCompleted } from "../support/wait.ts";

const post = (app: TestApp, body: unknown): Promise<Answer> => app.api("POST", "/analytics/events", body);

/** Waits until the counts show so many events of a channel. */
async function waitForCounts(app: TestApp, id: string, channel: string, counts: object): Promise<Body> {
  return vi.waitFor(async () => {
    const notification = await app.notification(id);
    expectSumToClose(notification);
    expect(notification.counts[channel]).toMatchObject(counts);
    return notification;
  }, PATIENTLY);
}

describe("POST {api}/analytics/events", () => {
  let app: TestApp;
  let id: string;

  beforeAll(async () => {
    const account = await createPushApp(["fcm"]);
    app = account.app;
    await addDevices(account, "mia", "fcm");
    id = await sendToMany(app, ["mia", "leo", "ada"]);
    await waitUntilCompleted(app, id);
  });

  const event = (extra: object = {}) => ({
    notificationId: id,
    userId: "mia",
    channelType: "in_app",
    eventType: "viewed",
    ...extra,
  });

  it("counts once, and gives the same id again", async () => {
    const first = await post(app, event());
    expect(first).toMatchObject({ status: 200, body: { success: true, eventId: expect.any(String) } });
    expect((await post(app, event())).body).toEqual(first.body);
    // The vendor's name for it, and another type.
    const clicked = event({ notificationId: undefined, campaignId: id, eventType: "clicked" });
    const second = await post(app, clicked);
    expect(second.body.eventId).not.toBe(first.body.eventId);
    expect((await post(app, clicked)).body).toEqual(second.body);
    await waitForCounts(app, id, "in-app-alerts", { delivered: 3, viewed: 1, clicked: 1 });
  });

  it("takes a click for a view as well, and counts channels by themselves", async () => {
    await post(app, event({ channelType: "push", channelKey: "mobile-push", eventType: "clicked" }));
    await waitForCounts(app, id, "mobile-push", { delivered: 1, viewed: 1, clicked: 1 });
  });

  it("counts nothing where the client only tells what is known", async () => {
    expect((await post(app, event({ eventType: "delivered" }))).status).toBe(200);
    await waitForCounts(app, id, "in-app-alerts", { delivered: 3 });
  });

  it.each([
    [{ userId: "nobody" }, 404],
    [{ notificationId: "01980000-0000-7000-8000-000000000000" }, 404],
    [{ notificationId: "not-an-id" }, 404],
    [{ channelKey: "other" }, 404],
    [{ userId: "leo", channelType: "push" }, 409],
    [{ eventType: "sent" }, 400],
    [{ channelType: "sms" }, 400],
    [{ notificationId: undefined }, 400],
    [{ campaignId: "x" }, 400],
    [{ userId: "" }, 400],
  ])("refuses %j with %i", async (extra, status) => {
    const answer = await post(app, event(extra));
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  });

  it("names every wrong field", async () => {
    const { body } = await post(app, { userId: 1, eventType: "x" });
    expect(Object.keys(body.error.details).sort()).toEqual(["channelType", "eventType", "userId"]);
  });
});

it("takes events of any family", async () => {
  const app = await createReadyApp();
  const sent = await app.call("POST", "/v3/campaigns/notifications/messages", {
    templateId: "order-confirmation",
    receivers: ["mia", "leo"],
    variables: {
      mia: { customerName: "Mia", orderId: "1" },
      leo: { customerName: "Leo", orderId: "2" },
    },
  });
  const { notificationId } = sent.body.data;
  const event = { campaignId: notificationId, userId: "leo", channelType: "in_app", eventType: "viewed" };
  expect((await post(app, event)).status).toBe(200);
  await waitForCounts(app, notificationId, "in-app-alerts", { viewed: 1 });
});

it("takes a push that a device shows for delivered, and counts it once", async () => {
  const account = await createPushApp(["fcm"]);
  const { app, project } = account;
  await addDevices(account, "mia", "fcm");
  // Its answer is lost: for the service the push is still on its way.
  await project.setFaults([{ provider: "fcm", status: 503, times: 3 }]);
  const id = await sendToOne(app, "mia");
  expect(await pushCounts(app, id)).toMatchObject({ pending: 1 });
  const event = { notificationId: id, userId: "mia", channelType: "push", eventType: "clicked" };
  expect((await post(app, event)).status).toBe(200);
  const { counts } = await waitUntilCompleted(app, id);
  expect(counts["mobile-push"]).toMatchObject({ delivered: 1, viewed: 1, clicked: 1, pending: 0 });
  // The provider takes it after all.
  await vi.waitFor(async () => expect((await project.received()).received).toHaveLength(1), PATIENTLY);
  expect((await app.notification(id)).counts).toEqual(counts);
});

it("counts the views of 400 users once each, from feed and server at once", async () => {
  const app = await createReadyApp();
  const uids = Array.from({ length: 400 }, (_, index) => `user-${index}`);
  const variables = Object.fromEntries(uids.map((uid) => [uid, { customerName: uid, orderId: "1" }]));
  const sent = await app.send({
    template: { key: "order-confirmation", variables },
    targets: uids,
    mode: "batch",
  });
  const id = sent.body.notificationId;
  await waitUntilCompleted(app, id);
  const views = uids.flatMap((uid, index) => {
    const event = { notificationId: id, userId: uid, channelType: "in_app", eventType: "viewed" };
    const fromServer = () => post(app, event);
    const fromClient = async () => (await app.asUser(uid))("POST", `/feed/${id}/viewed`);
    // Every tenth user also looks on their own, and is told of twice.
    return index % 10 === 0 ? [fromServer, fromClient, fromServer] : [fromServer];
  });
  const answers = await Promise.all(views.map((view) => view()));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await waitForCounts(app, id, "in-app-alerts", { delivered: 400, viewed: 400 });
  const series = await app.api("GET", `/analytics/notifications/${id}`);
  expect(series.body).toMatchObject([{ channelType: "in_app", delivered: 400, viewed: 400, clicked: 0 }]);
});
