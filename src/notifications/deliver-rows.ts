import { listOpenChannels, type OpenChannels, withCurrentChannels } from "../apps/lookup.ts";
import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import type { Remote } from "../objects/remote.ts";
import type { PushInline } from "../push/inline.ts";
import type { PushClaim } from "../push/model.ts";
import { compileTemplate } from "../templates/compile.ts";
import type { DeliverRequest, DeliverySlice } from "../users/delivery-model.ts";
import { shardOfUser } from "../users/hash.ts";
import { openShard } from "../users/shard-binding.ts";
import type { UserShard } from "../users/user-shard.ts";
import { type DeliveryContext, decideDeliveries, SliceWriter } from "./deliver.ts";
import type { NotificationHeader, Retry, SendPlan, StoredRow } from "./model.ts";

/** UTF-16 units of one call's slices: at three bytes each still below the RPC limit of 32 MiB. */
const MAX_CALL_LENGTH = 8 * 1024 * 1024;

/**
 * Stores a run's deliveries: mostly one call and one transaction. Contents near their limit make several, as
 * an RPC takes 32 MiB; shards count absolutely, so the calls need not succeed or fail together. With `leaseMs`
 * it returns the pushes that the caller has in hand now.
 */
export async function deliverSlices(
  shard: Remote<UserShard>,
  { slices, ...request }: DeliverRequest,
  leaseMs: number | null = null,
): Promise<PushClaim[]> {
  const claims: PushClaim[] = [];
  for (const call of cutCalls(slices)) {
    claims.push(...(await shard.deliver({ ...request, slices: call }, leaseMs)).claims);
  }
  return claims;
}

/** Slices call by call; at least one call, as one without slices says something too. */
function cutCalls(slices: readonly DeliverySlice[]): DeliverySlice[][] {
  let call: DeliverySlice[] = [];
  const calls = [call];
  let length = 0;
  for (const slice of slices) {
    if (length + slice.json.length > MAX_CALL_LENGTH && call.length > 0) {
      call = [];
      calls.push(call);
      length = 0;
    }
    call.push(slice);
    length += slice.json.length;
  }
  return calls;
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
    open: await findOpenChannels(env, app, header),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
  const perShard = new Map(expected);
  const byShard = Map.groupBy(rows, ([userId]) => shardOfUser(userId, app));
  // All of them, whatever becomes of one: who waits for the deliveries waits for those that succeed too.
  const calls = await Promise.allSettled(
    [...byShard].map(async ([shard, shardRows]) => {
      const openStub = () => openShard(env, app.id, shard);
      const targets = shardRows.map(([userId, ...values]): [string, unknown[]] => [userId, values]);
      const request = {
        header,
        expected: perShard.get(shard) ?? 0,
        pushData: pushDataOf(header, pushData),
        target: null,
      };
      if (retry !== undefined) return retryRun(openStub(), context, targets, request, retry);
      const slices = renderTargets(context, targets);
      const claims = await deliverSlices(openStub(), { ...request, slices }, push?.leaseMs ?? null);
      await push?.send(openStub, claims);
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
  shard: Remote<UserShard>,
  context: DeliveryContext,
  targets: readonly (readonly [userId: string, values: readonly unknown[] | null])[],
  request: Omit<DeliverRequest, "slices">,
  retry: Retry,
): Promise<void> {
  const userIds = targets.map(([userId]) => userId);
  const { id: notificationId } = request.header;
  const waiting = new Set(await shard.reopenFailed({ notificationId, retry, userIds }));
  if (waiting.size === 0) return;
  const slices = renderTargets(
    context,
    targets.filter(([userId]) => waiting.has(userId)),
  );
  for (const call of cutCalls(slices)) await shard.redeliver({ ...request, slices: call }, retry);
}

/** The request's push data as a shard keeps it: null where nothing can be pushed. */
export function pushDataOf(
  { channels }: NotificationHeader,
  pushData: Record<string, string>,
): Record<string, string> | null {
  return channels.some(({ type }) => type === "push") ? pushData : null;
}

/** The channels that a notification's deliveries may use now. */
export async function findOpenChannels(
  env: Bindings,
  app: AppRecord,
  { channels }: Pick<NotificationHeader, "channels">,
): Promise<OpenChannels> {
  return listOpenChannels(
    await withCurrentChannels(
      env,
      app,
      channels.map(({ key }) => key),
    ),
  );
}

/** True where a delivery may become a push. */
export function canPush({ channels, open, isExpired }: DeliveryContext): boolean {
  return !isExpired && channels.some(({ key, type }) => type === "push" && (open.get(key) ?? []).length > 0);
}

/**
 * The delivery rows of targets with their raw values (null: without variables), as statements take them.
 * `withDevices`: who of them has any, where that is known.
 */
export function renderTargets(
  context: DeliveryContext,
  targets: Iterable<readonly [userId: string, values: readonly unknown[] | null]>,
  withDevices: ReadonlySet<string> | null = null,
): DeliverySlice[] {
  const writer = new SliceWriter(context.channels, context.open);
  for (const [userId, values] of targets) {
    const outcomes = decideDeliveries(context, values, withDevices?.has(userId) ?? true);
    for (const [index, channel] of context.channels.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) writer.add(userId, channel, outcome);
    }
  }
  return writer.finish();
}
