import * as v from "valibot";
import type { Bindings } from "../env.ts";
import type { Handout } from "../model/chunk-units.ts";
import { QUEUE_BATCH_MESSAGES } from "../model/limits.ts";
import type { Priority } from "../model/notification.ts";

/** What every message of the deliveries queues is about. Old and new versions may meet in a deploy. */
const SUBJECT = {
  appId: v.string(),
  notificationId: v.string(),
  /** The attempt of a retry, from 2 on; absent for the send itself. */
  attempt: v.optional(v.number()),
};

const ChunkMessageSchema = v.variant("version", [
  /** A chunk of one batch: what earlier versions sent. */
  v.object({
    version: v.literal(1),
    ...SUBJECT,
    chunk: v.object({
      offset: v.number(),
      length: v.number(),
      runs: v.array(v.object({ shard: v.number(), rows: v.number() })),
    }),
  }),
  /** A unit of one batch, which its ledger handed out: see chunk-units.ts. */
  v.object({ version: v.literal(2), ...SUBJECT, unit: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
]);

export type ChunkMessage = v.InferOutput<typeof ChunkMessageSchema>;

/** Messages are input like any other. Throws where one isn't a chunk message, without quoting it. */
export function parseChunkMessage(body: unknown): ChunkMessage {
  const result = v.safeParse(ChunkMessageSchema, body);
  if (!result.success) throw new Error("A message isn't a chunk message of a version that is known");
  return result.output;
}

/** Puts what a ledger handed out into the queues of the batches' priorities, as many in one call as a queue takes. */
export async function enqueueHandouts(
  env: Bindings,
  appId: string,
  handouts: readonly Handout[],
): Promise<void> {
  const byPriority = Map.groupBy(handouts, ({ priority }) => priority);
  await Promise.all(
    [...byPriority].map(async ([priority, ofPriority]) => {
      const messages = ofPriority.flatMap((handout) => listMessages(appId, handout));
      for (let start = 0; start < messages.length; start += QUEUE_BATCH_MESSAGES) {
        await queueOf(env, priority).sendBatch(messages.slice(start, start + QUEUE_BATCH_MESSAGES));
      }
    }),
  );
}

function listMessages(
  appId: string,
  { notificationId, attempt, units }: Handout,
): MessageSendRequest<ChunkMessage>[] {
  return units.map((unit) => ({
    body: { version: 2, appId, notificationId, unit, ...(attempt === 1 ? {} : { attempt }) },
  }));
}

function queueOf(env: Bindings, priority: Priority): Queue {
  if (priority === "high") return env.DELIVERIES_HIGH;
  return priority === "low" ? env.DELIVERIES_LOW : env.DELIVERIES_NORMAL;
}
