import type { Bindings } from "../env.ts";
import type { ApiKey } from "../model/app.ts";
import { firstIdAt } from "../model/ids.ts";
import { MAX_KEY_SENDS, MAX_KEY_SIGN_INS } from "../model/limits.ts";
import type { NotificationHeader } from "../model/notification.ts";
import { requireValue } from "../model/outcome.ts";
import { senderOf } from "../model/sender.ts";
import { SESSION_SECONDS } from "../model/session.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { listNotifications } from "./notifications.ts";

/** How many were found, and whether there may be more: a look is bounded. */
interface Found {
  count: number;
  isMore: boolean;
}

/** A key with what depends on it now. */
export interface KeyInUse {
  key: ApiKey;
  /** To the dashboard, of which the sessions can still be open: these end with the key. */
  signIns: Found;
  /** Its notifications that aren't completed: these go on without it. */
  sending: Found;
}

/** What revoking a key would end, and what not. Throws where there is no such key. */
export async function readKeyInUse(env: Bindings, appId: string, keyId: string): Promise<KeyInUse> {
  const key = requireValue(await getRegistryStub(env, appId).getKeyById(keyId));
  const [signIns, sending] = await Promise.all([
    countSignIns(env, appId, keyId),
    countSending(env, appId, key),
  ]);
  return { key, signIns, sending };
}

async function countSignIns(env: Bindings, appId: string, keyId: string): Promise<Found> {
  const { entries, nextBeforeId } = await getRegistryStub(env, appId).listAuditLog({
    action: "dashboard.opened",
    actor: keyId,
    targetType: null,
    targetId: null,
    beforeId: null,
    fromId: firstIdAt(Date.now() - SESSION_SECONDS * 1000),
    limit: MAX_KEY_SIGN_INS,
  });
  return { count: entries.length, isMore: nextBeforeId !== null };
}

async function countSending(env: Bindings, appId: string, key: ApiKey): Promise<Found> {
  const { records, nextBeforeId } = await listNotifications(env, appId, {
    state: "sending",
    beforeId: null,
    limit: MAX_KEY_SENDS,
  });
  const count = records.filter(({ header }) => isOf(header, key)).length;
  return { count, isMore: nextBeforeId !== null };
}

function isOf(header: NotificationHeader, { id, key }: ApiKey): boolean {
  const sender = senderOf(header);
  return sender.via === null ? sender.key === key : sender.keyId === id;
}
