import { readFromLedger } from "../copies/known-ledgers.ts";
import type { Bindings } from "../env.ts";
import {
  type AuditEntry,
  type AuditFilter,
  type AuditPage,
  NOTIFICATION_ACTIONS,
  type NotificationAction,
} from "../model/audit.ts";
import { firstIdAt, parseNotificationId } from "../model/ids.ts";
import type { NotificationHeader } from "../model/notification.ts";
import { senderOf } from "../model/sender.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { listNotifications } from "./notifications.ts";

export interface AuditQuery extends Omit<AuditFilter, "fromId"> {
  /** Unix ms, both inclusive. */
  from: number | null;
  to: number | null;
}

/** Notifications that one page looks at where only some of them fit. */
const NOTIFICATIONS_PER_PAGE = 250;

const NOTHING: AuditPage = { entries: [], nextBeforeId: null };

/**
 * What was done to an app, newest first: changes from its registry, notifications from its ledgers. Ids of both
 * are UUIDv7s, so one order and one cursor hold for both. A side that the filter leaves out isn't visited. A page
 * ends where one of the sides ended its look, so it may be short and have a cursor.
 */
export async function readAuditLog(env: Bindings, appId: string, query: AuditQuery): Promise<AuditPage> {
  const { from, to, limit } = query;
  const ends = [query.beforeId, to === null ? null : firstIdAt(to + 1)].filter((end) => end !== null);
  const filter: AuditFilter = {
    ...query,
    fromId: from === null ? null : firstIdAt(from),
    beforeId: ends.sort()[0] ?? null,
  };
  const pages = await Promise.all([
    mayBeChange(query) ? getRegistryStub(env, appId).listAuditLog(filter) : NOTHING,
    mayBeNotification(query) ? readNotifications(env, appId, query, filter) : NOTHING,
  ]);
  // Below it, one of the sides wasn't looked at.
  const horizon =
    pages
      .map(({ nextBeforeId }) => nextBeforeId ?? "")
      .sort()
      .at(-1) ?? "";
  const entries = pages
    .flatMap((page) => page.entries)
    .filter(({ id }) => id >= horizon)
    .sort((a, b) => (a.id > b.id ? -1 : 1));
  const page = entries.slice(0, limit);
  if (entries.length > limit) return { entries: page, nextBeforeId: page.at(-1)?.id ?? null };
  return { entries: page, nextBeforeId: horizon === "" ? null : horizon };
}

function mayBeChange({ action }: AuditQuery): boolean {
  return !isNotificationAction(action);
}

function mayBeNotification({ action, targetType, actor }: AuditQuery): boolean {
  return (
    (action === null || isNotificationAction(action)) &&
    (targetType === null || targetType === "notification") &&
    actor !== "onecall"
  );
}

function isNotificationAction(action: AuditEntry["action"] | null): action is NotificationAction {
  return (NOTIFICATION_ACTIONS as readonly unknown[]).includes(action);
}

async function readNotifications(
  env: Bindings,
  appId: string,
  { from, to, beforeId, targetId, actor, limit }: AuditQuery,
  bounds: AuditFilter,
): Promise<AuditPage> {
  const fits = ({ actor: { type, key, keyId } }: AuditEntry) =>
    actor === null || keyId === actor || (key ?? type) === actor;
  if (targetId !== null) {
    const header = await findHeader(env, appId, targetId);
    if (header === null || !isWithin(header.id, bounds)) return NOTHING;
    return { entries: [toEntry(header)].filter(fits), nextBeforeId: null };
  }
  const { records, nextBeforeId } = await listNotifications(env, appId, {
    from,
    to,
    beforeId,
    limit: actor === null ? limit : NOTIFICATIONS_PER_PAGE,
  });
  return { entries: records.map(({ header }) => toEntry(header)).filter(fits), nextBeforeId };
}

async function findHeader(env: Bindings, appId: string, id: string): Promise<NotificationHeader | null> {
  const ledger = parseNotificationId(id);
  return ledger === null ? null : ((await readFromLedger(env, appId, ledger, id))?.header ?? null);
}

function isWithin(id: string, { fromId, beforeId }: AuditFilter): boolean {
  return (fromId === null || id >= fromId) && (beforeId === null || id < beforeId);
}

function toEntry(header: NotificationHeader): AuditEntry {
  const { id, createdAt, mode, templateKey, templateVersion, total, tag } = header;
  const { type, key, keyId, via } = senderOf(header);
  return {
    id,
    at: createdAt,
    actor: { type, key, keyId, requestId: null },
    action: "notification.sent",
    target: { type: "notification", id },
    details: { mode, templateKey, templateVersion, total, tag, via },
  };
}
