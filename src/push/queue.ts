import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { QUEUE_BATCH_MESSAGES } from "../limits.ts";
import type { Priority } from "../notifications/model.ts";

/**
 * A message of the push queues: a shard has due pushes of this notification and channel. It names no users:
 * who gets the message claims what is due then. Old and new versions may meet in a deploy.
 */
const DuePushesSchema = v.object({
  version: v.literal(1),
  appId: v.string(),
  shard: v.number(),
  notificationId: v.string(),
  channelKey: v.string(),
});

export type DuePushes = v.InferOutput<typeof DuePushesSchema>;

/** Messages are input like any other. Throws where one isn't a push message, without quoting it. */
export function parseDuePushes(body: unknown): DuePushes {
  const result = v.safeParse(DuePushesSchema, body);
  if (!result.success) throw new Error("A message isn't a push message of a version that is known");
  return result.output;
}

/** Puts `messages` messages for each group into the queue of its priority, as many in one call as it takes. */
export async function enqueuePushes(
  env: Bindings,
  { appId, shard }: { appId: string; shard: number },
  groups: readonly { channelKey: string; notificationId: string; messages: number; priority: Priority }[],
): Promise<void> {
  for (const [priority, ofPriority] of Map.groupBy(groups, (group) => group.priority)) {
    const bodies = ofPriority.flatMap(({ channelKey, notificationId, messages }) =>
      Array.from({ length: messages }, (): { body: DuePushes } => ({
        body: { version: 1, appId, shard, notificationId, channelKey },
      })),
    );
    const queue = queueOf(env, priority);
    for (let start = 0; start < bodies.length; start += QUEUE_BATCH_MESSAGES) {
      await queue.sendBatch(bodies.slice(start, start + QUEUE_BATCH_MESSAGES));
    }
  }
}

function queueOf(env: Bindings, priority: Priority): Queue {
  if (priority === "high") return env.PUSH_HIGH;
  return priority === "low" ? env.PUSH_LOW : env.PUSH_NORMAL;
}
