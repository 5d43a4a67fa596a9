import { enabledChannelKeys } from "../apps/lookup.ts";
import { faultsToError, OnecallError } from "../errors.ts";
import { compiledTemplate } from "../templates/compiled.ts";
import { checkVariables } from "../templates/variable-faults.ts";
import { openShardOf } from "../users/shard-binding.ts";
import { commitSafely } from "./commit.ts";
import { decideDeliveries, SliceWriter } from "./deliver.ts";
import type { NotificationHeader } from "./model.ts";
import type { PreparedSend, SendContext } from "./send.ts";
import { readTargetValues } from "./target-variables.ts";

/**
 * One target at once: rendered here, stored and counted by one call to the user's shard, which is the
 * commit point. Returns the commit, so that everything the caller can get wrong is found before it.
 */
export function sendRealtime(prepared: PreparedSend): (context: SendContext) => Promise<NotificationHeader> {
  const { header, request, template, app } = prepared;
  const [userId] = request.targets;
  if (userId === undefined) throw new OnecallError("ERR_BAD_REQUEST", "targets: must name a user");
  const compiled = compiledTemplate(template);
  // Without variables at all, all that are required are missing: batch's unsubstituted content isn't for here.
  const values =
    readTargetValues(compiled.variables, request.variables, userId) ?? compiled.variables.map(() => null);
  const { faults } = checkVariables(compiled.variables, (index) => values[index], "template.variables");
  if (faults.length > 0) throw faultsToError(faults);
  const outcomes = decideDeliveries(
    { template: compiled, channels: header.channels, enabled: enabledChannelKeys(app), isExpired: false },
    values,
  );
  const writer = new SliceWriter();
  for (const [index, channel] of header.channels.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if (outcome.status === "failed" && outcome.reason === "payload_too_large") {
      throw new OnecallError(
        "ERR_PAYLOAD_TOO_LARGE",
        `The rendered content of "${channel.key}" is over 64 KB.`,
      );
    }
    writer.add(userId, channel, outcome);
  }
  const deliverRequest = { header, expected: 1, slices: writer.finish() };
  return ({ env }) => commitSafely(() => openShardOf(env, app, userId).deliver(deliverRequest));
}
