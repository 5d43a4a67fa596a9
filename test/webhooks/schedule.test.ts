import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { unreachable } from "../support/faults.ts";
import { rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import {
  createWebhook,
  endpointStub,
  type TestWebhook,
  waitForAttempts,
  waitForCalls,
} from "../support/webhooks.ts";

/** Days pass: the clock of this file's worker is set ahead, and the receivers' with it. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  8 * HOUR_MS,
  8 * HOUR_MS,
];

afterEach(() => {
  vi.useRealTimers();
});

/** Sets the clock of the Worker and of the receivers. */
async function setClock(timeMs: number, ...webhooks: TestWebhook[]): Promise<void> {
  vi.useRealTimers();
  const ahead = timeMs - Date.now();
  for (const { inbox } of webhooks) await inbox.setClockAhead(ahead);
  vi.useFakeTimers({ toFake: ["Date"], now: timeMs });
}

async function send(app: TestApp, uid = "mia"): Promise<string> {
  const answer = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: [uid],
    mode: "realtime",
  });
  return answer.body.notificationId;
}

/** An app with an endpoint that is about to fail, and the first failed attempt of a message. */
async function createFailing(rule: object = { status: 500 }): Promise<{
  app: TestApp;
  webhook: TestWebhook;
  first: Body;
}> {
  const app = await createReadyApp();
  const webhook = await createWebhook(app, ["notification.completed"]);
  await webhook.inbox.answerWith(rule);
  await send(app);
  const [first] = await waitForAttempts(webhook, 1);
  return { app, webhook, first };
}

/** The newest attempt after the endpoint's alarm at `timeMs`. */
async function alarmAt(app: TestApp, webhook: TestWebhook, timeMs: number): Promise<Body> {
  await setClock(timeMs, webhook);
  await runDurableObjectAlarm(endpointStub(app, webhook));
  return (await webhook.attempts())[0];
}

describe("a message that is never taken", () => {
  it("is sent eight times in a day, at growing pauses and under one id; then it has failed", async () => {
    const { app, webhook, first } = await createFailing();
    let attempt = first;
    for (const [index, pauseMs] of PAUSES_MS.entries()) {
      const waitMs = Date.parse(attempt.nextAttemptAt) - Date.parse(attempt.at) - attempt.durationMs;
      expect(waitMs).toBeGreaterThanOrEqual(pauseMs);
      expect(waitMs).toBeLessThanOrEqual(pauseMs * 1.02 + SECOND_MS);
      // Not a moment earlier.
      await alarmAt(app, webhook, Date.parse(attempt.nextAttemptAt) - 1);
      expect(await webhook.attempts()).toHaveLength(index + 1);
      attempt = await alarmAt(app, webhook, Date.parse(attempt.nextAttemptAt));
    }
    expect(attempt).toMatchObject({ status: "failed", httpStatus: 500, nextAttemptAt: null });
    const tookMs = Date.parse(attempt.at) - Date.parse(first.at);
    expect(tookMs).toBeGreaterThan(23 * HOUR_MS);
    expect(tookMs).toBeLessThan(25 * HOUR_MS);
    await alarmAt(app, webhook, Date.now() + DAY_MS);
    const calls = await webhook.inbox.calls();
    expect(calls).toHaveLength(8);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
    // Signed anew each time, with the time of the call.
    expect(new Set(calls.map(({ timestamp }) => timestamp)).size).toBe(8);
    expect(await webhook.get()).toMatchObject({ enabled: true, failingSince: first.at });
    // It can still be had by hand.
    await webhook.inbox.answerWith();
    const resent = await app.api("POST", `/webhooks/${webhook.id}/attempts/${first.id}/resend`);
    expect(resent.body).toMatchObject({ status: "succeeded", messageId: first.messageId });
    expect((await webhook.get()).failingSince).toBeNull();
  });

  it("waits longer where Retry-After says so", async () => {
    const { app, webhook, first } = await createFailing({ status: 429, headers: { "retry-after": "3600" } });
    const waitMs = Date.parse(first.nextAttemptAt) - Date.parse(first.at);
    expect(waitMs).toBeGreaterThanOrEqual(HOUR_MS);
    expect(waitMs).toBeLessThan(HOUR_MS + 5 * SECOND_MS);
    await webhook.inbox.answerWith();
    expect(await alarmAt(app, webhook, Date.parse(first.nextAttemptAt))).toMatchObject({
      status: "succeeded",
    });
  });

  it("waits no shorter where Retry-After says so", async () => {
    const { first } = await createFailing({ status: 503, headers: { "retry-after": "1" } });
    expect(Date.parse(first.nextAttemptAt) - Date.parse(first.at)).toBeGreaterThanOrEqual(5 * SECOND_MS);
  });
});

