import type { AppRecord } from "../apps/records.ts";
import type { Actor } from "../audit-log/model.ts";
import type { Bindings } from "../env.ts";
import { hashUid } from "./delete-user.ts";
import { openShardOf } from "./shard-binding.ts";
import type { TokenTimes } from "./user-tokens.ts";

/** Who may still come in as a user. Each change that it makes has a line in the audit log. */

/** Refuses all tokens that a user has; returns from when on they count (Unix ms), null where there is no such user. */
export async function revokeTokensOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  actor: Actor,
): Promise<number | null> {
  return openShardOf(env, app, uid).revokeTokens(uid, actor, await hashUid(app.id, uid));
}

/** Refuses one token of a user's, and closes their sockets. */
export async function removeTokenOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  token: TokenTimes,
  actor: Actor,
): Promise<void> {
  await openShardOf(env, app, uid).removeToken(uid, token, actor, await hashUid(app.id, uid));
}

/** Deactivates a user, or undoes that; false where there is no such user. */
export async function setUserActiveOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  isActive: boolean,
  actor: Actor,
): Promise<boolean> {
  return openShardOf(env, app, uid).setUserActive(uid, isActive, actor, await hashUid(app.id, uid));
}
