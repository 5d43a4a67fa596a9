import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import { shardOfUser, type UserPlacement } from "./hash.ts";
import type { UserShardContract } from "./shard-contract.ts";

/** A user shard of an app by its number. */
export function openShard(env: Bindings, appId: string, shard: number): Remote<UserShardContract> {
  return env.USER_SHARD.getByName(keys.userShard(appId, shard)) as unknown as Remote<UserShardContract>;
}

/** The user shard that a user (or an Idempotency-Key) hashes to. */
export function openShardOf(
  env: Bindings,
  app: UserPlacement & { id: string },
  userId: string,
): Remote<UserShardContract> {
  return openShard(env, app.id, shardOfUser(userId, app));
}
