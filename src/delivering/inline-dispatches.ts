import { reportDispatches } from "../channels/dispatch/report.ts";
import { sendLease } from "../channels/dispatch/send-lease.ts";
import { requireDispatched } from "../channels/table.ts";
import { type Bindings, readConfig } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { DispatchLease } from "../model/dispatch.ts";
import { MAX_CONNECTIONS } from "../model/limits.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { MAIN_SLOTS, Slots } from "../outbound/slots.ts";
import { TimedFetch } from "../outbound/timed-fetch.ts";

/** A lease is longer than the sending may take: the report needs time as well. */
const LEASE_TIMEOUTS = 3;

/** What of a realtime send a provider is called for, sent while its caller waits. */
export interface DispatchInline {
  leaseMs: number;
  /**
   * Sends what the shard handed out and reports it. Resolves within the push timeout, counted from
   * {@link dispatchInline}; what isn't answered by then is the queue's. Never throws: the send is committed.
   */
  send: (getShardStub: () => Remote<UserShardContract>, leases: readonly DispatchLease[]) => Promise<void>;
}

/** Begins the time that a realtime send may take for its providers. */
export function dispatchInline(env: Bindings, app: AppRecord): DispatchInline {
  const { push: config } = readConfig(env);
  const slots = new Slots(MAX_CONNECTIONS, MAIN_SLOTS);
  const calls = new TimedFetch();
  const end = Date.now() + config.timeoutMs;
  // A provider that is called later than this would have hardly any time to answer.
  const deadlines = { startBefore: end - config.timeoutMs / 2, answerBefore: end };
  return {
    leaseMs: config.timeoutMs * LEASE_TIMEOUTS,
    async send(getShardStub, leases) {
      await Promise.all(
        leases.map(async (lease) => {
          try {
            const channel = requireDispatched(lease.channelType);
            const sender = { env, config, appId: app.id, channelKey: lease.channelKey, channel, calls };
            const report = await sendLease(sender, lease, slots, deadlines);
            await reportDispatches(getShardStub, report);
          } catch (error) {
            const { id } = lease.notification;
            console.error({ message: "dispatches are left to their lease", notificationId: id, error });
          }
        }),
      );
    },
  };
}
