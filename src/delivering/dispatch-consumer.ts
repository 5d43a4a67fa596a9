import { reportDispatches } from "../channels/dispatch/report.ts";
import { listBlocked, sendLease } from "../channels/dispatch/send-lease.ts";
import { findEnabledChannels } from "../channels/enabled.ts";
import { getApp } from "../copies/app.ts";
import { type Bindings, readConfig } from "../env.ts";
import { DISPATCH_LEASES_PER_MESSAGE, MAX_CONNECTIONS } from "../model/limits.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { MAIN_SLOTS, SLOW_SLOTS, Slots } from "../outbound/slots.ts";
import { TimedFetch } from "../outbound/timed-fetch.ts";
import { type DueDispatches, parseDueDispatches } from "../queues/dispatches.ts";

/** Sends what a queue batch stands for. Each message is acked or retried by itself. */
export async function consumeDispatches(batch: MessageBatch, env: Bindings): Promise<void> {
  const slots = {
    main: new Slots(MAX_CONNECTIONS, MAIN_SLOTS),
    slow: new Slots(MAX_CONNECTIONS, SLOW_SLOTS),
  };
  const calls = new TimedFetch();
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        const due = parseDueDispatches(message.body);
        await sendDueDispatches(env, due, due.isSlow ? slots.slow : slots.main, calls);
        message.ack();
      } catch (error) {
        console.error({
          message: "a dispatch message was not served",
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
 * one commit serve for a hundred. Nothing is due when another message was faster.
 */
async function sendDueDispatches(
  env: Bindings,
  { appId, shard, notificationId, channelKey, isSlow }: DueDispatches,
  slots: Slots,
  calls: TimedFetch,
): Promise<void> {
  const { push: config } = readConfig(env);
  const app = await getApp(env, appId);
  const enabled = await findEnabledChannels(env, app, [channelKey]);
  const channel = enabled.get(channelKey)?.channel;
  const stub = getShardStub(env, appId, shard);
  if (channel?.settles !== "outbox") {
    await stub.skipDispatches({ channelKey, notificationId });
    return;
  }
  const blocked = listBlocked(appId, channelKey, Date.now());
  const { leaseMs, timeoutMs } = config;
  const sender = { env, config, appId, channelKey, channel, calls };
  let lease = await stub.leaseDispatches({ channelKey, notificationId, isSlow, blocked, leaseMs });
  for (let left = DISPATCH_LEASES_PER_MESSAGE - 1; lease !== null; left--) {
    const deadlines = { startBefore: lease.until - 2 * timeoutMs, answerBefore: lease.until - timeoutMs };
    const report = await sendLease(sender, lease, slots, deadlines);
    lease = await reportDispatches(() => getShardStub(env, appId, shard), report, left > 0 ? leaseMs : null);
  }
}
