import { reportPushes } from "../channels/push/report.ts";
import { sendLease } from "../channels/push/send-lease.ts";
import { type Bindings, readConfig } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { MAX_CONNECTIONS } from "../model/limits.ts";
import type { PushLease } from "../model/push.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { MAIN_SLOTS, Slots } from "../outbound/slots.ts";
import { TimedFetch } from "../outbound/timed-fetch.ts";

/** A lease is longer than the sending may take: the report needs time as well. */
const LEASE_TIMEOUTS = 3;

/** Pushes of a realtime send, sent while its caller waits. */
export interface PushInline {
  leaseMs: number;
  /**
   * Sends what the shard handed out and reports it. Resolves within the push timeout, counted from
   * {@link pushInline}; what isn't answered by then is the push queue's. Never throws: the send is committed.
   */
  send: (getShardStub: () => Remote<UserShardContract>, leases: readonly PushLease[]) => Promise<void>;
}

/** Begins the time that a realtime send may take for its pushes. */
export function pushInline(env: Bindings, app: AppRecord): PushInline {
  const { push: config } = readConfig(env);
  const slots = new Slots(MAX_CONNECTIONS, MAIN_SLOTS);
  const calls = new TimedFetch();
  const end = Date.now() + config.timeoutMs;
  // Who begins later would have hardly any time to answer.
  const deadlines = { startBefore: end - config.timeoutMs / 2, answerBefore: end };
  return {
    leaseMs: config.timeoutMs * LEASE_TIMEOUTS,
    async send(getShardStub, leases) {
      await Promise.all(
        leases.map(async (lease) => {
          const sender = { env, config, appId: app.id, channelKey: lease.channelKey, calls };
          try {
            const report = await sendLease(sender, lease, slots, deadlines);
            await reportPushes(getShardStub, report);
          } catch (error) {
            const { id } = lease.notification;
            console.error({ message: "pushes are left to their lease", notificationId: id, error });
          }
        }),
      );
    },
  };
}
