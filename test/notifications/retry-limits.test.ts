import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { createApp, createTemplate } from "../support/api.ts";
import { CapturingQueue, callWith, consumeAll } from "../support/faults.ts";
import { addDevices, createPushApp, sendToMany } from "../support/push.ts";
import { shardStubOf, usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

it("a retried chunk whose contents are more than one call may carry arrives", async () => {
  const app = await createApp();
  for (const name of ["One", "Two", "Three"]) await app.api("POST", "/channels", { name, type: "in_app" });
  const text = "x".repeat(31_000);
  await createTemplate(app, {
    key: "large",
    channelKeys: ["one", "two", "three"],
    content: { one: { text }, two: { text }, three: { text } },
    variableSchema: {},
  });
  const queue = new CapturingQueue();
  const held = { DELIVERIES_NORMAL: queue.binding };
  const targets = await usersOfShard(app, 7, 400);
  const expiresAt = new Date(Date.now() + 120_000).toISOString();
  const body = { template: { key: "large" }, targets, mode: "batch", expiresAt };
  const sent = await callWith(held, app, "POST", "/notifications/send", body);
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  const id = sent.body.notificationId;
  // The queue was slow: all of it has expired.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 121_000 });
  expect(await consumeAll(queue)).toMatchObject({ retried: 0 });
  const before = await waitUntilCompleted(app, id);
  for (const channel of ["one", "two", "three"])
    expect(before.counts[channel].failed).toEqual({ expired: 400 });

  expect((await callWith(held, app, "POST", `/notifications/${id}/retry`)).status).toBe(200);
  expect(await consumeAll(queue)).toMatchObject({ retried: 0 });
  const after = await waitUntilCompleted(app, id);
  for (const channel of ["one", "two", "three"]) expect(after.counts[channel].delivered).toBe(400);
});

it("a retry of what is past its retention is refused, or at least completes", async () => {
  const account = await createPushApp(["fcm"]);
  const { app, project } = account;
  await addDevices(account, "mia", "fcm");
  await project.setFaults([{ provider: "fcm", status: 400 }]);
  const id = await sendToMany(app, ["mia"]);
  await waitUntilCompleted(app, id);
  await project.setFaults([]);
  // The ledger lives 30 days longer than the deliveries.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 92 * DAY_MS });
  await runDurableObjectAlarm(await shardStubOf(app, "mia"));
  const answer = await app.api("POST", `/notifications/${id}/retry`);
  if (answer.status === 200) await waitUntilCompleted(app, id, 8000);
  else expect(answer.status).toBe(409);
});
