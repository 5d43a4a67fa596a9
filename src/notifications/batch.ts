import { type AudienceRow, partitionAudience } from "../audiences/partition.ts";
import { storeAudience } from "../audiences/store.ts";
import { unavailable } from "../errors.ts";
import { parseNotificationId } from "../ids.ts";
import { listVariables } from "../templates/variables.ts";
import { commitSafely } from "./commit.ts";
import { openLedger } from "./ledger-binding.ts";
import type { NotificationHeader, SendPlan } from "./model.ts";
import { enqueueChunks } from "./queue.ts";
import type { PreparedSend, SendContext } from "./send.ts";
import { readTargetValues } from "./target-variables.ts";

/**
 * Many targets in the background: the audience goes to R2, grouped by user shard; opening the ledger is the
 * commit point; then the chunks go to the queue. Should that fail, the ledger's watchdog does it.
 */
export function sendBatch(prepared: PreparedSend): (context: SendContext) => Promise<NotificationHeader> {
  const { header, request, template, app } = prepared;
  const audience = partitionAudience(listRows(prepared), app.shardCount);
  const content = Object.fromEntries(
    header.channels.flatMap(({ key }) => {
      const channelContent = template.content[key];
      return channelContent === undefined ? [] : [[key, channelContent]];
    }),
  );
  return async ({ env, execution }) => {
    const { ref, index } = await storeAudience(env, app.id, header.id, audience).catch((error: unknown) => {
      throw unavailable(error);
    });
    const plan: SendPlan = {
      header,
      template: { content, variableSchema: template.variableSchema },
      pushData: request.pushData,
      audience: ref,
      expected: index.expected,
    };
    const day = parseNotificationId(header.id)?.day ?? "";
    const standing = await commitSafely(() => openLedger(env, app.id, day).open(plan));
    execution.waitUntil(
      enqueueChunks(env, app.id, plan, index.chunks).catch((error: unknown) => {
        console.error({
          message: "enqueueing failed; the watchdog will do it",
          notificationId: header.id,
          error,
        });
      }),
    );
    return standing;
  };
}

function* listRows({ request, template }: PreparedSend): Generator<AudienceRow> {
  const variables = listVariables(template.variableSchema);
  for (const userId of request.targets) {
    const values = readTargetValues(variables, request.variables, userId);
    yield { userId, json: JSON.stringify(values === null ? [userId] : [userId, ...values]) };
  }
}
