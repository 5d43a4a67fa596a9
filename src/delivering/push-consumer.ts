import { reportPushes } from "../channels/push/report.ts";
import { listBlocked, sendLease } from "../channels/push/send-lease.ts";
import { getApp } from "../copies/app.ts";
import { type Bindings, readConfig } from "../env.ts";
import { MAX_CONNECTIONS, PUSH_LEASES_PER_MESSAGE } from "../model/limits.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { MAIN_SLOTS, SLOW_SLOTS, Slots } from "../outbound/slots.ts";
import { TimedFetch } from "../outbound/timed-fetch.ts";
import { type DuePushes, parseDuePushes } from "../queues/pushes.ts";
import { findEnabledChannels } from "./rows.ts";

/** Sends the pushes that a queue batch stands for. Each message is acked or retried by itself. */
export async function consumePushes(batch: MessageBatch, env: Bindings): Promise<void> {
  const slots = {
    main: new Slots(MAX_CONNECTIONS, MAIN_SLOTS),
    slow: new Slots(MAX_CONNECTIONS, SLOW_SLOTS),
  };
  const calls = new TimedFetch();
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        const due = parseDuePushes(message.body);
        await sendDuePushes(env, due, due.isSlow ? slots.slow : slots.main, calls);
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

/**
 * What is due in the shard, lease by lease, sent and reported. Each report brings the next lease: so one call and
 * one commit serve for a hundred pushes. Nothing is due when another message was faster.
 */
async function sendDuePushes(
  env: Bindings,
  { appId, shard, notificationId, channelKey, isSlow }: DuePushes,
  slots: Slots,
  calls: TimedFetch,
): Promise<void> {
  const { push: config } = readConfig(env);
  const app = await getApp(env, appId);
  const open = await findEnabledChannels(env, app, { channels: [{ key: channelKey, type: "push" }] });
  const stub = getShardStub(env, appId, shard);
  if (!open.has(channelKey)) {
    await stub.skipPushes({ channelKey, notificationId });
    return;
  }
  const blocked = listBlocked(appId, channelKey, Date.now());
  const { leaseMs, timeoutMs } = config;
  const sender = { env, config, appId, channelKey, calls };
  let lease = await stub.leasePushes({ channelKey, notificationId, isSlow, blocked, leaseMs });
  for (let left = PUSH_LEASES_PER_MESSAGE - 1; lease !== null; left--) {
    const deadlines = { startBefore: lease.until - 2 * timeoutMs, answerBefore: lease.until - timeoutMs };
    const report = await sendLease(sender, lease, slots, deadlines);
    lease = await reportPushes(() => getShardStub(env, appId, shard), report, left > 0 ? leaseMs : null);
  }
}
