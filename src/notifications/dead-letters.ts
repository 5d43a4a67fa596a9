import type { Bindings } from "../env.ts";
import { parseNotificationId } from "../ids.ts";
import { parseDuePushes } from "../push/queue.ts";
import { openLedger } from "./ledger-binding.ts";
import { parseChunkMessage } from "./queue.ts";

/**
 * Messages that failed for good are logged and counted, no more: what they stood for is still short in its ledger, or
 * due in its shard, which sends it again.
 */
export async function consumeDeadLetters(batch: MessageBatch, env: Bindings): Promise<void> {
  const subjects = batch.messages.map(({ id, body }) => ({ messageId: id, ...subjectOf(body) }));
  for (const subject of subjects) console.error({ message: "dead letter", queue: batch.queue, ...subject });
  const byLedger = Map.groupBy(subjects, ({ appId = "", day = "" }) => `${appId}:${day}`);
  await Promise.all(
    [...byLedger.values()].map(async (ofLedger) => {
      const [{ appId = "", day = "" } = {}] = ofLedger;
      if (appId === "" || day === "") return;
      await openLedger(env, appId, day)
        .noteDeadLetters(ofLedger.length)
        .catch((error: unknown) =>
          console.error({ message: "dead letters aren't counted", app: appId, error }),
        );
    }),
  );
  batch.ackAll();
}

/** What a message of any queue was about; nothing where it can't be read. */
function subjectOf(body: unknown): { appId?: string; day?: string; notificationId?: string } {
  for (const parse of [parseChunkMessage, parseDuePushes]) {
    try {
      const { appId, notificationId } = parse(body);
      const day = parseNotificationId(notificationId)?.day;
      return { appId, notificationId, ...(day === undefined ? {} : { day }) };
    } catch {
      // Another kind, or none.
    }
  }
  return {};
}
