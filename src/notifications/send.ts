import { enabledChannelKeys, refreshApp, requireSendableTemplate } from "../apps/lookup.ts";
import type { AppRecord, KeyRecord } from "../apps/records.ts";
import type { TemplateRef } from "../apps/registry.ts";
import { openRegistry } from "../apps/registry-binding.ts";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../errors.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { newNotificationId, parseNotificationId } from "../ids.ts";
import { DEFAULT_EXPIRY_MS } from "../limits.ts";
import type { SendableTemplate } from "../templates/records.ts";
import { shardOfUser } from "../users/hash.ts";
import { sendBatch } from "./batch.ts";
import { openClaim, type SendIdentity } from "./claims.ts";
import type { ChannelRef, NotificationHeader } from "./model.ts";
import { sendRealtime } from "./realtime.ts";
import type { SendRequest } from "./request.ts";

/** Who sends, and what the send may use. */
export interface SendContext {
  env: Bindings;
  execution: Pick<ExecutionContext, "waitUntil">;
  app: AppRecord;
  key: KeyRecord;
  idempotency: Idempotency | null;
}

/** A send that is checked and about to be committed. */
export interface PreparedSend {
  header: NotificationHeader;
  request: SendRequest;
  template: SendableTemplate;
  /** The app with its channels as they are now. */
  app: AppRecord;
}

/**
 * The one use case: sends a template to one user at once, or to many in the background. `parse` checks the
 * family's own JSON; it runs after the Idempotency-Key was looked up. Returns the notification's header:
 * all that any family's answer is made of. Until it is committed, a failure means that nothing was sent.
 */
export async function sendNotification(
  context: SendContext,
  parse: () => SendRequest,
): Promise<NotificationHeader> {
  const { env, idempotency } = context;
  const claim = await openClaim(env, context.app, idempotency);
  if (claim.answer !== null) return claim.answer;
  const request = parse();
  const prepared = await prepareSend(context, request, claim.resumed);
  const commit = request.mode === "realtime" ? sendRealtime(prepared) : sendBatch(prepared);
  const identity = { notificationId: prepared.header.id, templateVersion: prepared.template.version };
  const earlier = await claim.take(identity);
  if (earlier !== null) return earlier;
  try {
    const header = await commit(context);
    await claim.finish(header);
    return header;
  } catch (error) {
    await claim.release(identity);
    throw error;
  }
}

async function prepareSend(
  { env, app: cachedApp, key }: SendContext,
  request: SendRequest,
  resumed: SendIdentity | null,
): Promise<PreparedSend> {
  const template =
    resumed === null
      ? await requireSendableTemplate(env, cachedApp.id, request.template)
      : await requirePinnedTemplate(env, cachedApp.id, request.template, resumed.templateVersion);
  const app = await withCurrentChannels(env, cachedApp, template);
  const channels = listSendChannels(app, template);
  if (channels.length === 0) {
    throw new OnecallError(
      "ERR_NO_CHANNELS",
      `The template "${template.key}" has no enabled channel. Enable one of: ${template.channelKeys.join(", ")}.`,
    );
  }
  const total = new Set(request.targets).size;
  const [firstTarget] = request.targets;
  const shard =
    request.mode === "realtime" && firstTarget !== undefined
      ? shardOfUser(firstTarget, app.shardCount)
      : undefined;
  const id = resumed?.notificationId ?? newNotificationId(shard);
  const createdAt = parseNotificationId(id)?.timeMs ?? Date.now();
  const header: NotificationHeader = {
    id,
    mode: request.mode,
    templateKey: template.key,
    templateId: template.id,
    templateVersion: template.version,
    title: request.title,
    tag: request.tag,
    priority: request.mode === "batch" ? request.priority : null,
    channels,
    total,
    duplicates: request.targets.length - total,
    createdAt,
    expiresAt: request.expiresAt ?? createdAt + DEFAULT_EXPIRY_MS,
    sentFrom: key.lastFour,
  };
  return { header, request, template, app };
}

/** The template's channels that are enabled now, in the template's order. */
function listSendChannels(app: AppRecord, template: SendableTemplate): ChannelRef[] {
  const enabled = enabledChannelKeys(app);
  return template.channelKeys.flatMap((key) => {
    const channel = app.channels.find((candidate) => candidate.key === key);
    return channel !== undefined && enabled.has(key) ? [{ key, type: channel.type }] : [];
  });
}

// A copy that lacks one of the template's channels may only be old: no is never said from a copy.
async function withCurrentChannels(
  env: Bindings,
  app: AppRecord,
  template: SendableTemplate,
): Promise<AppRecord> {
  const enabled = enabledChannelKeys(app);
  return template.channelKeys.every((key) => enabled.has(key)) ? app : refreshApp(env, app.id);
}

async function requirePinnedTemplate(
  env: Bindings,
  appId: string,
  ref: TemplateRef,
  version: number,
): Promise<SendableTemplate> {
  const template = await openRegistry(env, appId).findTemplateVersion(ref, version);
  if (template === null)
    throw new OnecallError("ERR_TEMPLATE_NOT_FOUND", "The template of this call is gone.");
  return template;
}
