import { getApp } from "../apps/lookup.ts";
import { type Bindings, readConfig } from "../env.ts";
import { MAX_CONNECTIONS } from "../limits.ts";
import { findOpenChannels } from "../notifications/deliver-rows.ts";
import { openShard } from "../users/shard-binding.ts";
import { type DuePushes, parseDuePushes } from "./queue.ts";
import { reportPushes } from "./report.ts";
import { listBlocked, sendClaim } from "./send-claim.ts";
import { Slots } from "./slots.ts";

/** Sends the pushes that a queue batch stands for. Each message is acked or retried by itself. */
export async function consumePushes(batch: MessageBatch, env: Bindings): Promise<void> {
  const slots = new Slots(MAX_CONNECTIONS);
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        await sendDuePushes(env, parseDuePushes(message.body), slots);
        message.ack();
      } catch (error) {
        console.error({
          message: "a push message was not served",
          queue: batch.queue,
          attempts: message.attempts,
          error,
        });
        message.retry({ delaySeconds: Math.min(2 ** message.attempts, 60) });
      }
    }),
  );
}

/** One claim: what is due in the shard now, sent and reported. Nothing is due when another message was faster. */
async function sendDuePushes(
  env: Bindings,
  { appId, shard, notificationId, channelKey }: DuePushes,
  slots: Slots,
): Promise<void> {
  const { push: config } = readConfig(env);
  const app = await getApp(env, appId);
  const open = await findOpenChannels(env, app, { channels: [{ key: channelKey, type: "push" }] });
  const stub = openShard(env, appId, shard);
  if (!open.has(channelKey)) {
    await stub.skipPushes({ channelKey, notificationId });
    return;
  }
  const blocked = listBlocked(appId, channelKey, Date.now());
  const { leaseMs, timeoutMs } = config;
  const claim = await stub.claimPushes({ channelKey, notificationId, blocked, leaseMs });
  if (claim === null) return;
  const sender = { env, config, appId, channelKey };
  const deadlines = { startBefore: claim.until - 2 * timeoutMs, answerBefore: claim.until - timeoutMs };
  const report = await sendClaim(sender, claim, slots, deadlines);
  await reportPushes(() => openShard(env, appId, shard), report);
}
