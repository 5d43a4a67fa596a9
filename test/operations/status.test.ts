import { describe, expect, it, vi } from "vitest";
import { type Body, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { CapturingQueue, callWith, consume } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, sendToMany } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

async function statusOf({ id }: TestApp): Promise<Body> {
  const { status, body } = await callAsAdmin("GET", `/admin/apps/${id}/status`);
  expect(status).toBe(200);
  return body;
}

const BATCH = {
  template: { key: "order-confirmation", variables: { mia: { customerName: "Mia", orderId: "1" } } },
  targets: ["mia"],
  mode: "batch",
};

describe("an app's status", () => {
  it("is quiet where all is done", async () => {
    const app = await createReadyApp();
    const { body } = await app.send(BATCH);
    await waitUntilCompleted(app, body.notificationId);
    expect(await statusOf(app)).toEqual({
      app: { id: app.id, name: "Test app" },
      uncompleted: 0,
      oldestUncompleted: null,
      redrivenChunks: 0,
      deadLetters: 0,
      probedProviders: [],
      secrets: "current",
      largestObjects: expect.any(Array),
    });
  });

  it("has the oldest notification that isn't completed, and what was sent again for it", async () => {
    const app = await createReadyApp();
    const queue = new CapturingQueue();
    const replaced = { DELIVERIES_NORMAL: queue.binding };
    const ids: string[] = [];
    for (let count = 0; count < 2; count++) {
      const sent = await callWith(replaced, app, "POST", "/notifications/send", BATCH);
      ids.push(sent.body.notificationId);
    }
    const during = await statusOf(app);
    expect(during).toMatchObject({ uncompleted: 2, oldestUncompleted: { id: ids[0] } });
    expect(Date.parse(during.oldestUncompleted.createdAt)).toBeLessThanOrEqual(Date.now());
    for (const id of ids) await waitUntilCompleted(app, id);
    await vi.waitFor(async () => {
      expect(await statusOf(app)).toMatchObject({ uncompleted: 0, redrivenChunks: 2 });
    }, PATIENTLY);
  });

  it("counts dead letters of chunks and pushes; one that can't be read is only logged", async () => {
    const app = await createReadyApp();
    const { body } = await app.send(BATCH);
    const id = body.notificationId;
    await waitUntilCompleted(app, id);
    const chunk = { offset: 0, length: 1, runs: [{ shard: 0, rows: 1 }] };
    const letters = [
      { version: 1, appId: app.id, notificationId: id, chunk },
      { version: 1, appId: app.id, notificationId: id, shard: 0, channelKey: "mobile-push" },
      { version: 1, appId: app.id, notificationId: "nonsense", chunk },
      "nonsense",
    ];
    await consume(letters, {}, "onecall-dead-letters");
    expect(await statusOf(app)).toMatchObject({ deadLetters: 2 });
  });

  it("names the providers that are being probed", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    const uids = Array.from({ length: 8 }, (_, index) => `user-${index}`);
    for (const uid of uids) await addDevices(account, uid, "fcm");
    await project.setFaults([{ provider: "fcm", status: 503 }]);
    const id = await sendToMany(app, uids);
    await vi.waitFor(async () => {
      const { probedProviders } = await statusOf(app);
      expect(probedProviders).toEqual([
        { channelKey: "mobile-push", scope: "fcm", shards: expect.any(Number) },
      ]);
    }, PATIENTLY);
    await project.setFaults([]);
    await waitUntilCompleted(app, id);
    await vi.waitFor(
      async () => expect(await statusOf(app)).toMatchObject({ probedProviders: [] }),
      PATIENTLY,
    );
  });
});

it("the status of all apps comes in pages", async () => {
  await createReadyApp();
  await createReadyApp();
  const first = await callAsAdmin("GET", "/admin/status?limit=1");
  expect(first.status).toBe(200);
  expect(first.body.data).toHaveLength(1);
  const second = await callAsAdmin("GET", `/admin/status?limit=1&cursor=${first.body.nextCursor}`);
  expect(second.body.data[0].app.id).not.toBe(first.body.data[0].app.id);
  expect((await callAsAdmin("GET", "/admin/status?limit=11")).status).toBe(400);
});
