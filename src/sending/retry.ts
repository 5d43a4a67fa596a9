import { loadPlan, packDetails } from "../audiences/plan-details.ts";
import { deliverRows } from "../delivering/deliver.ts";
import { type Bindings, readConfig } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { OnecallError } from "../model/errors.ts";
import { requireIdParts } from "../model/ids.ts";
import { NO_NOTIFICATION } from "../model/missing.ts";
import type { FailureReason, LedgerPlan, NotificationHeader } from "../model/notification.ts";
import { requireFound, requireValue } from "../model/outcome.ts";
import { retriesEndAt } from "../model/retry-window.ts";
import { shardOfUser } from "../model/user-hash.ts";
import type { NotificationRecord, RegisteredRetry } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { enqueueHandouts } from "../queues/chunks.ts";
import { findNotification } from "../reading/notifications.ts";
import type { SendContext } from "./prepared-send.ts";
import { snapshotTemplate } from "./register-plan.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Which failed deliveries a retry is for; null: for any. */
export interface RetryChoice {
  reasons: FailureReason[] | null;
  userId: string | null;
}

/**
 * Sends a completed notification again to its failed deliveries, in the same notification. Writing the attempt into the
 * ledger is the commit point; then the chunks that have such targets go to the queue. It expires after as long as the
 * send did. Returns the notification as it is then.
 */
export async function retryFailed(
  { env, app, execution }: Pick<SendContext, "env" | "app" | "execution">,
  actor: Actor,
  id: string,
  { reasons, userId }: RetryChoice,
): Promise<NotificationRecord> {
  const record = requireFound(await findNotification(env, app, id), NO_NOTIFICATION);
  const { header } = record;
  const { retentionMs } = readConfig(env);
  // Shards forget deliveries at the end of retention: an attempt that begins so late would never end.
  if (Date.now() >= retriesEndAt(header.createdAt, retentionMs)) {
    throw new OnecallError("ERR_CONFLICT", "Its deliveries aren't kept long enough any more to be retried.");
  }
  const expiresAt = Math.min(
    Date.now() + Math.max(header.expiresAt - header.createdAt, 0),
    header.createdAt + retentionMs - DAY_MS,
  );
  const parts = requireIdParts(id);
  const { shard } = parts;
  const plan = shard === null ? null : await planSingle(env, app, header, shard);
  const only = userId === null ? null : await requireFailed(env, app, record, { reasons, userId });
  const request = { reasons, only, expiresAt, actor };
  const registered = requireValue(await getLedgerStub(env, app.id, parts).retry(id, request, plan));
  execution.waitUntil(
    deliverAgain(env, app, registered).catch((error: unknown) => {
      console.error({ message: "a retry is left to the watchdog", notificationId: id, error });
    }),
  );
  return (await getLedgerStub(env, app.id, parts).get(id)) ?? record;
}

/** The user's shard; refused where nothing of theirs has failed: an attempt would be opened for nothing. */
async function requireFailed(
  env: Bindings,
  app: AppRecord,
  { header, completedAt }: NotificationRecord,
  { reasons, userId }: { reasons: FailureReason[] | null; userId: string },
): Promise<{ userId: string; shard: number }> {
  const shard = shardOfUser(userId, app);
  const { deliveries } = await getShardStub(env, app.id, shard).listDeliveries(header.id, [userId]);
  const hasFailed = deliveries.some(
    ({ status, reason }) =>
      status === "failed" && (reasons === null || (reasons as (string | null)[]).includes(reason)),
  );
  // Where the notification isn't completed, the ledger refuses the retry, and says why.
  if (hasFailed || completedAt === null) return { userId, shard };
  throw new OnecallError("ERR_CONFLICT", "No delivery of it to this user has failed for such a reason.");
}

async function deliverAgain(
  env: Bindings,
  app: AppRecord,
  { plan, handouts }: RegisteredRetry,
): Promise<void> {
  const { source } = plan;
  if (source.kind === "inline") {
    await deliverRows(env, app, await loadPlan(env, app.id, plan), source.rows, null);
  } else await enqueueHandouts(env, app.id, handouts);
}

/** A realtime send to one has no plan until it needs one: its shard has the values, the registry the template. */
async function planSingle(
  env: Bindings,
  app: AppRecord,
  header: NotificationHeader,
  shard: number,
): Promise<LedgerPlan | null> {
  const stub = getShardStub(env, app.id, shard);
  const [target, template] = await Promise.all([
    stub.getRetryTarget(header.id),
    getRegistryStub(env, app.id).findTemplateVersion({ id: header.templateId }, header.templateVersion),
  ]);
  // Nothing of it could fail, or its retention is over: which of both, the ledger says as it refuses.
  if (target === null || template === null) return null;
  const details = {
    template: snapshotTemplate(header, template),
    pushData: target.pushData,
    columns: [],
  };
  return {
    header,
    ...(await packDetails(env, app.id, header.id, details)),
    source: { kind: "inline", rows: [[target.userId, ...target.values]] },
    expected: [[shard, 1]],
  };
}
