import type { Bindings } from "../env.ts";
import { type LedgerRef, parseNotificationId } from "../model/ids.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { parseChunkMessage } from "../queues/chunks.ts";
import { parseDueDispatches } from "../queues/dispatches.ts";

/**
 * Messages that failed for good are logged and counted, no more: what they stood for is still short in its ledger, or
 * due in its shard, which sends it again.
 */
export async function consumeDeadLetters(batch: MessageBatch, env: Bindings): Promise<void> {
  const subjects = batch.messages.map(({ id, body }) => ({ messageId: id, ...subjectOf(body) }));
  for (const subject of subjects) console.error({ message: "dead letter", queue: batch.queue, ...subject });
  const byLedger = Map.groupBy(subjects, ({ appId = "", day = "", slot = 0 }) => `${appId}:${day}:${slot}`);
  await Promise.all(
    [...byLedger.values()].map(async (ofLedger) => {
      const [{ appId = "", day = "", slot = 0 } = {}] = ofLedger;
      if (appId === "" || day === "") return;
      await getLedgerStub(env, appId, { day, slot })
        .noteDeadLetters(ofLedger.length)
        .catch((error: unknown) =>
          console.error({ message: "dead letters aren't counted", app: appId, error }),
        );
    }),
  );
  batch.ackAll();
}

/** What a message of any queue was about; nothing where it can't be read. */
function subjectOf(body: unknown): Partial<LedgerRef> & { appId?: string; notificationId?: string } {
  for (const parse of [parseChunkMessage, parseDueDispatches]) {
    try {
      const { appId, notificationId } = parse(body);
      const parts = parseNotificationId(notificationId);
      return { appId, notificationId, ...(parts === null ? {} : { day: parts.day, slot: parts.slot }) };
    } catch {
      // The message is of another kind, or of none.
    }
  }
  return {};
}
