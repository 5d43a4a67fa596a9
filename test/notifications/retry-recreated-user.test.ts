import { expect, it } from "vitest";
import { addDevices, createPushApp, sendToMany } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

it("a retry reaches a user who was deleted before the send and created again", async () => {
  const account = await createPushApp(["fcm"]);
  const { app, project } = account;
  expect(
    (await app.call("POST", "/v3/business-messaging/api/users", { uid: "mia", name: "Mia" })).status,
  ).toBe(201);
  expect((await app.call("DELETE", "/v3/business-messaging/api/users/mia")).status).toBe(200);
  expect(
    (await app.call("POST", "/v3/business-messaging/api/users", { uid: "mia", name: "Mia again" })).status,
  ).toBe(201);
  await addDevices(account, "mia", "fcm");
  await project.setFaults([{ provider: "fcm", status: 400 }]);
  const id = await sendToMany(app, ["mia"]);
  const before = await waitUntilCompleted(app, id);
  expect(before.counts["mobile-push"]).toMatchObject({ failed: { provider_rejected: 1 } });
  await project.setFaults([]);
  expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
  const after = await waitUntilCompleted(app, id);
  expect(after.counts["mobile-push"]).toMatchObject({ delivered: 1, failed: {} });
});