describe("an endpoint that comes back", () => {
  it("gets what waited, once each, and isn't failing any more", async () => {
    const { app, webhook, first } = await createFailing();
    expect((await webhook.get()).failingSince).toBe(first.at);
    await webhook.inbox.answerWith();
    const attempt = await alarmAt(app, webhook, Date.parse(first.nextAttemptAt));
    expect(attempt).toMatchObject({ status: "succeeded", messageId: first.messageId });
    expect((await webhook.get()).failingSince).toBeNull();
    await alarmAt(app, webhook, Date.now() + DAY_MS);
    expect(await webhook.inbox.calls()).toHaveLength(2);
  });
});

describe("an endpoint that fails for five days", () => {
  it("is disabled and says so; enabled again it gets what waits", async () => {
    const { app, webhook, first } = await createFailing();
    const failingSince = Date.parse(first.at);
    // A day before, a failure changes nothing yet.
    await setClock(failingSince + 4 * DAY_MS, webhook);
    await send(app, "ann");
    await waitForCalls(webhook, 3);
    expect(await webhook.get()).toMatchObject({ enabled: true, failingSince: first.at });
    await setClock(failingSince + 5 * DAY_MS + MINUTE_MS, webhook);
    const id = await send(app, "bob");
    // It came before the endpoint was disabled.
    await vi.waitFor(
      async () => expect(await rowsIn(endpointStub(app, webhook), "events")).toBe(3),
      PATIENTLY,
    );
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(endpointStub(app, webhook));
      expect(await webhook.get()).toMatchObject({
        enabled: false,
        disabledReason: "failing",
        failingSince: first.at,
        disabledAt: new Date(Date.now()).toISOString(),
      });
    }, PATIENTLY);
    const [last] = await webhook.attempts();
    expect(last).toMatchObject({ status: "failed", nextAttemptAt: null });
    const before = (await webhook.inbox.calls()).length;
    // What waits doesn't go out.
    await alarmAt(app, webhook, Date.now() + HOUR_MS);
    expect(await webhook.inbox.calls()).toHaveLength(before);

    await webhook.inbox.answerWith();
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: true });
    const calls = await waitForCalls(webhook, before + 3);
    expect(await webhook.get()).toMatchObject({ enabled: true, failingSince: null, disabledReason: null });
    expect(calls.slice(before).map(({ body }) => body.data.id)).toContain(id);
    const [newest] = await waitForAttempts(webhook, before + 3);
    expect(newest).toMatchObject({ status: "succeeded" });
  });

  it("isn't, where one call succeeded in between", async () => {
    const { app, webhook, first } = await createFailing();
    await setClock(Date.parse(first.at) + 3 * DAY_MS, webhook);
    await webhook.inbox.answerWith();
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("succeeded");
    await webhook.inbox.answerWith({ status: 500 });
    await setClock(Date.parse(first.at) + 6 * DAY_MS, webhook);
    await send(app, "ann");
    await waitForAttempts(webhook, 3);
    expect(await webhook.get()).toMatchObject({ enabled: true });
    expect((await webhook.get()).failingSince).not.toBe(first.at);
  });
});

