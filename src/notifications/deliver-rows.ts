import { enabledChannelKeys, refreshApp } from "../apps/lookup.ts";
import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import type { Remote } from "../objects/remote.ts";
import { compileTemplate } from "../templates/compile.ts";
import type { DeliverRequest, DeliverySlice } from "../users/delivery-store.ts";
import { shardOfUser } from "../users/hash.ts";
import { openShard } from "../users/shard-binding.ts";
import type { UserShard } from "../users/user-shard.ts";
import { type DeliveryContext, decideDeliveries, SliceWriter } from "./deliver.ts";
import type { NotificationHeader, SendPlan, StoredRow } from "./model.ts";

/** UTF-16 units of one call's slices: at three bytes each still below the RPC limit of 32 MiB. */
const MAX_CALL_LENGTH = 8 * 1024 * 1024;

/**
 * Stores a run's deliveries: mostly one call and one transaction. Contents near their limit make several, as
 * an RPC takes 32 MiB; shards count absolutely, so the calls need not succeed or fail together.
 */
export async function deliverSlices(
  shard: Remote<UserShard>,
  { slices, ...request }: DeliverRequest,
): Promise<void> {
  let call: DeliverySlice[] = [];
  let length = 0;
  for (const slice of slices) {
    if (length + slice.json.length > MAX_CALL_LENGTH && call.length > 0) {
      await shard.deliver({ ...request, slices: call });
      call = [];
      length = 0;
    }
    call.push(slice);
    length += slice.json.length;
  }
  await shard.deliver({ ...request, slices: call });
}

/** Delivers a plan's inline rows, shard by shard. Repeated, it changes nothing. */
export async function deliverRows(
  env: Bindings,
  app: AppRecord,
  { header, template, expected }: SendPlan,
  rows: readonly StoredRow[],
): Promise<void> {
  const context: DeliveryContext = {
    template: compileTemplate(template.content, template.variableSchema),
    channels: header.channels,
    enabled: await findEnabledChannels(env, app, header),
    isExpired: Date.now() >= header.expiresAt,
  };
  const perShard = new Map(expected);
  const byShard = Map.groupBy(rows, ([userId]) => shardOfUser(userId, app.shardCount));
  // All of them, whatever becomes of one: who waits for the deliveries waits for those that succeed too.
  const calls = await Promise.allSettled(
    [...byShard].map(([shard, shardRows]) =>
      deliverSlices(openShard(env, app.id, shard), {
        header,
        expected: perShard.get(shard) ?? 0,
        slices: renderTargets(
          context,
          shardRows.map(([userId, ...values]) => [userId, values]),
        ),
      }),
    ),
  );
  const failed = calls.find((call) => call.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** The app's enabled channels; a copy that lacks one of the notification's may only be old. */
export async function findEnabledChannels(
  env: Bindings,
  app: AppRecord,
  { channels }: NotificationHeader,
): Promise<Set<string>> {
  const enabled = enabledChannelKeys(app);
  if (channels.every(({ key }) => enabled.has(key))) return enabled;
  return enabledChannelKeys(await refreshApp(env, app.id));
}

/** The delivery rows of targets with their raw values (null: without variables), as statements take them. */
export function renderTargets(
  context: DeliveryContext,
  targets: Iterable<readonly [userId: string, values: readonly unknown[] | null]>,
): DeliverySlice[] {
  const writer = new SliceWriter();
  for (const [userId, values] of targets) {
    const outcomes = decideDeliveries(context, values);
    for (const [index, channel] of context.channels.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) writer.add(userId, channel, outcome);
    }
  }
  return writer.finish();
}
