import { findEnabledChannels } from "../channels/enabled.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { DeliverRequest, DeliverySlice } from "../model/delivery.ts";
import type { DispatchLease } from "../model/dispatch.ts";
import { CALL_LENGTH, FREE_TEXT_LENGTH, MAX_RENDERED_AT_ONCE } from "../model/limits.ts";
import type { Retry, SendPlan, StoredRow } from "../model/notification.ts";
import type { RunRequest } from "../model/segment.ts";
import { shardOfUser } from "../model/user-hash.ts";
import type { Remote } from "../objects/kit/remote.ts";
import { getShardStub, type UserShardContract } from "../objects/user-shard/contract.ts";
import { compileTemplate } from "../templates/compile.ts";
import type { DispatchInline } from "./inline-dispatches.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import {
  type DeliveryContext,
  decideDeliveries,
  listDispatchTypes,
  pushDataOf,
  type RawTarget,
  type Reachable,
  SliceWriter,
} from "./target.ts";

/** From targets and their values to calls of their shards, whoever delivers: a chunk, a realtime send, a retry. */

/** Beside its content, a row's user, channel and status. */
const ROW_LENGTH = 100;

/** Room for what is rendered in this isolate and not stored yet. */
const RENDERED_TEXT = new IsolateBudget(MAX_RENDERED_AT_ONCE, FREE_TEXT_LENGTH);

/** A shard's call without its rows. */
export type ShardRequest = Omit<DeliverRequest, "slices">;

/** A shard's targets with a row for each and channel. Who has no address in a channel isn't rendered for there. */
export async function deliverAsRows(
  stub: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: ShardRequest,
): Promise<void> {
  const reachable = await findReachable(stub, context, targets);
  await renderInCalls(context, targets, reachable, async (slices) => {
    await stub.deliver({ ...request, slices });
  });
}

/** Who of the targets has an address, by type of channels: one question for all of them, where there is any. */
export async function findReachable(
  stub: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
): Promise<Reachable> {
  const types = listDispatchTypes(context);
  if (types.length === 0) return new Map();
  const userIds = targets.map(([userId]) => userId);
  const found = await stub.listReachable(types, userIds);
  return new Map(Object.entries(found).map(([type, users]) => [type, new Set(users)]));
}

/**
 * A retry's part of a chunk in one shard: reopens what failed there, and renders only for who waits. Repeated, it
 * changes nothing.
 */
export async function retryRun(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: ShardRequest,
  retry: Retry,
): Promise<void> {
  const wanted = retry.userId === null ? targets : targets.filter(([userId]) => userId === retry.userId);
  if (wanted.length === 0) return;
  const userIds = wanted.map(([userId]) => userId);
  const { id: notificationId } = request.header;
  const isWaiting = new Set(await shard.reopenFailed({ notificationId, retry, userIds }));
  const waiting = targets.filter(([userId]) => isWaiting.has(userId));
  await redeliver(shard, context, waiting, request, retry);
}

/** The same of a run whose targets the shard has itself; false, and nothing done, where it hasn't all of them. */
export async function retryInShard(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  run: RunRequest,
  request: ShardRequest,
  retry: Retry,
): Promise<boolean> {
  const waiting = await shard.reopenRun(run, retry);
  if (waiting === null) return false;
  const targets = waiting.map(
    ([userId, ...values]): RawTarget => [userId, values.length === 0 ? null : values],
  );
  await redeliver(shard, context, targets, request, retry);
  return true;
}

async function redeliver(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  waiting: readonly RawTarget[],
  request: ShardRequest,
  retry: Retry,
): Promise<void> {
  if (waiting.length === 0) return;
  await renderInCalls(context, waiting, null, (slices) => shard.redeliver({ ...request, slices }, retry));
}

/**
 * Delivers a plan's inline rows, shard by shard. Repeated, it changes nothing. With `inline` a provider is called for
 * them before it returns, else that is the queue's.
 */
export async function deliverRows(
  env: Bindings,
  app: AppRecord,
  { header, template, expected, pushData, retry }: SendPlan,
  rows: readonly StoredRow[],
  inline: DispatchInline | null,
): Promise<void> {
  const { channels } = header;
  const keys = channels.map(({ key }) => key);
  const context: DeliveryContext = {
    template: compileTemplate(template),
    channels,
    enabled: await findEnabledChannels(env, app, keys),
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
      const leases: DispatchLease[] = [];
      await renderInCalls(context, targets, null, async (slices) => {
        leases.push(...(await getStub().deliver({ ...request, slices }, inline?.leaseMs ?? null)).leases);
      });
      await inline?.send(getStub, leases);
    }),
  );
  const failed = calls.find((call) => call.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/**
 * Renders targets and hands their delivery rows to `send`, call by call, a transaction each: the next call's are
 * rendered when this one's are stored, so that what is in memory doesn't grow with the targets. Shards count
 * absolutely, so the calls need not succeed or fail together. Mostly it is one; at least one, as one without slices
 * says something too.
 */
export async function renderInCalls(
  context: DeliveryContext,
  targets: readonly RawTarget[],
  reachable: Reachable | null,
  send: (slices: DeliverySlice[]) => Promise<void>,
): Promise<void> {
  const writer = new SliceWriter(context.channels, context.enabled);
  let call: DeliverySlice[] = [];
  let length = 0;
  let calls = 0;
  const take = (slices: readonly DeliverySlice[]): void => {
    call.push(...slices);
    for (const { json } of slices) length += json.length;
  };
  let room = await RENDERED_TEXT.reserve(Math.min(CALL_LENGTH, estimateLength(context, targets.length)));
  try {
    for (const [userId, values] of targets) {
      writer.addTarget(userId, decideDeliveries(context, userId, values, reachable));
      take(writer.takeFull());
      if (length < CALL_LENGTH / 2) continue;
      room.resize(length);
      await send(call);
      calls++;
      call = [];
      length = 0;
      // Room is given back before more is asked for: nobody waits for room while holding some.
      room.release();
      room = await RENDERED_TEXT.reserve(CALL_LENGTH);
    }
    take(writer.finish());
    room.resize(length);
    if (call.length > 0 || calls === 0) await send(call);
  } finally {
    room.release();
  }
}

/** About what so many targets render to: their template's text. */
function estimateLength({ channels, template }: DeliveryContext, targets: number): number {
  const ofOne = channels.reduce((sum, { key }) => {
    return sum + ROW_LENGTH + (template.contents.get(key)?.unsubstituted.length ?? 0);
  }, 0);
  return ofOne * targets;
}