describe("an endpoint that was enabled by a call before the registry heard that it is disabled", () => {
  it("stays enabled", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const stub = endpointStub(app, webhook);
    // Its object is there, so that it can be cut off from the registry.
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    const restore = await runInDurableObject(stub, (instance) => {
      const holder = instance as unknown as { env: object };
      const { env } = holder;
      holder.env = { ...env, REGISTRY: unreachable() };
      return () => {
        holder.env = env;
      };
    });
    await webhook.inbox.answerWith({ status: 410, times: 1 });
    await send(app);
    await waitForAttempts(webhook, 2);
    await runDurableObjectAlarm(stub);
    restore();
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: true });
    expect((await waitForAttempts(webhook, 3))[0]).toMatchObject({ status: "succeeded" });
    await alarmAt(app, webhook, Date.now() + MINUTE_MS);
    expect(await webhook.get()).toMatchObject({ enabled: true, disabledReason: null });
  });
});

describe("an endpoint that answers 410", () => {
  it("is disabled at once", async () => {
    const { app, webhook, first } = await createFailing({ status: 410 });
    expect(first).toMatchObject({ httpStatus: 410, nextAttemptAt: null });
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(endpointStub(app, webhook));
      expect(await webhook.get()).toMatchObject({ enabled: false, disabledReason: "gone" });
    }, PATIENTLY);
  });
});

describe("a rotated secret's grace period", () => {
  it("ends", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const { body } = await app.api("POST", `/webhooks/${webhook.id}/rotate-secret`, { gracePeriodHours: 2 });
    await webhook.inbox.expectSecrets(webhook.secret, body.secret);
    await setClock(Date.now() + 2 * HOUR_MS - MINUTE_MS, webhook);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    await setClock(Date.now() + 2 * MINUTE_MS, webhook);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    expect((await webhook.inbox.calls()).map(({ verifiedBy }) => verifiedBy)).toEqual([[0, 1], [1]]);
    expect((await webhook.get()).previousSecretUntil).toBeNull();
  });
});

describe("calls and events that nobody took", () => {
  it("are kept for 30 days, whether they wait or have failed", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    const stub = endpointStub(app, webhook);
    // Ahead of every test before this one: ids are never older than those that were made already.
    const startedAt = Date.now() + 200 * DAY_MS;
    await setClock(startedAt, webhook);
    await webhook.inbox.answerWith({ status: 500 });
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("failed");
    await send(app);
    await waitForAttempts(webhook, 2);
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: false });
    // One that is in no call yet.
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO events (seq, id, type, at, bytes, body)
         SELECT next_seq, 'an event', 'notification.completed', ?, 2, '{}' FROM counters`,
        startedAt,
      );
      storage.sql.exec(
        "UPDATE counters SET next_seq = next_seq + 1, waiting = waiting + 1, waiting_bytes = waiting_bytes + 2",
      );
    });
    const kept = async () => [await rowsIn(stub, "calls"), await rowsIn(stub, "events")];
    await alarmAt(app, webhook, startedAt + 29.9 * DAY_MS);
    expect(await kept()).toEqual([2, 3]);
    expect((await webhook.get()).waitingEvents).toBe(2);
    await alarmAt(app, webhook, startedAt + 31 * DAY_MS);
    expect(await kept()).toEqual([0, 0]);
    expect((await webhook.get()).waitingEvents).toBe(0);
    expect(await rowsIn(stub, "counters WHERE waiting = 0 AND waiting_bytes = 0 AND failed_calls = 0")).toBe(
      1,
    );
  });
});

describe("attempts", () => {
  it("are kept for 30 days", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    // Ahead of every test before this one: ids are never older than those that were made already.
    const startedAt = Date.now() + 300 * DAY_MS;
    await setClock(startedAt, webhook);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    await setClock(startedAt + 20 * DAY_MS, webhook);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    await alarmAt(app, webhook, startedAt + 29.9 * DAY_MS);
    expect(await webhook.attempts()).toHaveLength(2);
    await alarmAt(app, webhook, startedAt + 31 * DAY_MS);
    expect(await webhook.attempts()).toHaveLength(1);
  });
});
