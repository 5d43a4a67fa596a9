import { afterEach, expect, it, vi } from "vitest";
import { createReadyApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("events count on the day on which they happen, whenever the notification was sent", async () => {
  const app = await createReadyApp();
  const day = (offset: number) =>
    new Date(startedAt + offset * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const startedAt = Date.now();
  const sent = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "1" } },
    targets: ["mia"],
    mode: "realtime",
  });
  const id = sent.body.notificationId;
  await waitUntilCompleted(app, id);
  vi.useFakeTimers({ toFake: ["Date"], now: startedAt + 40 * 24 * 60 * 60 * 1000 });
  const event = { notificationId: id, userId: "mia", channelType: "in_app", eventType: "viewed" };
  expect((await app.api("POST", "/analytics/events", event)).status).toBe(200);
  await vi.waitFor(async () => {
    const query = `?from=${day(0)}&to=${day(41)}`;
    const [{ timeSeries, ...sums }] = (await app.api("GET", `/analytics/channels${query}`)).body;
    expect(sums).toEqual({ channelType: "in_app", delivered: 1, viewed: 1, clicked: 0 });
    expect(timeSeries).toHaveLength(42);
    expect(timeSeries[0]).toEqual({ date: day(0), delivered: 1, viewed: 0, clicked: 0 });
    expect(timeSeries[40]).toEqual({ date: day(40), delivered: 0, viewed: 1, clicked: 0 });
    // A range in which it was only seen finds it too.
    const late = `?from=${day(39)}&to=${day(40)}`;
    const [seenLate] = (await app.api("GET", `/analytics/channels${late}`)).body;
    expect(seenLate).toMatchObject({ delivered: 0, viewed: 1, timeSeries: [{ viewed: 0 }, { viewed: 1 }] });
  }, PATIENTLY);
});

it("a notification whose deliveries aren't kept any more can't be retried", async () => {
  const app = await createReadyApp();
  const startedAt = Date.now();
  const variables = { ada: {} };
  const sent = await app.send({
    template: { key: "order-confirmation", variables },
    targets: ["ada"],
    mode: "batch",
  });
  const id = sent.body.notificationId;
  await waitUntilCompleted(app, id);
  vi.useFakeTimers({ toFake: ["Date"], now: startedAt + 91 * 24 * 60 * 60 * 1000 });
  const answer = await app.api("POST", `/notifications/${id}/retry`);
  expect(answer.status).toBe(409);
  expect(await app.notification(id)).toMatchObject({ state: "completed", attempt: 1 });
});
