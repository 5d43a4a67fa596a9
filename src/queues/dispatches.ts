import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { QUEUE_BATCH_MESSAGES } from "../model/limits.ts";
import type { Priority } from "../model/notification.ts";

/**
 * A message of the push queues: a shard has due dispatches of this notification and channel. It names no users:
 * who gets the message leases what is due then. Old and new versions may meet in a deploy.
 */
const DuePushesSchema = v.object({
  version: v.literal(1),
  appId: v.string(),
  shard: v.number(),
  notificationId: v.string(),
  channelKey: v.string(),
  /** True for dispatches to services that make senders wait: they have a queue of their own. */
  isSlow: v.optional(v.boolean(), false),
});

export type DueDispatches = v.InferOutput<typeof DuePushesSchema>;

/** Messages are input like any other. Throws where one isn't a push message, without quoting it. */
export function parseDueDispatches(body: unknown): DueDispatches {
  const result = v.safeParse(DuePushesSchema, body);
  if (!result.success) throw new Error("A message isn't a dispatch message of a version that is known");
  return result.output;
}

interface MessageGroup {
  channelKey: string;
  notificationId: string;
  isSlow: boolean;
  messages: number;
  priority: Priority;
}

/**
 * Puts `messages` messages for each group into the queue of its priority, or of what is slow, as many in one call as it
 * takes.
 */
export async function enqueueDispatches(
  env: Bindings,
  { appId, shard }: { appId: string; shard: number },
  groups: readonly MessageGroup[],
): Promise<void> {
  for (const [queue, members] of Map.groupBy(groups, (group) => queueOf(env, group))) {
    const bodies = members.flatMap(({ channelKey, notificationId, isSlow, messages }) =>
      Array.from({ length: messages }, (): { body: DueDispatches } => ({
        body: { version: 1, appId, shard, notificationId, channelKey, isSlow },
      })),
    );
    for (let start = 0; start < bodies.length; start += QUEUE_BATCH_MESSAGES) {
      await queue.sendBatch(bodies.slice(start, start + QUEUE_BATCH_MESSAGES));
    }
  }
}

function queueOf(env: Bindings, { isSlow, priority }: MessageGroup): Queue {
  if (isSlow) return env.PUSH_SLOW;
  if (priority === "high") return env.PUSH_HIGH;
  return priority === "low" ? env.PUSH_LOW : env.PUSH_NORMAL;
}
