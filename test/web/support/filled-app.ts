import { setTimeout as delay } from "node:timers/promises";
import { Onecall } from "../../../src/client/index.ts";
import type { TestWorker } from "../../support/worker/start.ts";

/** An app with what one has after some days: sends that went well, some that didn't, users, a template. */
export interface FilledApp {
  id: string;
  apiKey: string;
  onecall: Onecall;
  /** Without failures, and with: one user lacks a variable. */
  good: string;
  bad: string;
}

/** What a user, a tag or a title may be called, and a page must show as text. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

export async function fillApp(
  { url, adminToken }: Pick<TestWorker, "url" | "adminToken">,
  name = "Shop",
): Promise<FilledApp> {
  const admin = new Onecall({ url, adminToken });
  const { id, apiKey } = await admin.admin.createApp({ name, shardCount: 16 });
  const onecall = new Onecall({ url, apiKey });
  await onecall.channels.create({ name: "In-app alerts", type: "in_app" });
  await onecall.channels.create({ name: "Mobile push", type: "push" });
  await onecall.templates.create({
    name: "Order confirmation",
    channelKeys: ["in-app-alerts", "mobile-push"],
    content: {
      "in-app-alerts": { title: "Thanks, {{customerName}}", body: "Order {{orderId}} is on its way." },
      "mobile-push": { title: "Thanks, {{customerName}}", body: "Order {{orderId}}" },
    },
    variableSchema: { customerName: { type: "string" }, orderId: { type: "string" } },
  });
  await onecall.templates.update("order-confirmation", { status: "approved" });
  await onecall.users.create({ uid: "mia-online", name: "Mia" });
  const whole = { customerName: "Bob", orderId: "ORD-1" };
  const recipients = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`user-${index}`, { ...whole, orderId: `ORD-${index}` }]),
  );
  await onecall.notifications.send("order-confirmation", whole, { to: "user-1", tag: "orders" });
  const good = await onecall.notifications.sendBatch("order-confirmation", recipients, {
    title: "Order confirmed",
    tag: "orders",
  });
  const bad = await onecall.notifications.sendBatch(
    "order-confirmation",
    { ...recipients, [HOSTILE.slice(0, 60)]: whole, "user-without-order": { customerName: "Eve" } },
    { title: HOSTILE, tag: HOSTILE },
  );
  for (const { notificationId } of [good, bad]) await waitForState(onecall, notificationId, "completed");
  return { id, apiKey, onecall, good: good.notificationId, bad: bad.notificationId };
}

export async function waitForState(onecall: Onecall, id: string, state: string): Promise<void> {
  while ((await onecall.notifications.get(id)).state !== state) await delay(50);
}
