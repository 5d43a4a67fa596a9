import { getApp, refreshApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { OutboxMessage } from "../model/events.ts";
import type { HandedOver, HandOverRequest } from "../objects/kit/event-outbox.ts";
import { getEndpointStub } from "../objects/webhook-endpoint/contract.ts";

/** How long an endpoint's object may take to store what it is handed, ms: then it counts as out of reach. */
const TAKE_TIMEOUT_MS = 15_000;

/** Whose outbox it is: the app, and the name of the object. */
export interface HandOverSource {
  appId: string;
  source: string;
}

/**
 * Hands messages to the app's endpoints that want them now. One that can't be reached leaves its messages out, as one
 * does that is `stuck`. Repeating it changes nothing.
 */
export async function handOver(
  env: Bindings,
  { appId, source }: HandOverSource,
  { messages, stuck, dropped }: HandOverRequest,
): Promise<HandedOver> {
  const webhooks = await listWebhooks(env, appId, messages);
  const taken = new Set(messages.map(({ seq }) => seq));
  const [failed, reached]: [string[], string[]] = [[], []];
  await Promise.all(
    webhooks.map(async ({ id, events, revision }) => {
      const wanted = messages.filter(({ type }) => events.includes(type));
      if (wanted.length === 0) return;
      if (!stuck.has(id) && (await take(id, wanted, revision))) {
        reached.push(id);
        return;
      }
      failed.push(id);
      for (const { seq } of wanted) taken.delete(seq);
    }),
  );
  return { taken, failed, reached };

  async function take(id: string, wanted: OutboxMessage[], revision: number): Promise<boolean> {
    try {
      const endpoint = getEndpointStub(env, appId, id);
      await withTimeout(endpoint.accept(wanted, revision, source, dropped.get(id) ?? 0));
      return true;
    } catch (error) {
      console.error({ message: "a webhook endpoint can't be reached", app: appId, webhookId: id, error });
      return false;
    }
  }
}

/**
 * A call that hangs must not hold up the other endpoints for ever. Where it comes through later, a repeat is ignored.
 */
async function withTimeout(call: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TAKE_TIMEOUT_MS} ms`)), TAKE_TIMEOUT_MS);
  });
  try {
    await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * An endpoint wanted each of these when its notification was accepted. Where this isolate's copy of the app knows
 * none that does, the copy may be older than the endpoint: no is said by the registry only.
 */
async function listWebhooks(
  env: Bindings,
  appId: string,
  messages: readonly OutboxMessage[],
): Promise<AppRecord["webhooks"]> {
  const { webhooks } = await getApp(env, appId);
  const isWanted = ({ type }: OutboxMessage) => webhooks.some(({ events }) => events.includes(type));
  return messages.every(isWanted) ? webhooks : (await refreshApp(env, appId)).webhooks;
}
