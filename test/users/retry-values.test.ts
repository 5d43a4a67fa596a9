import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { wake } from "../support/objects.ts";
import { addDevices, createPushApp, type PushApp, sendToOne } from "../support/push.ts";
import { findText } from "../support/stored-text.ts";
import { shardOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const SECRET = "Secret Street 1";

afterEach(() => {
  vi.useRealTimers();
});

/** A push app whose provider refuses everything. */
async function createRefusedApp(uids: readonly string[]): Promise<PushApp> {
  const account = await createPushApp(["fcm"]);
  for (const uid of uids) await addDevices(account, uid, "fcm");
  await account.project.setFaults([{ provider: "fcm", status: 400 }]);
  return account;
}

const passDays = (days: number) => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * DAY_MS });
};

describe("the variables of a realtime send that failed are kept until no retry is possible", () => {
  it("to one: in the shard", async () => {
    const { app } = await createRefusedApp(["mia"]);
    const template = { key: "order", variables: { name: "Mia", orderId: SECRET } };
    const id = await sendToOne(app, "mia", { template });
    await waitUntilCompleted(app, id);
    const name = `${app.id}:${await shardOf(app, "mia")}`;
    const places = () => findText(env.USER_SHARD, [name], SECRET);
    for (const [days, found] of [
      [87, ["notifications.target_values"]],
      [2, []],
    ] as const) {
      passDays(days);
      await wake(env.USER_SHARD.getByName(name), "values");
      expect(await places()).toEqual(found);
    }
    vi.useRealTimers();
    passDays(89);
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(409);
  });

  it("to several: in the ledger", async () => {
    const { app } = await createRefusedApp(["mia", "leo"]);
    const sent = await app.call("POST", "/v3/campaigns/notifications/messages", {
      templateId: "order",
      receivers: ["mia", "leo"],
      variables: { mia: { name: "Mia", orderId: SECRET }, leo: { name: "Leo" } },
    });
    const id = sent.body.data.notificationId;
    await waitUntilCompleted(app, id);
    const ledger = parseNotificationId(id);
    if (ledger === null) throw new Error("No notification id");
    const name = keys.ledger(app.id, ledger.day, ledger.slot);
    const places = () => findText(env.LEDGER, [name], SECRET);
    for (const [days, found] of [
      [87, ["plans.plan"]],
      [3, []],
    ] as const) {
      passDays(days);
      await runDurableObjectAlarm(env.LEDGER.getByName(name));
      expect(await places()).toEqual(found);
    }
  });
});
