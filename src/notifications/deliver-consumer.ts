import { enabledChannelKeys, getApp } from "../apps/lookup.ts";
import { readChunk } from "../audiences/store.ts";
import { TtlCache } from "../cache.ts";
import type { Bindings } from "../env.ts";
import { parseNotificationId } from "../ids.ts";
import { type CompiledTemplate, compileTemplate } from "../templates/compile.ts";
import { openShard } from "../users/shard-binding.ts";
import { type DeliveryContext, decideDeliveries, SliceWriter } from "./deliver.ts";
import { openLedger } from "./ledger-binding.ts";
import type { SendPlan } from "./model.ts";
import { type ChunkMessage, parseChunkMessage } from "./queue.ts";

interface CompiledPlan {
  plan: SendPlan;
  template: CompiledTemplate;
  /** Targets by shard. */
  expected: Map<number, number>;
}

/** Plans never change, so they are kept as long as there is room. */
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

/** Dead letters are only logged: what they stood for is still short in its ledger, which sends it again. */
export function consumeDeadLetters(batch: MessageBatch): void {
  for (const message of batch.messages) {
    console.error({ message: "dead letter", queue: batch.queue, messageId: message.id });
    message.ack();
  }
}

/** Renders a chunk and stores its deliveries: one call and one transaction per shard. */
export async function deliverChunk(
  env: Bindings,
  { appId, notificationId, chunk }: ChunkMessage,
): Promise<void> {
  const [compiled, app] = await Promise.all([requirePlan(env, appId, notificationId), getApp(env, appId)]);
  const { plan, template, expected } = compiled;
  const { header } = plan;
  const rows = await readChunk(env, appId, plan.audience, chunk);
  const context: DeliveryContext = {
    template,
    channels: header.channels,
    enabled: enabledChannelKeys(app),
    isExpired: Date.now() >= header.expiresAt,
  };
  const calls: Promise<unknown>[] = [];
  let position = 0;
  for (const run of chunk.runs) {
    const slices = renderRun(context, rows.slice(position, position + run.rows));
    position += run.rows;
    const request = { header, expected: expected.get(run.shard) ?? 0, slices };
    calls.push(openShard(env, appId, run.shard).deliver(request));
  }
  await Promise.all(calls);
}

function renderRun(context: DeliveryContext, rows: readonly [string, ...unknown[]][]): string[] {
  const writer = new SliceWriter();
  for (const [userId, ...values] of rows) {
    const outcomes = decideDeliveries(context, values.length === 0 ? null : values);
    for (const [index, channel] of context.channels.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) writer.add(userId, channel, outcome);
    }
  }
  return writer.finish();
}

async function requirePlan(env: Bindings, appId: string, notificationId: string): Promise<CompiledPlan> {
  const cacheKey = `${appId}:${notificationId}`;
  const cached = plans.get(cacheKey);
  if (cached !== undefined) return cached;
  const day = parseNotificationId(notificationId)?.day;
  const plan = day === undefined ? null : await openLedger(env, appId, day).getPlan(notificationId);
  if (plan === null) throw new Error("The notification isn't in its ledger");
  const compiled = {
    plan,
    template: compileTemplate(plan.template.content, plan.template.variableSchema),
    expected: new Map(plan.expected),
  };
  plans.set(cacheKey, compiled);
  return compiled;
}
