import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { createApp, createTemplate, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume } from "../support/faults.ts";
import { wake } from "../support/objects.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Each channel's content is just under its limit, and all of them fill the body of a template's call. */
const CHANNELS = 31;
const TEXT_LENGTH = 32 * 1024 - 100;

const channelKeys = Array.from({ length: CHANNELS }, (_, index) => `channel-${index}`);

/** An app whose template says "Hello {{name}}" and then as much as it may, in as many channels as fit. */
async function createLargeApp(): Promise<TestApp> {
  const app = await createApp();
  for (const key of channelKeys) await app.api("POST", "/channels", { name: key, key, type: "in_app" });
  await createTemplate(app, {
    key: "large",
    channelKeys,
    content: Object.fromEntries(
      channelKeys.map((key) => [key, { text: `Hello {{name}} ${"x".repeat(TEXT_LENGTH)}` }]),
    ),
    variableSchema: { name: { type: "string" } },
  });
  return app;
}

const ledgerOf = (app: TestApp, id: string) =>
  bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));

const storedPlan = (app: TestApp, id: string): Promise<string> =>
  runInDurableObject(ledgerOf(app, id), (_, { storage }) => {
    const sql = "SELECT plan FROM plans WHERE notification_id = ?";
    return storage.sql.exec<{ plan: string }>(sql, id).one().plan;
  });

const largeBatch = { template: { key: "large", variables: { ada: { name: "Ada" } } }, targets: ["ada"] };

async function textOf(app: TestApp, uid: string): Promise<string> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data[0].content.text;
}

describe("what a plan renders with", () => {
  it("lies in R2 and not in the ledger where it is large, so a batch fits whatever its template says", async () => {
    const app = await createLargeApp();
    const sent = await app.send({ ...largeBatch, mode: "batch" });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    expect((await textOf(app, "ada")).slice(0, 10)).toBe("Hello Ada ");
    expect((await storedPlan(app, id)).length).toBeLessThan(8192);
    const object = await bindings.TARGETS.head(keys.r2Plan(app.id, id));
    expect(object?.size).toBeGreaterThan(CHANNELS * TEXT_LENGTH);
  });

  it("ends with the ledger, as the audience beside it", async () => {
    const app = await createLargeApp();
    const sent = await app.send({ ...largeBatch, mode: "batch" });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    await wake(ledgerOf(app, id), "delete");
    const { objects } = await bindings.TARGETS.list({ prefix: `audiences/${app.id}/` });
    expect(objects).toEqual([]);
  });

  it("is written down before a realtime send to several is, where it is large", async () => {
    const app = await createLargeApp();
    const message = {
      templateId: "large",
      receivers: ["ada", "bob"],
      variables: { ada: { name: "Ada" }, bob: { name: "Bob" } },
    };
    const path = "/v3/campaigns/notifications/messages";
    const sent = await app.call("POST", path, message);
    const id = sent.body.data.notificationId;
    await waitUntilCompleted(app, id);
    expect(await bindings.TARGETS.head(keys.r2Plan(app.id, id))).not.toBeNull();
    expect((await storedPlan(app, id)).length).toBeLessThan(8192);
    expect((await textOf(app, "bob")).slice(0, 10)).toBe("Hello Bob ");
  });

  it("is found where an earlier version left it: in the ledger", async () => {
    const app = await createLargeApp();
    const queue = new CapturingQueue();
    const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
      ...largeBatch,
      mode: "batch",
    });
    const id = sent.body.notificationId;
    const key = keys.r2Plan(app.id, id);
    const details = await (await bindings.TARGETS.get(key))?.json<{ columns: string[] }>();
    const { columns: _, ...rest } = details ?? {};
    await runInDurableObject(ledgerOf(app, id), (_instance, { storage }) => {
      const sql = "UPDATE plans SET plan = json_patch(plan, ?) WHERE notification_id = ?";
      storage.sql.exec(sql, JSON.stringify(rest), id);
    });
    await bindings.TARGETS.delete(key);
    await consume(queue.messages);
    await waitUntilCompleted(app, id);
    expect((await textOf(app, "ada")).slice(0, 10)).toBe("Hello Ada ");
  });
});
