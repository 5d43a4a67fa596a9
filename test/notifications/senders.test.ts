import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import {
  ADMIN_TOKEN,
  API,
  type Body,
  call,
  callAsAdmin,
  createReadyApp,
  type TestApp,
} from "../support/api.ts";
import { readAuditLog } from "../support/audit-log.ts";
import { callFromPage, OWN_PAGE, signIn } from "../support/dashboard.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Who sent a notification, as it is shown to who reads it. */

const VARIABLES = { customerName: "Mia", orderId: "A-1" };

function bodyOf(mode: "realtime" | "batch"): object {
  const variables = mode === "realtime" ? VARIABLES : { mia: VARIABLES };
  return { template: { key: "order-confirmation", variables }, targets: ["mia"], mode };
}

async function senderOf(app: TestApp, id: string): Promise<Body> {
  const { sentBy } = await app.notification(id);
  const { body } = await app.api("GET", "/notifications?limit=100");
  expect(body.data.find((one: Body) => one.id === id).sentBy).toEqual(sentBy);
  return sentBy;
}

async function sendByPage(cookie: string, body: object, more: Record<string, string> = {}): Promise<string> {
  const headers = { ...OWN_PAGE, cookie, ...more };
  const answer = await callFromPage("POST", `${API}/notifications/send`, { headers, body });
  expect(answer.status).toBe(200);
  return answer.body.notificationId;
}

it.each(["realtime", "batch"] as const)(
  "a %s send names its key, also after that was revoked",
  async (mode) => {
    const app = await createReadyApp();
    const made = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "shop server",
      scopes: ["send"],
    });
    const headers = { apikey: made.body.apiKey };
    const { body } = await call("POST", `${API}/notifications/send`, { headers, body: bodyOf(mode) });
    await waitUntilCompleted(app, body.notificationId);
    const { id: keyId, key } = made.body;
    const shown = { type: "api_key", key, keyId, name: "shop server", via: "api" };
    expect(await senderOf(app, body.notificationId)).toEqual(shown);
    await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${keyId}`);
    expect(await senderOf(app, body.notificationId)).toEqual(shown);
    const [line] = await readAuditLog(app, { actor: keyId, action: "notification.sent" });
    expect([line.target.id, line.actor]).toEqual([body.notificationId, { type: "api_key", key, keyId }]);
  },
);

it("a vendor's form names the key as well", async () => {
  const app = await createReadyApp();
  const answer = await call("POST", "/v1/notifications/messages", {
    headers: { "api-token": app.apiKey },
    body: {
      template: { key: "order-confirmation", variables: { mia: VARIABLES } },
      targets: ["mia"],
      mode: "realtime",
    },
  });
  const id = answer.body.notification_id ?? answer.body.id;
  await waitUntilCompleted(app, id);
  expect(await senderOf(app, id)).toMatchObject({ name: "default", via: "api" });
});

it("a send by the dashboard says so: by whose key, or by the operator", async () => {
  const app = await createReadyApp();
  const asKey = await signIn({ token: app.apiKey });
  const byKey = await sendByPage(asKey.cookie, bodyOf("realtime"));
  const [key] = (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;
  await waitUntilCompleted(app, byKey);
  expect(await senderOf(app, byKey)).toEqual({
    type: "api_key",
    key: key.key,
    keyId: key.id,
    name: "default",
    via: "dashboard",
  });
  const asOperator = await signIn({ token: ADMIN_TOKEN });
  const byOperator = await sendByPage(asOperator.cookie, bodyOf("batch"), { appid: app.id });
  await waitUntilCompleted(app, byOperator);
  expect(await senderOf(app, byOperator)).toEqual({
    type: "admin",
    key: null,
    keyId: null,
    name: null,
    via: "dashboard",
  });
  const [line] = await readAuditLog(app, { actor: "admin", action: "notification.sent" });
  expect([line.target.id, line.details.via]).toEqual([byOperator, "dashboard"]);
});

it("what an earlier version accepted has the key's last four characters", async () => {
  const app = await createReadyApp();
  const { body } = await app.send(bodyOf("batch"));
  const id = body.notificationId;
  await waitUntilCompleted(app, id);
  const ledger = env.LEDGER.getByName(`${app.id}:${new Date().toISOString().slice(0, 10)}`);
  await runInDurableObject(ledger, (_, { storage }) => {
    storage.sql.exec("UPDATE notifications SET header = json_remove(header, '$.sender') WHERE id = ?", id);
  });
  const key = `****${app.apiKey.slice(-4)}`;
  expect(await senderOf(app, id)).toEqual({ type: "api_key", key, keyId: null, name: null, via: null });
  expect((await readAuditLog(app, { actor: key, targetId: id })).map((line: Body) => line.id)).toEqual([id]);
});
