import type { Bindings } from "../env.ts";
import { isStoredUserId } from "../http/validation.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { sha256Hex } from "../model/credentials.ts";
import { NO_USER } from "../model/missing.ts";
import { type Outcome, succeed } from "../model/outcome.ts";
import type { User, UserFields } from "../model/user.ts";
import type { TokenTimes } from "../model/user-token.ts";
import type { Remote } from "../objects/kit/remote.ts";
import { getShardStubOf, type UserShardContract } from "../objects/user-shard/contract.ts";

/**
 * Users by their ids. Refused by {@link NO_USER} where there is none: an id that nobody can have, which a path may
 * hold, is asked for nowhere. But for {@link updateUserOf}, each change has a line in the audit log.
 */

/** The user of a path; the id is as it is stored. */
interface UserRef {
  env: Bindings;
  app: AppRecord;
  uid: string;
}

export async function findUserOf(user: UserRef): Promise<Outcome<User>> {
  return askShard(user, async (shard) => {
    const found = await shard.getUser(user.uid);
    return found === null ? NO_USER : succeed(found);
  });
}

/** Changes the given fields only. */
export async function updateUserOf(user: UserRef, fields: UserFields): Promise<Outcome<User>> {
  return askShard(user, (shard) => shard.updateUser(user.uid, fields));
}

/**
 * Deletes a user with all that is stored of them, whether there is a record of them or not. Where nothing was stored,
 * what was accepted before and is still on its way is skipped all the same.
 */
export async function deleteUserOf(user: UserRef, actor: Actor): Promise<Outcome<null>> {
  return askShard(user, async (shard) => shard.deleteUser(user.uid, actor, await hashUidOf(user)));
}

/** Refuses all tokens that a user has; returns from when on they count, Unix ms. */
export async function revokeTokensOf(user: UserRef, actor: Actor): Promise<Outcome<number>> {
  return askShard(user, async (shard) => shard.revokeTokens(user.uid, actor, await hashUidOf(user)));
}

/** Deactivates a user, or undoes that. */
export async function setUserActiveOf(
  user: UserRef,
  isActive: boolean,
  actor: Actor,
): Promise<Outcome<null>> {
  return askShard(user, async (shard) =>
    shard.setUserActive(user.uid, isActive, actor, await hashUidOf(user)),
  );
}

/** Refuses one token of a user's, and closes their sockets. */
export async function removeTokenOf(user: UserRef, token: TokenTimes, actor: Actor): Promise<void> {
  const { env, app, uid } = user;
  await getShardStubOf(env, app, uid).removeToken(uid, token, actor, await hashUidOf(user));
}

async function askShard<T>(
  { env, app, uid }: UserRef,
  ask: (shard: Remote<UserShardContract>) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (!isStoredUserId(uid)) return NO_USER;
  return ask(getShardStubOf(env, app, uid));
}

function hashUidOf({ app, uid }: UserRef): Promise<string> {
  return hashUid(app.id, uid);
}

/** What the audit log has in place of a user's id: SHA-256 of `{appId}:{uid}`, in hex. */
export function hashUid(appId: string, uid: string): Promise<string> {
  return sha256Hex(`${appId}:${uid}`);
}
