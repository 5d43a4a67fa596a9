import { expect, it } from "vitest";
import type { Body } from "../support/api.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";

it("a deactivated user isn't pushed to, and finds the rest in the feed when active again", async () => {
  const account = await createPushApp(["fcm"]);
  const { app, project } = account;
  await app.api("POST", "/users", { uid: "mia" });
  for (const uid of ["mia", "leo"]) await addDevices(account, uid, "fcm");
  expect((await app.call("DELETE", "/v3/users/mia")).status).toBe(200);
  const toOne = await sendToOne(app, "mia");
  const toMany = await sendToMany(app, ["mia", "leo"]);
  const [one, many] = [await waitUntilCompleted(app, toOne), await waitUntilCompleted(app, toMany)];
  expect(one.counts["mobile-push"]).toMatchObject({ delivered: 0, skipped: { user_deactivated: 1 } });
  expect(many.counts["mobile-push"]).toMatchObject({ delivered: 1, skipped: { user_deactivated: 1 } });
  expect(many.counts["in-app-alerts"]).toMatchObject({ delivered: 2 });
  for (const id of [toOne, toMany]) expect((await app.audit(id)).isEqual).toBe(true);
  const log = await app.api("GET", `/notifications/${toOne}/deliveries?channel=mobile-push`);
  expect(log.body.data).toMatchObject([{ userId: "mia", status: "skipped", reason: "user_deactivated" }]);
  expect((await project.received()).received).toHaveLength(1);

  expect((await app.call("PUT", "/v3/users", { uidsToActivate: ["mia"] })).status).toBe(200);
  const feed: Body[] = (await (await app.asUser("mia"))("GET", "/feed")).body.data;
  expect(feed.map(({ notificationId }) => notificationId).sort()).toEqual([toOne, toMany].sort());
  const again = await waitUntilCompleted(app, await sendToOne(app, "mia"));
  expect(again.counts["mobile-push"]).toMatchObject({ delivered: 1 });
});
