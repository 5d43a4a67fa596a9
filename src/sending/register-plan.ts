import { chooseCut } from "../audiences/chunk-cut.ts";
import type { AudienceIndex } from "../audiences/store.ts";
import { listUnits, type UnitRange } from "../model/chunk-units.ts";
import type { Chunk } from "../model/chunks.ts";
import { requireIdParts } from "../model/ids.ts";
import type {
  AudienceSource,
  LedgerPlan,
  NotificationHeader,
  PlanDetails,
  TemplateSnapshot,
} from "../model/notification.ts";
import type { TemplateText } from "../model/template.ts";
import { commitSafely } from "../objects/kit/commit.ts";
import type { RegisteredPlan } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { enqueueHandouts } from "../queues/chunks.ts";
import { compiledTemplate } from "../templates/compiled.ts";
import type { PreparedSend, SendContext } from "./prepared-send.ts";

/** What a prepared send renders with: the template's content for its channels, as it is now. */
export function makeDetails({ header, request, template }: PreparedSend, columns: string[]): PlanDetails {
  return { template: snapshotTemplate(header, template), pushData: request.pushData, columns };
}

/** What a template says in a notification's channels. */
export function snapshotTemplate(
  { channels }: Pick<NotificationHeader, "channels">,
  { content, variableSchema, placeholders }: TemplateText,
): TemplateSnapshot {
  const selected = Object.fromEntries(
    channels.flatMap(({ key }) => {
      const channelContent = content[key];
      return channelContent === undefined ? [] : [[key, channelContent]];
    }),
  );
  return { content: selected, variableSchema, placeholders };
}

/** Writes a plan into its day's ledger: the commit point. `units`: what of its audience is to be delivered. */
export function registerPlan(
  { env, app }: SendContext,
  plan: LedgerPlan,
  units: UnitRange[] = [],
): Promise<RegisteredPlan> {
  const ledger = requireIdParts(plan.header.id);
  return commitSafely(() => getLedgerStub(env, app.id, ledger).register(plan, units));
}

/** The plan of a prepared send to an audience, cut by what its rows render to. */
export function planAudience(
  { header, template }: PreparedSend,
  source: AudienceSource,
  { chunks, expected }: Pick<AudienceIndex, "chunks" | "expected">,
  details: Pick<LedgerPlan, "details">,
): LedgerPlan & { source: AudienceSource } {
  const cut = chooseCut(compiledTemplate(template), header.channels, chunks);
  return { header, source: { ...source, ...(cut === undefined ? {} : { cut }) }, expected, ...details };
}

/**
 * Opens a plan whose targets are in R2 and sends the chunks on their way that its ledger hands out; the answer doesn't
 * wait for that. The others follow as these are done with.
 */
export async function registerAndEnqueue(
  context: SendContext,
  plan: LedgerPlan & { source: AudienceSource },
  chunks: readonly Chunk[],
): Promise<NotificationHeader> {
  const { env, app, execution } = context;
  const { header, handouts } = await registerPlan(context, plan, listUnits(chunks, plan.source.cut));
  execution.waitUntil(
    enqueueHandouts(env, app.id, handouts).catch((error: unknown) => {
      console.error({
        message: "enqueueing failed; the watchdog will do it",
        notificationId: header.id,
        error,
      });
    }),
  );
  return header;
}
