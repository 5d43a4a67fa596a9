import { runInDurableObject } from "cloudflare:test";
import { inject } from "vitest";
import { shardOfUser } from "../../src/model/user-hash.ts";
import { type Answer, type Body, createApp, createTemplate, type TestApp } from "./api.ts";
import { bindings } from "./faults.ts";
import { checkPayload } from "./payloads.ts";
import { recordOf } from "./users.ts";
import { createInbox, type Inbox } from "./webhook-receiver/client.ts";

/** The content of {@link createWebhookApp}'s template in its webhook channel. */
const CONTENT = { text: "Hello {{name}}", order: "{{orderId}}" };

/** An app whose template "order" goes to an in-app and a webhook channel, and the inbox that its users' URLs are. */
export interface WebhookApp {
  app: TestApp;
  /** As the creation's answer shows it. */
  channel: Body;
  inbox: Inbox;
}

export async function createWebhookApp(): Promise<WebhookApp> {
  const [app, inbox] = await Promise.all([createApp(), createInbox(inject("receiverUrl"), checkPayload)]);
  await app.api("POST", "/channels", { name: "In-app alerts", type: "in_app" });
  const channel = await app.api("POST", "/channels", { name: "Hooks", type: "webhook" });
  if (channel.status !== 201) throw new Error(`No channel: ${JSON.stringify(channel.body)}`);
  await inbox.expectSecrets(channel.body.secret);
  await createTemplate(app, {
    key: "order",
    channelKeys: ["in-app-alerts", "hooks"],
    content: { "in-app-alerts": { text: "Hello {{name}}" }, hooks: CONTENT },
    variableSchema: { name: { type: "string" }, orderId: { type: "string", required: false } },
  });
  return { app, channel: channel.body, inbox };
}

/** `PUT /v3/users/{uid}/addresses/webhook` */
export function putAddress(app: TestApp, uid: string, url: unknown): Promise<Answer> {
  return app.call("PUT", `/v3/users/${encodeURIComponent(uid)}/addresses/webhook`, { url });
}

/** Gives each of these users the inbox as address, so many at once. */
export async function addAddresses({ app, inbox }: WebhookApp, uids: readonly string[]): Promise<void> {
  const left = [...uids];
  const putNext = async (): Promise<void> => {
    for (let uid = left.pop(); uid !== undefined; uid = left.pop()) {
      const answer = await putAddress(app, uid, inbox.url);
      if (answer.status !== 201) throw new Error(`No address: ${JSON.stringify(answer.body)}`);
    }
  };
  await Promise.all(Array.from({ length: 50 }, putNext));
}

/** The same for thousands: a row as a call has written it, copied for each in the shard that its user hashes to. */
export async function fillAddresses(account: WebhookApp, uids: readonly string[]): Promise<void> {
  const { app } = account;
  await addAddresses(account, [TEMPLATE_USER]);
  const stubOf = (shard: number) => bindings.USER_SHARD.getByName(`${app.id}:${shard}`);
  const columns = "address_key, id, provider, scope, address, version, created_at, updated_at, channel_type";
  const record = await recordOf(app);
  const [row] = await runInDurableObject(stubOf(shardOfUser(TEMPLATE_USER, record)), (_, { storage }) => [
    ...storage.sql.exec(`SELECT ${columns} FROM devices WHERE user_id = ?`, TEMPLATE_USER).raw(),
  ]);
  if (row === undefined) throw new Error("No row to copy");
  for (const [shard, users] of Map.groupBy(uids, (uid) => shardOfUser(uid, record))) {
    await runInDurableObject(stubOf(shard), (_, { storage }) => {
      const values = row.map(() => "?").join();
      const sql = `INSERT INTO devices (user_id, ${columns}) SELECT value, ${values} FROM json_each(?)`;
      storage.sql.exec(sql, ...row, JSON.stringify(users));
    });
  }
}

const TEMPLATE_USER = "whose row is copied";

/** The webhook channel's counts as they are now. */
export async function hookCounts(app: TestApp, id: string): Promise<Body> {
  return (await app.notification(id)).counts.hooks;
}

/** The webhook channel's delivery to a user, as the log has it. */
export async function hookDelivery(app: TestApp, id: string, uid: string): Promise<Body> {
  const path = `/notifications/${id}/deliveries?userId=${encodeURIComponent(uid)}&channel=hooks`;
  return (await app.api("GET", path)).body.data[0];
}
