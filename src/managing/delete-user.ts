import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { sha256Hex } from "../model/credentials.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";

/**
 * Deletes a user with all that is stored of them, whether there is a record of them or not. False where nothing was
 * stored: what was accepted before and is still on its way is skipped all the same.
 */
export async function deleteUserOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  actor: Actor,
): Promise<boolean> {
  return getShardStubOf(env, app, uid).deleteUser(uid, actor, await hashUid(app.id, uid));
}

/** What the audit log has in place of a user's id: SHA-256 of `{appId}:{uid}`, in hex. */
export function hashUid(appId: string, uid: string): Promise<string> {
  return sha256Hex(`${appId}:${uid}`);
}
