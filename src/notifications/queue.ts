import * as v from "valibot";
import type { Chunk } from "../audiences/partition.ts";
import type { Bindings } from "../env.ts";
import { QUEUE_BATCH_MESSAGES } from "../limits.ts";
import type { LedgerPlan, Priority } from "./model.ts";

/** A message of the deliveries queues: one chunk of one batch. Old and new versions may meet in a deploy. */
const ChunkMessageSchema = v.object({
  version: v.literal(1),
  appId: v.string(),
  notificationId: v.string(),
  chunk: v.object({
    offset: v.number(),
    length: v.number(),
    runs: v.array(v.object({ shard: v.number(), rows: v.number() })),
  }),
  /** Of a retry: from 2 on. */
  attempt: v.optional(v.number()),
});

export type ChunkMessage = v.InferOutput<typeof ChunkMessageSchema>;

/** Messages are input like any other. Throws where one isn't a chunk message, without quoting it. */
export function parseChunkMessage(body: unknown): ChunkMessage {
  const result = v.safeParse(ChunkMessageSchema, body);
  if (!result.success) throw new Error("A message isn't a chunk message of a version that is known");
  return result.output;
}

/** Puts chunks into the queue of the batch's priority, as many in one call as the queue takes. */
export async function enqueueChunks(
  env: Bindings,
  appId: string,
  { header, retry }: LedgerPlan,
  chunks: readonly Chunk[],
): Promise<void> {
  const queue = queueOf(env, header.priority ?? "normal");
  for (let start = 0; start < chunks.length; start += QUEUE_BATCH_MESSAGES) {
    const slice = chunks.slice(start, start + QUEUE_BATCH_MESSAGES);
    await queue.sendBatch(
      slice.map((chunk) => ({
        body: {
          ...{ version: 1 as const, appId, notificationId: header.id, chunk },
          ...(retry === undefined ? {} : { attempt: retry.attempt }),
        } satisfies ChunkMessage,
      })),
    );
  }
}

function queueOf(env: Bindings, priority: Priority): Queue {
  if (priority === "high") return env.DELIVERIES_HIGH;
  return priority === "low" ? env.DELIVERIES_LOW : env.DELIVERIES_NORMAL;
}
