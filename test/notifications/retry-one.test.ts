import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keys } from "../../src/model/keys.ts";
import type { TestApp } from "../support/api.ts";
import { CapturingQueue, callWith, consume, consumeAll } from "../support/faults.ts";
import { addDevices, createPushApp, type PushApp, sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** A retry of what failed for one user. */

const UIDS = Array.from({ length: 30 }, (_, index) => `user-${index}`);

/** A push app whose provider refused every push of a send to these users. */
async function refused(): Promise<PushApp & { id: string }> {
  const account = await createPushApp(["fcm"]);
  await Promise.all(UIDS.map((uid) => addDevices(account, uid, "fcm")));
  await account.project.setFaults([{ provider: "fcm", status: 400 }]);
  const id = await sendToMany(account.app, UIDS);
  await waitUntilCompleted(account.app, id);
  await account.project.setFaults([]);
  return { ...account, id };
}

const retry = (app: TestApp, id: string, body: object) => app.api("POST", `/notifications/${id}/retry`, body);

async function pushesOf(app: TestApp, id: string) {
  return (await app.notification(id)).counts["mobile-push"];
}

describe("a retry for one user", () => {
  it("sends to this user alone, and leaves all that failed else as it is", async () => {
    const { app, id } = await refused();
    const answer = await retry(app, id, { userId: "user-3" });
    expect([answer.status, answer.body.state, answer.body.attempt]).toEqual([200, "sending", 2]);
    await waitUntilCompleted(app, id);
    expect(await pushesOf(app, id)).toMatchObject({ delivered: 1, failed: { provider_rejected: 29 } });
    const { body } = await app.api("GET", `/notifications/${id}/deliveries?userId=user-3`);
    expect(body.data.map(({ status }: { status: string }) => status)).toEqual(["delivered", "delivered"]);
    // The others can be retried as ever, also those who share the user's shard.
    expect((await retry(app, id, {})).body.attempt).toBe(3);
    await waitUntilCompleted(app, id);
    expect(await pushesOf(app, id)).toMatchObject({ delivered: 30, failed: {} });
    expect((await app.audit(id)).isEqual).toBe(true);
  });

  it("opens no attempt where nothing of theirs failed, or not for these reasons", async () => {
    const { app, id } = await refused();
    for (const body of [{ userId: "nobody" }, { userId: "user-1", reasons: ["expired"] }]) {
      const { status, body: refusal } = await retry(app, id, body);
      expect([status, refusal.error.code]).toEqual([409, "ERR_CONFLICT"]);
    }
    expect((await app.notification(id)).attempt).toBe(1);
    const wrong = await retry(app, id, { userId: "" });
    expect([wrong.status, Object.keys(wrong.body.error.details)]).toEqual([400, ["userId"]]);
  });

  it("isn't repeated for anybody by a message that comes again when it is done; the ledger forgets the user", async () => {
    const { app, id } = await refused();
    const queue = new CapturingQueue();
    const binding = { DELIVERIES_NORMAL: queue.binding };
    await callWith(binding, app, "POST", `/notifications/${id}/retry`, { userId: "user-5" });
    const again = [...queue.messages];
    expect(again.length).toBeGreaterThan(0);
    await consumeAll(queue);
    await waitUntilCompleted(app, id);
    const counts = await pushesOf(app, id);
    await consume(again);
    expect(await pushesOf(app, id)).toEqual(counts);
    expect((await app.audit(id)).isEqual).toBe(true);
    const day = new Date().toISOString().slice(0, 10);
    const rows = await runInDurableObject(env.LEDGER.getByName(keys.ledger(app.id, day)), (_, { storage }) =>
      storage.sql.exec("SELECT user_id FROM retries").toArray(),
    );
    expect(rows).toEqual([{ user_id: "" }]);
    const { body } = await app.api("GET", "/audit-log?action=notification.retried");
    expect(body.data[0].details).toEqual({ attempt: 2, reasons: null, users: 1 });
  });

  it("goes for a realtime send to one as well", async () => {
    const account = await createPushApp(["fcm"]);
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([{ provider: "fcm", status: 400 }]);
    const id = await sendToOne(account.app, "mia");
    await waitUntilCompleted(account.app, id);
    await account.project.setFaults([]);
    expect((await retry(account.app, id, { userId: "leo" })).status).toBe(409);
    expect((await retry(account.app, id, { userId: "mia" })).status).toBe(200);
    await waitUntilCompleted(account.app, id);
    expect(await pushesOf(account.app, id)).toMatchObject({ delivered: 1, failed: {} });
  });
});
