import { type EnabledChannels, listEnabledChannels, withCurrentChannels } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { DeliverRequest } from "../model/delivery.ts";
import type { NotificationHeader, Retry, SendPlan, StoredRow } from "../model/notification.ts";
import type { PushLease } from "../model/push.ts";
import { shardOfUser } from "../model/user-hash.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { compileTemplate } from "../templates/compile.ts";
import type { PushInline } from "./inline-pushes.ts";
import { type RawTarget, renderInCalls } from "./render-calls.ts";
import type { DeliveryContext } from "./target.ts";

/**
 * Renders a run's deliveries and stores them: mostly one call and one transaction. Shards count absolutely, so several
 * calls need not succeed or fail together. `withDevices`: who of the targets has any, where that is known. With `leaseMs`
 * it returns the pushes that the caller has in hand now.
 */
export async function deliverRun(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: Omit<DeliverRequest, "slices">,
  {
    withDevices = null,
    leaseMs = null,
  }: { withDevices?: ReadonlySet<string> | null; leaseMs?: number | null } = {},
): Promise<PushLease[]> {
  const leases: PushLease[] = [];
  await renderInCalls(context, targets, withDevices, async (slices) => {
    leases.push(...(await shard.deliver({ ...request, slices }, leaseMs)).leases);
  });
  return leases;
}

/**
 * Delivers a plan's inline rows, shard by shard. Repeated, it changes nothing. With `push` their pushes are
 * sent before it returns, else they are the push queue's.
 */
export async function deliverRows(
  env: Bindings,
  app: AppRecord,
  { header, template, expected, pushData, retry }: SendPlan,
  rows: readonly StoredRow[],
  push: PushInline | null,
): Promise<void> {
  const context: DeliveryContext = {
    template: compileTemplate(template),
    channels: header.channels,
    enabled: await findEnabledChannels(env, app, header),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
  const perShard = new Map(expected);
  const byShard = Map.groupBy(rows, ([userId]) => shardOfUser(userId, app));
  // All of them, whatever becomes of one: who waits for the deliveries waits for those that succeed too.
  const calls = await Promise.allSettled(
    [...byShard].map(async ([shard, shardRows]) => {
      const getStub = () => getShardStub(env, app.id, shard);
      const targets = shardRows.map(([userId, ...values]): [string, unknown[]] => [userId, values]);
      const request = {
        header,
        expected: perShard.get(shard) ?? 0,
        pushData: pushDataOf(header, pushData),
        target: null,
      };
      if (retry !== undefined) return retryRun(getStub(), context, targets, request, retry);
      const leases = await deliverRun(getStub(), context, targets, request, {
        leaseMs: push?.leaseMs ?? null,
      });
      await push?.send(getStub, leases);
    }),
  );
  const failed = calls.find((call) => call.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * A retry's part of a chunk in one shard: reopens what failed there, and renders only for who waits. Repeated, it
 * changes nothing.
 */
export async function retryRun(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: Omit<DeliverRequest, "slices">,
  retry: Retry,
): Promise<void> {
  const userIds = targets.map(([userId]) => userId);
  const { id: notificationId } = request.header;
  const waiting = new Set(await shard.reopenFailed({ notificationId, retry, userIds }));
  if (waiting.size === 0) return;
  await renderInCalls(
    context,
    targets.filter(([userId]) => waiting.has(userId)),
    null,
    (slices) => shard.redeliver({ ...request, slices }, retry),
  );
}

/** The request's push data as a shard keeps it: null where nothing can be pushed. */
export function pushDataOf(
  { channels }: NotificationHeader,
  pushData: Record<string, string>,
): Record<string, string> | null {
  return channels.some(({ type }) => type === "push") ? pushData : null;
}

/** The channels that a notification's deliveries may use now. */
export async function findEnabledChannels(
  env: Bindings,
  app: AppRecord,
  { channels }: Pick<NotificationHeader, "channels">,
): Promise<EnabledChannels> {
  return listEnabledChannels(
    await withCurrentChannels(
      env,
      app,
      channels.map(({ key }) => key),
    ),
  );
}

/** True where a delivery may become a push. */
export function canPush({ channels, enabled, isExpired }: DeliveryContext): boolean {
  return (
    !isExpired && channels.some(({ key, type }) => type === "push" && (enabled.get(key) ?? []).length > 0)
  );
}
