import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import type { TokenTimes } from "../model/user-token.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";
import { hashUid } from "./delete-user.ts";

/** Who may still come in as a user. Each change that it makes has a line in the audit log. */

/** Refuses all tokens that a user has; returns from when on they count (Unix ms), null where there is no such user. */
export async function revokeTokensOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  actor: Actor,
): Promise<number | null> {
  return getShardStubOf(env, app, uid).revokeTokens(uid, actor, await hashUid(app.id, uid));
}

/** Refuses one token of a user's, and closes their sockets. */
export async function removeTokenOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  token: TokenTimes,
  actor: Actor,
): Promise<void> {
  await getShardStubOf(env, app, uid).removeToken(uid, token, actor, await hashUid(app.id, uid));
}

/** Deactivates a user, or undoes that; false where there is no such user. */
export async function setUserActiveOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  isActive: boolean,
  actor: Actor,
): Promise<boolean> {
  return getShardStubOf(env, app, uid).setUserActive(uid, isActive, actor, await hashUid(app.id, uid));
}
