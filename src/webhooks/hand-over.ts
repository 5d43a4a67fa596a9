import { getApp, refreshApp } from "../apps/lookup.ts";
import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import { openWebhookEndpoint } from "./endpoint-binding.ts";
import type { WebhookMessage } from "./events.ts";

/**
 * Hands messages to the app's endpoints that want them now. Returns the ids of those that every one of them has
 * stored; one that can't be reached leaves its messages out. Repeating it changes nothing.
 */
export async function handOver(
  env: Bindings,
  appId: string,
  messages: readonly WebhookMessage[],
): Promise<ReadonlySet<string>> {
  const webhooks = await listWebhooks(env, appId, messages);
  const taken = new Set(messages.map(({ id }) => id));
  await Promise.all(
    webhooks.map(async ({ id, events, revision }) => {
      const wanted = messages.filter(({ type }) => events.includes(type));
      if (wanted.length === 0) return;
      try {
        await openWebhookEndpoint(env, appId, id).accept(wanted, revision);
      } catch (error) {
        console.error({ message: "a webhook endpoint can't be reached", app: appId, webhookId: id, error });
        for (const message of wanted) taken.delete(message.id);
      }
    }),
  );
  return taken;
}

/**
 * An endpoint wanted each of these when its notification was accepted. Where this isolate's copy of the app knows
 * none that does, the copy may be older than the endpoint: no is said by the registry only.
 */
async function listWebhooks(
  env: Bindings,
  appId: string,
  messages: readonly WebhookMessage[],
): Promise<AppRecord["webhooks"]> {
  const { webhooks } = await getApp(env, appId);
  const isWanted = ({ type }: WebhookMessage) => webhooks.some(({ events }) => events.includes(type));
  return messages.every(isWanted) ? webhooks : (await refreshApp(env, appId)).webhooks;
}
