import { describe, expect, it } from "vitest";
import { createApp, createReadyApp } from "../support/api.ts";
import { createWebhook, waitForAttempts, waitForCalls } from "../support/webhooks.ts";

function realtimeTo(uid: string): object {
  return {
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: [uid],
    mode: "realtime",
  };
}

describe("POST {api}/webhooks/{id}/test", () => {
  it("sends a test event now and answers what came of it", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app, ["delivery.clicked"]);
    await webhook.inbox.answerWith({ status: 202, body: "thank you" });
    const { status, body } = await app.api("POST", `/webhooks/${webhook.id}/test`);
    expect(status).toBe(200);
    const [call] = await webhook.inbox.calls();
    expect(call?.body).toMatchObject({ type: "webhook.test", data: { webhookId: webhook.id } });
    expect(body).toEqual({
      id: expect.any(String),
      messageId: call?.id,
      type: "webhook.test",
      status: "succeeded",
      events: 1,
      httpStatus: 202,
      durationMs: expect.any(Number),
      response: "thank you",
      error: null,
      at: expect.any(String),
      nextAttemptAt: null,
    });
    expect(await webhook.attempts()).toEqual([body]);
  });

  it("says why it failed, repeats nothing, and doesn't count as a failing endpoint", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app);
    const test = async () => (await app.api("POST", `/webhooks/${webhook.id}/test`)).body;
    const long = "x".repeat(5000);
    await webhook.inbox.answerWith({ status: 500, body: long });
    expect(await test()).toMatchObject({ status: "failed", httpStatus: 500, response: long.slice(0, 1024) });
    // Where it leads wasn't checked.
    await webhook.inbox.answerWith({ status: 307, headers: { location: webhook.inbox.url } });
    expect(await test()).toMatchObject({ status: "failed", httpStatus: 307 });
    await webhook.inbox.answerWith({ drop: true });
    expect(await test()).toMatchObject({
      status: "failed",
      httpStatus: null,
      response: null,
      error: "the connection failed",
      nextAttemptAt: null,
    });
    expect(await webhook.inbox.calls()).toHaveLength(3);
    expect(await webhook.get()).toMatchObject({ enabled: true, failingSince: null });
  });

  it("reaches a disabled endpoint too: to see whether it may be enabled", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app);
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: false });
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("succeeded");
  });
});

describe("GET {api}/webhooks/{id}/attempts", () => {
  it("lists them newest first, page by page", async () => {
    const app = await createApp();
    const webhook = await createWebhook(app);
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      ids.unshift((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.id);
    }
    const path = `/webhooks/${webhook.id}/attempts?limit=3`;
    const first = await app.api("GET", path);
    const second = await app.api("GET", `${path}&cursor=${first.body.nextCursor}`);
    const listed = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
    expect(listed).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
    expect((await app.api("GET", `${path}&cursor=nonsense`)).status).toBe(400);
    expect((await app.api("GET", `/webhooks/${webhook.id}/attempts?limit=101`)).status).toBe(400);
  });
});

describe("POST {api}/webhooks/{id}/attempts/{attemptId}/resend", () => {
  it("sends the attempt's message again under its id; a success ends its retries", async () => {
    const app = await createReadyApp();
    const webhook = await createWebhook(app, ["notification.completed"]);
    await webhook.inbox.answerWith({ status: 503, times: 2 });
    await app.send(realtimeTo("mia"));
    const [failed] = await waitForCalls(webhook, 1);
    const [attempt] = await waitForAttempts(webhook, 1);
    expect(attempt).toMatchObject({ status: "failed", httpStatus: 503, messageId: failed?.id });
    expect((await webhook.get()).failingSince).toBe(attempt.at);
    const resend = () => app.api("POST", `/webhooks/${webhook.id}/attempts/${attempt.id}/resend`);
    expect((await resend()).body).toMatchObject({ status: "failed", httpStatus: 503, nextAttemptAt: null });
    expect((await resend()).body).toMatchObject({ status: "succeeded", messageId: failed?.id });
    const calls = await webhook.inbox.calls();
    expect(calls.map(({ id }) => id)).toEqual([failed?.id, failed?.id, failed?.id]);
    expect(calls[2]?.body).toEqual(failed?.body);
    expect((await webhook.get()).failingSince).toBeNull();
    // Nothing is kept of what was taken.
    const again = await resend();
    expect([again.status, again.body.error.code]).toEqual([409, "ERR_CONFLICT"]);
  });

  it("knows no attempt of another endpoint", async () => {
    const app = await createApp();
    const [one, other] = [await createWebhook(app), await createWebhook(app)];
    const { body } = await app.api("POST", `/webhooks/${one.id}/test`);
    const answer = await app.api("POST", `/webhooks/${other.id}/attempts/${body.id}/resend`);
    expect([answer.status, answer.body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
  });
});
