import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { addDevices, createPushApp } from "../support/push.ts";
import { shardStubOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

it("deleting a user leaves no variables of what was sent to that user alone", async () => {
  const account = await createPushApp(["fcm"]);
  const { app } = account;
  await addDevices(account, "mia", "fcm");
  const variables = { name: "Mia Muster, Secret Street 1" };
  const sent = await app.send({ template: { key: "order", variables }, targets: ["mia"], mode: "realtime" });
  await waitUntilCompleted(app, sent.body.notificationId);
  expect((await app.call("DELETE", "/v3/business-messaging/api/users/mia")).status).toBe(200);
  const shard = await shardStubOf(app, "mia");
  const rows = await runInDurableObject(shard, (_, { storage }) =>
    ["users", "deliveries", "pushes", "notifications"].map((table) =>
      JSON.stringify(storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
    ),
  );
  expect(rows.filter((text) => text.includes("Secret Street"))).toEqual([]);
});
