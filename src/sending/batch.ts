import { type AudienceRow, partitionAudience } from "../audiences/partition.ts";
import { packDetails } from "../audiences/plan-details.ts";
import { storeAudience } from "../audiences/store.ts";
import type { NotificationHeader } from "../model/notification.ts";
import { listVariables } from "../templates/variables.ts";
import type { PreparedSend, SendContext } from "./prepared-send.ts";
import { makeDetails, planAudience, registerAndEnqueue } from "./register-plan.ts";
import { limitValues, readTargetValues } from "./target-variables.ts";

/**
 * Many targets in the background: the audience goes to R2, grouped by user shard; opening the ledger is the
 * commit point; then the chunks go to the queue. Should that fail, the ledger's watchdog does it.
 */
export function sendBatch(prepared: PreparedSend): (context: SendContext) => Promise<NotificationHeader> {
  const audience = partitionAudience(listRows(prepared), prepared.app);
  return async (context) => {
    const { env } = context;
    const { app, header } = prepared;
    const [{ ref, index }, details] = await Promise.all([
      storeAudience(env, app.id, header.id, audience, null),
      packDetails(env, app.id, header.id, makeDetails(prepared, [])),
    ]);
    const plan = planAudience(prepared, { kind: "targets", audience: ref }, index, details);
    return registerAndEnqueue(context, plan, index.chunks);
  };
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.isWellFormed();
}

function* listRows({ request, template }: PreparedSend): Generator<AudienceRow> {
  if (request.audience.kind !== "targets") return;
  const variables = listVariables(template.variableSchema);
  for (const userId of request.audience.targets) {
    const values = readTargetValues(variables, request.variables, userId);
    const json = JSON.stringify(values === null ? [userId] : [userId, ...limitValues(values)]);
    yield { userId, json, isFull: values?.every(isText) ?? variables.length === 0 };
  }
}
