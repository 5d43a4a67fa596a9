import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { keys } from "../model/keys.ts";
import { MAX_LEDGER_DETAILS_BYTES } from "../model/limits.ts";
import type { LedgerPlan, PlanDetails, SendPlan } from "../model/notification.ts";
import { SendableTemplateSchema } from "../model/template.ts";
import { exceedsBytes } from "../text/size.ts";

// valibot's record() leaves out names such as `constructor`, which are legal here.
const TextsSchema = v.custom<Record<string, string>>(
  (input) =>
    typeof input === "object" &&
    input !== null &&
    Object.values(input).every((value) => typeof value === "string"),
);

const PlanDetailsSchema = v.object({
  template: v.pick(SendableTemplateSchema, ["content", "variableSchema", "placeholders"]),
  pushData: TextsSchema,
  columns: v.array(v.string()),
});

/**
 * Where a plan's details go: small ones stay with it in the ledger, which saves two calls of R2; others are put into
 * R2, create-only, as a call that is run again finds what it wrote. Throws where R2 fails, so it belongs before the
 * commit point; what is then never committed ends with the lifecycle rule.
 */
export async function packDetails(
  env: Bindings,
  appId: string,
  notificationId: string,
  details: PlanDetails,
): Promise<Pick<LedgerPlan, "details">> {
  const json = JSON.stringify(details);
  if (!exceedsBytes(json, MAX_LEDGER_DETAILS_BYTES)) return { details };
  const key = keys.r2Plan(appId, notificationId);
  await env.TARGETS.put(key, json, { onlyIf: { etagDoesNotMatch: "*" } });
  return {};
}

/** A ledger's plan with what it renders with. Throws where that can't be read. */
export async function loadPlan(
  env: Bindings,
  appId: string,
  { details, ...plan }: LedgerPlan,
): Promise<SendPlan> {
  return { ...plan, ...(details ?? (await readDetails(env, appId, plan.header.id))) };
}

async function readDetails(env: Bindings, appId: string, notificationId: string): Promise<PlanDetails> {
  const object = await env.TARGETS.get(keys.r2Plan(appId, notificationId));
  if (object === null) throw new Error("What the notification renders with is gone");
  return v.parse(PlanDetailsSchema, await object.json());
}
