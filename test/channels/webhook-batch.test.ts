import { expect, it } from "vitest";
import { sendToMany } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import { createWebhookApp, fillAddresses, hookCounts } from "../support/webhook-channel.ts";

it("a batch of 10,000 reaches its receiver once by message id", { timeout: 300_000 }, async () => {
  const account = await createWebhookApp();
  const { app, inbox } = account;
  const uids = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
  await fillAddresses(account, uids);
  // Some are to be asked again: what comes then is what came before.
  await inbox.answerWith({ status: 503, times: 20 });
  const id = await sendToMany(app, uids);
  await waitUntilCompleted(app, id, 240_000);
  expect(await hookCounts(app, id)).toMatchObject({
    total: 10_000,
    delivered: 10_000,
    failed: {},
    pending: 0,
  });
  const calls = await inbox.calls();
  const taken = calls.filter(({ answered }) => answered === 200);
  expect(taken).toHaveLength(10_000);
  expect(new Set(taken.map((call) => call.id)).size).toBe(10_000);
  expect(new Set(calls.map((call) => call.id)).size).toBe(10_000);
  expect(new Set(taken.map(({ body }) => body.data.userId))).toEqual(new Set(uids));
});
