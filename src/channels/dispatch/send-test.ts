import { type Bindings, readConfig } from "../../env.ts";
import type { UserAddress } from "../../model/address.ts";
import type { AppRecord } from "../../model/app.ts";
import { newNotificationId } from "../../model/ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { TimedFetch } from "../../outbound/timed-fetch.ts";
import type { DispatchedChannel, SendAnswer } from "../channel.ts";

/** A token, a call, and both again where the token has ended. */
const TEST_TIMEOUTS = 4;
/** How long a provider may keep a test message for its address, ms. */
const TEST_TTL_MS = 60 * 60 * 1000;

/** What a test shows: content as a template would have rendered it, and the pairs of its data. */
export interface TestMessage {
  content: object;
  data: Record<string, string>;
}

/**
 * One message to one address, past circuits, outbox and counts: what the provider says to it now. An address that the
 * provider calls gone is removed, as by any message.
 */
export async function sendTest(
  env: Bindings,
  app: AppRecord,
  { channel, key: channelKey }: { channel: DispatchedChannel; key: string },
  userId: string,
  { id, address }: UserAddress,
  { content, data }: TestMessage,
): Promise<SendAnswer & { durationMs: number }> {
  const { push: config } = readConfig(env);
  const startedAt = Date.now();
  const notification = {
    id: newNotificationId(),
    priority: "high" as const,
    expiresAt: startedAt + TEST_TTL_MS,
    pushData: data,
  };
  const appId = app.id;
  const dispatch = { appId, channelKey, userId, notification, content: JSON.stringify(content) };
  const send = channel.open(dispatch, startedAt);
  const sender = { env, config, appId, channelKey, channel, calls: new TimedFetch() };
  const recipient = { address, scope: channel.address.scopeOf(address) };
  const { timeoutMs } = config;
  const times = { patienceMs: timeoutMs, answerBefore: startedAt + TEST_TIMEOUTS * timeoutMs };
  const answer = await send(sender, recipient, times);
  if (answer.outcome.outcome === "gone")
    await getShardStubOf(env, app, userId).deleteAddress(userId, channel.type, id, null);
  return { ...answer, durationMs: Date.now() - startedAt };
}
