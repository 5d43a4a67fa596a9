import { getApp } from "../apps/lookup.ts";
import { readChunk, readOverrides } from "../audiences/store.ts";
import { TtlCache } from "../cache.ts";
import type { Bindings } from "../env.ts";
import { parseNotificationId } from "../ids.ts";
import type { Remote } from "../objects/remote.ts";
import { type CompiledTemplate, compileTemplate } from "../templates/compile.ts";
import type { DeliverRequest } from "../users/delivery-model.ts";
import { openShard } from "../users/shard-binding.ts";
import type { UserShard } from "../users/user-shard.ts";
import type { DeliveryContext } from "./deliver.ts";
import {
  canPush,
  deliverSlices,
  findOpenChannels,
  pushDataOf,
  renderTargets,
  retryRun,
} from "./deliver-rows.ts";
import { openLedger } from "./ledger-binding.ts";
import type { AudienceRef, NotificationHeader, Retry } from "./model.ts";
import { loadPlan } from "./plan-details.ts";
import { type ChunkMessage, parseChunkMessage } from "./queue.ts";
import { compileRowReader, type ReadRow } from "./row-values.ts";

interface CompiledPlan {
  header: NotificationHeader;
  template: CompiledTemplate;
  audience: AudienceRef;
  readRow: ReadRow;
  pushData: Record<string, string> | null;
  /** Targets by shard. */
  expected: Map<number, number>;
  retry: Retry | null;
}

/** A plan's attempt never changes, so they are kept as long as there is room. */
const plans = new TtlCache<CompiledPlan>({ ttlMs: 10 * 60 * 1000, maxEntries: 50 });

/** Delivers the chunks of a queue batch. Each message is acked or retried by itself. */
export async function consumeDeliveries(batch: MessageBatch, env: Bindings): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        await deliverChunk(env, parseChunkMessage(message.body));
        message.ack();
      } catch (error) {
        console.error({
          message: "a chunk was not delivered",
          queue: batch.queue,
          attempts: message.attempts,
          error,
        });
        message.retry({ delaySeconds: Math.min(2 ** message.attempts, 60) });
      }
    }),
  );
}

/** Renders a chunk and stores its deliveries: one call and one transaction per shard. */
export async function deliverChunk(
  env: Bindings,
  { appId, notificationId, chunk, attempt = 1 }: ChunkMessage,
): Promise<void> {
  const [compiled, app] = await Promise.all([
    requirePlan(env, appId, notificationId, attempt),
    getApp(env, appId),
  ]);
  const { header, template, audience, readRow, pushData, expected, retry } = compiled;
  const rows = await readChunk(env, appId, audience, chunk);
  const context: DeliveryContext = {
    template,
    channels: header.channels,
    open: await findOpenChannels(env, app, header),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
  const calls: Promise<unknown>[] = [];
  let position = 0;
  for (const run of chunk.runs) {
    const targets = rows
      .slice(position, position + run.rows)
      .map((row): [string, unknown[] | null] => [row[0], readRow(row)]);
    position += run.rows;
    const request = { header, expected: expected.get(run.shard) ?? 0, pushData, target: null };
    const shard = openShard(env, appId, run.shard);
    calls.push(
      retry === null
        ? deliverRun(shard, context, targets, request)
        : retryRun(shard, context, targets, request, retry),
    );
  }
  await Promise.all(calls);
}

/** One shard's targets. Who has no device isn't rendered for: one question for all of them costs less. */
async function deliverRun(
  shard: Remote<UserShard>,
  context: DeliveryContext,
  targets: [userId: string, values: unknown[] | null][],
  request: Omit<DeliverRequest, "slices">,
): Promise<void> {
  const withDevices = canPush(context)
    ? new Set(await shard.listUsersWithDevices(targets.map(([userId]) => userId)))
    : null;
  await deliverSlices(shard, { ...request, slices: renderTargets(context, targets, withDevices) });
}

async function requirePlan(
  env: Bindings,
  appId: string,
  notificationId: string,
  attempt: number,
): Promise<CompiledPlan> {
  const cacheKey = `${appId}:${notificationId}:${attempt}`;
  const cached = plans.get(cacheKey);
  if (cached !== undefined) return cached;
  const ledger = parseNotificationId(notificationId);
  const plan = ledger === null ? null : await openLedger(env, appId, ledger).getPlan(notificationId);
  if (plan === null) throw new Error("The notification isn't in its ledger");
  const { header, source, retry = null } = plan;
  // What is left of an earlier attempt has nothing to do: all of its targets were delivered to.
  if (attempt > (retry?.attempt ?? 1)) throw new Error("The ledger doesn't know of this attempt");
  if (source.kind === "inline") throw new Error("A realtime notification has no chunks");
  const { template: text, pushData, columns } = await loadPlan(env, appId, plan);
  const template = compileTemplate(text);
  const hasOverrides = source.kind === "file" && source.hasOverrides;
  const overrides = hasOverrides ? await readOverrides(env, appId, notificationId) : {};
  const compiled = {
    header,
    template,
    audience: source.audience,
    readRow: compileRowReader({ source, columns }, template.variables, overrides),
    pushData: pushDataOf(header, pushData),
    expected: new Map(plan.expected),
    retry: attempt === 1 ? null : retry,
  };
  plans.set(cacheKey, compiled);
  return compiled;
}
