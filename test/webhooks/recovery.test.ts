import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import {
  createWebhook,
  endpointStub,
  type TestWebhook,
  waitForAttempts,
  waitForCalls,
} from "../support/webhooks.ts";

/** What an endpoint hasn't taken is sent again, all of it since a time. */

const EVENT = "notification.completed";

async function send(app: TestApp): Promise<string> {
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "A-1" } },
    targets: ["mia"],
    mode: "realtime",
  });
  return body.notificationId;
}

/** An endpoint that has refused `count` calls. */
async function createRefusing(
  count: number,
): Promise<{ app: TestApp; webhook: TestWebhook; sent: string[] }> {
  const app = await createReadyApp();
  const webhook = await createWebhook(app, [EVENT]);
  await webhook.inbox.answerWith({ status: 500 });
  const sent: string[] = [];
  for (let index = 0; index < count; index++) {
    sent.push(await send(app));
    await waitForAttempts(webhook, index + 1);
  }
  return { app, webhook, sent };
}

/** As after a day of attempts: the calls have failed for good. */
async function giveUp(app: TestApp, webhook: TestWebhook): Promise<void> {
  await runInDurableObject(endpointStub(app, webhook), (_, { storage: { sql } }) => {
    sql.exec("UPDATE calls SET status = 'failed', tries = 8, next_at = NULL");
    sql.exec(
      `UPDATE counters SET failed_calls = (SELECT COUNT(*) FROM calls), waiting = 0, waiting_bytes = 0`,
    );
  });
}

const recover = (app: TestApp, { id }: TestWebhook, since: string) =>
  app.api("POST", `/webhooks/${id}/recover`, { since });

const idsOf = (calls: { body: Body }[]) => calls.map(({ body }) => body.data.id);

describe("POST {api}/webhooks/{id}/recover", () => {
  it("sends again what had failed for good since then, and counts it as waiting until it is taken", async () => {
    const { app, webhook, sent } = await createRefusing(2);
    await giveUp(app, webhook);
    const since = (await webhook.attempts())[0].at;
    // Later than the first event, at most as late as the second.
    const [, second] = sent;
    const { createdAt } = await app.notification(second ?? "");
    await webhook.inbox.answerWith({ status: 204 });
    expect((await recover(app, webhook, "2099-01-01")).body).toEqual({ recovered: 0, hasMore: false });
    expect(Date.parse(createdAt)).toBeLessThanOrEqual(Date.parse(since));
    expect((await recover(app, webhook, createdAt)).body).toEqual({ recovered: 1, hasMore: false });
    const calls = await waitForCalls(webhook, 3, EVENT);
    expect(idsOf(calls).slice(2)).toEqual([second]);
    expect((await recover(app, webhook, "2020-01-01")).body).toEqual({ recovered: 1, hasMore: false });
    expect(idsOf(await waitForCalls(webhook, 4, EVENT)).sort()).toEqual([...sent, ...sent].sort());
    await waitForAttempts(webhook, 4);
    const rows = await runInDurableObject(endpointStub(app, webhook), (_, { storage: { sql } }) =>
      sql.exec("SELECT waiting, waiting_bytes, failed_calls FROM counters").one(),
    );
    expect(rows).toEqual({ waiting: 0, waiting_bytes: 0, failed_calls: 0 });
  });

  it("sends at once what waits for its next attempt", async () => {
    const { app, webhook, sent } = await createRefusing(1);
    await webhook.inbox.answerWith({ status: 204 });
    expect((await recover(app, webhook, "2020-01-01")).body).toEqual({ recovered: 0, hasMore: false });
    expect(idsOf(await waitForCalls(webhook, 2, EVENT))).toEqual([...sent, ...sent]);
  });

  it("leaves failed tests, and refuses a disabled endpoint, one that there isn't, and wrong times", async () => {
    const { app, webhook } = await createRefusing(0);
    await app.api("POST", `/webhooks/${webhook.id}/test`);
    expect((await recover(app, webhook, "2020-01-01")).body).toEqual({ recovered: 0, hasMore: false });
    await app.api("PUT", `/webhooks/${webhook.id}`, { enabled: false });
    const refused = await recover(app, webhook, "2020-01-01");
    expect([refused.status, refused.body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    const wrong = await recover(app, webhook, "yesterday");
    expect([wrong.status, Object.keys(wrong.body.error.details)]).toEqual([400, ["since"]]);
    expect((await recover(app, { ...webhook, id: "nope" }, "2020-01-01")).status).toBe(404);
  });
});
