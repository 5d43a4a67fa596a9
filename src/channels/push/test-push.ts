import { type Bindings, readConfig } from "../../env.ts";
import type { AppRecord } from "../../model/app.ts";
import type { Device } from "../../model/device.ts";
import { newNotificationId } from "../../model/ids.ts";
import { scopeOf } from "../../model/push.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { TimedFetch } from "../../outbound/timed-fetch.ts";
import { readPushMessage } from "./message.ts";
import { type PushAnswer, sendPush } from "./send-push.ts";

/** A token, a call, and both again where the token has ended. */
const TEST_TIMEOUTS = 4;
/** How long a test push may wait for its device, ms. */
const TEST_TTL_MS = 60 * 60 * 1000;

/** What a test push shows: content as a template would have rendered it, and the pairs of its data. */
export interface TestPush {
  content: object;
  data: Record<string, string>;
}

/**
 * One push to one device, past circuits, outbox and counts: what the provider says to it now. A device that
 * the provider calls gone is removed, as by any push.
 */
export async function sendTestPush(
  env: Bindings,
  app: AppRecord,
  channelKey: string,
  userId: string,
  device: Device,
  { content, data }: TestPush,
): Promise<PushAnswer & { durationMs: number }> {
  const { push: config } = readConfig(env);
  const startedAt = Date.now();
  const notification = {
    id: newNotificationId(),
    priority: "high" as const,
    expiresAt: startedAt + TEST_TTL_MS,
    pushData: data,
  };
  const message = readPushMessage(notification, JSON.stringify(content), startedAt);
  const sender = { env, config, appId: app.id, channelKey, calls: new TimedFetch() };
  const { address } = device;
  const recipient = { address, scope: scopeOf(address) };
  const { timeoutMs } = config;
  const times = { patienceMs: timeoutMs, answerBefore: startedAt + TEST_TIMEOUTS * timeoutMs };
  const answer = await sendPush(sender, recipient, message, times);
  if (answer.outcome.outcome === "gone")
    await getShardStubOf(env, app, userId).deleteDevice(userId, device.id, null);
  return { ...answer, durationMs: Date.now() - startedAt };
}
