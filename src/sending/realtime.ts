import { packDetails } from "../audiences/plan-details.ts";
import { listEnabledChannels } from "../channels/enabled.ts";
import { deliverRows } from "../delivering/deliver.ts";
import { dispatchInline } from "../delivering/inline-dispatches.ts";
import { IsolateBudget } from "../delivering/isolate-budget.ts";
import { decideDeliveries, pushDataOf, SliceWriter } from "../delivering/target.ts";
import type { DeliverySlice } from "../model/delivery.ts";
import { Faults, faultsToError, OnecallError } from "../model/errors.ts";
import { FREE_TEXT_LENGTH, MAX_INLINE_AT_ONCE } from "../model/limits.ts";
import type { NotificationHeader, StoredRow } from "../model/notification.ts";
import { shardOfUser } from "../model/user-hash.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";
import { compiledTemplate } from "../templates/compiled.ts";
import { checkVariables } from "../templates/variable-faults.ts";
import type { PreparedSend, SendContext } from "./prepared-send.ts";
import { makeDetails, registerPlan } from "./register-plan.ts";
import { areTooLarge, readTargetValues } from "./target-variables.ts";

/** Room for what realtime sends have rendered in this isolate: fifty channels come to megabytes. */
const INLINE_TEXT = new IsolateBudget(MAX_INLINE_AT_ONCE, FREE_TEXT_LENGTH);

/**
 * One target at once: rendered here, stored and counted by one call to the user's shard, which is the
 * commit point; then providers are called for it, as long as one is waited
 * for. Returns the commit, so that everything the caller can get wrong is found before it.
 */
export function sendRealtime(prepared: PreparedSend): (context: SendContext) => Promise<NotificationHeader> {
  const { header, app } = prepared;
  const [row] = requireRows(prepared);
  if (row === undefined) throw new OnecallError("ERR_BAD_REQUEST", "targets: must name a user");
  const [userId, ...values] = row;
  const pushData = pushDataOf(header, prepared.request.pushData);
  const slices = renderRow(prepared, row);
  const deliverRequest = {
    header,
    expected: 1,
    slices,
    pushData,
    target: userId,
    targetValues: mayFail(slices) ? values : null,
  };
  return async ({ env }) => {
    const inline = dispatchInline(env, app);
    const getShardStub = () => getShardStubOf(env, app, userId);
    const room = await INLINE_TEXT.reserve(slices.reduce((sum, { json }) => sum + json.length, 0));
    const { earlier, leases } = await commitSafely(() =>
      getShardStub().deliver(deliverRequest, inline.leaseMs),
    ).finally(room.release);
    await inline.send(getShardStub, leases);
    return earlier ?? header;
  };
}

/**
 * Two to ten targets at once: all are checked before any is sent to. Opening the ledger, which holds them,
 * is the commit point; the answer waits for the deliveries. One that fails then is the watchdog's.
 */
export function sendRealtimeToSeveral(
  prepared: PreparedSend,
): (context: SendContext) => Promise<NotificationHeader> {
  const { app } = prepared;
  const rows = requireRows(prepared);
  for (const row of rows) renderRow(prepared, row);
  const expected = new Map<number, number>();
  for (const [userId] of rows) {
    const shard = shardOfUser(userId, app);
    expected.set(shard, (expected.get(shard) ?? 0) + 1);
  }
  return async (context) => {
    const source = { kind: "inline" as const, rows };
    const details = makeDetails(prepared, []);
    const plan = { header: prepared.header, source, expected: [...expected] };
    const packed = await packDetails(context.env, app.id, plan.header.id, details);
    const { header } = await registerPlan(context, { ...plan, ...packed });
    await deliverRows(
      context.env,
      app,
      { ...plan, ...details },
      rows,
      dispatchInline(context.env, app),
    ).catch((error: unknown) => {
      console.error({
        message: "a realtime delivery is left to the watchdog",
        notificationId: header.id,
        error,
      });
    });
    return header;
  };
}

/** A delivery that is done can't be retried; any other needs its values once more. */
function mayFail(slices: readonly DeliverySlice[]): boolean {
  return slices.some(({ tallies }) =>
    tallies.some(([, status]) => status === "pending" || status === "failed"),
  );
}

/** One target's delivery rows. Throws where a content is over its limit: in realtime that is told at once. */
function renderRow({ header, template, app }: PreparedSend, [userId, ...values]: StoredRow): DeliverySlice[] {
  const context = {
    template: compiledTemplate(template),
    channels: header.channels,
    enabled: listEnabledChannels(app),
    isExpired: false,
  };
  const outcomes = decideDeliveries(context, userId, values, null);
  const writer = new SliceWriter(header.channels, context.enabled);
  for (const [index, channel] of header.channels.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === "failed" && outcome.reason === "payload_too_large") {
      throw new OnecallError(
        "ERR_PAYLOAD_TOO_LARGE",
        `The rendered content of "${channel.key}" is over 64 KB.`,
      );
    }
  }
  writer.addTarget(userId, outcomes);
  return writer.finish();
}

/**
 * The distinct targets with their raw values. Throws where a variable of any is missing or wrong: a target
 * without variables, who in a batch gets the content unsubstituted, lacks in realtime all that are required.
 */
function requireRows({ request, template }: PreparedSend): StoredRow[] {
  const { variables } = compiledTemplate(template);
  const targets = request.audience.kind === "targets" ? [...new Set(request.audience.targets)] : [];
  const faults = new Faults();
  const rows = targets.map((userId): StoredRow => {
    const values = readTargetValues(variables, request.variables, userId) ?? variables.map(() => null);
    // Flat variables are named as they came; keyed ones with their user.
    const field =
      request.variables.shape === "by_target"
        ? `${request.variables.field}.${request.userIds.sentAs(userId)}`
        : "template.variables";
    if (areTooLarge(values)) {
      faults.push({ field, message: "has more than 16 KB of variables", code: "ERR_INVALID_VARIABLES" });
    }
    faults.add(checkVariables(variables, (index) => values[index], field).faults);
    return [userId, ...values];
  });
  if (faults.length > 0) throw faultsToError(faults);
  return rows;
}
