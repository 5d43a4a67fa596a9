import type { Chunk } from "../audiences/partition.ts";
import { readAudienceIndex } from "../audiences/store.ts";
import type { Bindings } from "../env.ts";
import { requireIdParts } from "../ids.ts";
import type { TemplateText } from "../templates/compile.ts";
import { commitSafely } from "./commit.ts";
import { openLedger } from "./ledger-binding.ts";
import type { AudienceRef, LedgerPlan, NotificationHeader, PlanDetails, TemplateSnapshot } from "./model.ts";
import { enqueueChunks } from "./queue.ts";
import type { PreparedSend, SendContext } from "./send.ts";

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

/** Writes the plan into its day's ledger: the commit point. Returns the header that stands. */
export function openPlan({ env, app }: SendContext, plan: LedgerPlan): Promise<NotificationHeader> {
  const ledger = requireIdParts(plan.header.id);
  return commitSafely(() => openLedger(env, app.id, ledger).open(plan));
}

/** Opens a plan whose targets are in R2 and sends its chunks on their way; the answer doesn't wait for that. */
export async function openAndEnqueue(
  context: SendContext,
  plan: LedgerPlan,
  chunks: readonly Chunk[],
): Promise<NotificationHeader> {
  const { env, app, execution } = context;
  const header = await openPlan(context, plan);
  execution.waitUntil(
    enqueueChunks(env, app.id, plan, chunks).catch((error: unknown) => {
      console.error({
        message: "enqueueing failed; the watchdog will do it",
        notificationId: header.id,
        error,
      });
    }),
  );
  return header;
}

/** Sends the chunks on their way that have targets of these shards. Returns how many. */
export async function enqueueShards(
  env: Bindings,
  appId: string,
  plan: LedgerPlan,
  audience: AudienceRef,
  shards: ReadonlySet<number>,
): Promise<number> {
  const index = await readAudienceIndex(env, appId, audience.id);
  const chunks = index.chunks.filter(({ runs }) => runs.some(({ shard }) => shards.has(shard)));
  await enqueueChunks(env, appId, plan, chunks);
  return chunks.length;
}
