import { listEnabledChannels, withCurrentChannels } from "../channels/enabled.ts";
import { requireSendableTemplate } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord, KeyRecord } from "../model/app.ts";
import { OnecallError } from "../model/errors.ts";
import { listWantedEvents } from "../model/events.ts";
import { newNotificationId, timeOfId } from "../model/ids.ts";
import { chooseSlot } from "../model/ledger-slots.ts";
import { DEFAULT_EXPIRY_MS } from "../model/limits.ts";
import {
  type CallOrigin,
  type ChannelRef,
  isToOne,
  type NotificationHeader,
  type Sender,
} from "../model/notification.ts";
import type { SendAudience, SendRequest } from "../model/send-request.ts";
import { OPERATOR_SENDER } from "../model/session.ts";
import type { SendableTemplate, TemplateRef } from "../model/template.ts";
import { shardOfUser } from "../model/user-hash.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { sendBatch } from "./batch.ts";
import { lookUpClaim } from "./claims.ts";
import { openTargetsFile, sendFile } from "./file.ts";
import type { PreparedSend, SendContext } from "./prepared-send.ts";
import { sendRealtime, sendRealtimeToSeveral } from "./realtime.ts";

/** An answer to a send: of this call, or once more of an earlier one with its Idempotency-Key. */
export interface Sent {
  header: NotificationHeader;
  isReplayed: boolean;
}

/**
 * The one use case: sends a template to one user at once, or to many in the background. `parse` checks the
 * family's own JSON; it runs after the Idempotency-Key was looked up. Returns the notification's header:
 * all that any family's answer is made of. Until it is committed, a failure means that nothing was sent.
 */
export async function sendNotification(
  context: SendContext,
  parse: (now: number) => SendRequest,
): Promise<Sent> {
  const { env, idempotency } = context;
  const claim = await lookUpClaim(env, context.app, idempotency);
  // A call that is run again is judged by the time at which it was first made.
  const request = parse((claim.answer ?? claim.resumed)?.createdAt ?? Date.now());
  if (claim.answer !== null) return { header: withLabels(claim.answer, request), isReplayed: true };
  const resumed = claim.resumed === null ? null : withLabels(claim.resumed, request);
  const prepared = await prepareSend(context, request, resumed);
  const commit = planCommit(prepared);
  const earlier = await claim.take(prepared.header);
  if (earlier !== null) return { header: withLabels(earlier, request), isReplayed: true };
  try {
    const header = await commit(context);
    await claim.finish(header);
    return { header, isReplayed: false };
  } catch (error) {
    await claim.release(prepared.header);
    throw error;
  }
}

/** The header with the title and tag that a claim of a send to one lacks: this call has the same ones. */
function withLabels(header: NotificationHeader, { title, tag }: SendRequest): NotificationHeader {
  return isToOne(header) ? { ...header, title, tag } : header;
}

/** Finds all that the caller can get wrong; what it returns commits the send. */
function planCommit(prepared: PreparedSend): (context: SendContext) => Promise<NotificationHeader> {
  const { request, file, header } = prepared;
  if (file !== null) return sendFile(prepared, file);
  if (request.mode === "batch") return sendBatch(prepared);
  return header.total === 1 ? sendRealtime(prepared) : sendRealtimeToSeveral(prepared);
}

async function prepareSend(
  context: SendContext,
  request: SendRequest,
  resumed: NotificationHeader | null,
): Promise<PreparedSend> {
  const { env, app: cachedApp } = context;
  const { audience } = request;
  const template =
    resumed === null
      ? await requireSendableTemplate(env, cachedApp.id, request.template)
      : await requirePinnedTemplate(env, cachedApp.id, request.template, resumed.templateVersion);
  const app = await withCurrentChannels(env, cachedApp, template.channelKeys);
  const file =
    audience.kind === "file"
      ? await openTargetsFile(
          env,
          app.id,
          audience.fileKey,
          resumed?.fileAudience ?? null,
          request.expiresAt ?? Date.now() + DEFAULT_EXPIRY_MS,
        )
      : null;
  const header = resumed ?? makeHeader(context, request, { template, app, file });
  return { header, request, template, app, file };
}

function makeHeader(
  { key, via }: SendContext,
  request: SendRequest,
  { template, app, file }: Pick<PreparedSend, "template" | "app" | "file">,
): NotificationHeader {
  const channels = listSendChannels(app, template);
  if (channels.length === 0) {
    throw new OnecallError(
      "ERR_NO_CHANNELS",
      `The template "${template.key}" has no enabled channel. Enable one of: ${template.channelKeys.join(", ")}.`,
    );
  }
  const { total, duplicates } = file === null ? countTargets(request.audience) : file.index;
  const shard = shardOfRealtime(request, total, app);
  const id = newNotificationId(shard, chooseSlot(app, shard));
  const createdAt = timeOfId(id);
  return {
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
    duplicates,
    createdAt,
    expiresAt: request.expiresAt ?? createdAt + DEFAULT_EXPIRY_MS,
    sentFrom: key.lastFour,
    sender: describeSender(key, via),
    fileAudience: file?.audience ?? null,
    webhookEvents: listWantedEvents(app.webhooks),
  };
}

function describeSender({ keyId, name, lastFour }: KeyRecord, via: CallOrigin): Sender {
  if (lastFour === OPERATOR_SENDER) return { keyId: null, keyName: null, via };
  return { keyId, keyName: name ?? null, via };
}

function countTargets(audience: SendAudience): { total: number; duplicates: number } {
  const targets = audience.kind === "targets" ? audience.targets : [];
  const total = new Set(targets).size;
  return { total, duplicates: targets.length - total };
}

/** One realtime target's shard goes into the id: the ledger learns of the notification from it. */
function shardOfRealtime({ mode, audience }: SendRequest, total: number, app: AppRecord): number | undefined {
  if (mode !== "realtime" || total !== 1 || audience.kind !== "targets") return undefined;
  return shardOfUser(audience.targets[0] ?? "", app);
}

/** The template's channels that are enabled now, in the template's order. */
function listSendChannels(app: AppRecord, template: SendableTemplate): ChannelRef[] {
  const open = listEnabledChannels(app);
  return template.channelKeys.flatMap((key) => {
    const channel = app.channels.find((candidate) => candidate.key === key);
    return channel !== undefined && open.has(key) ? [{ key, type: channel.type }] : [];
  });
}

async function requirePinnedTemplate(
  env: Bindings,
  appId: string,
  ref: TemplateRef,
  version: number,
): Promise<SendableTemplate> {
  const template = await getRegistryStub(env, appId).findTemplateVersion(ref, version);
  if (template === null)
    throw new OnecallError("ERR_TEMPLATE_NOT_FOUND", "The template of this call is gone.");
  return template;
}
