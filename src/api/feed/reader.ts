import { getApp } from "../../apps/lookup.ts";
import type { Bindings } from "../../env.ts";
import { OnecallError } from "../../errors.ts";
import { bearerToken } from "../../http/auth.ts";
import type { Context } from "../../http/context.ts";
import { limitRate } from "../../http/rate-limit.ts";
import type { Remote } from "../../objects/remote.ts";
import { type FeedToken, refuseToken, verifyFeedToken } from "../../users/feed-tokens.ts";
import { openShardOf } from "../../users/shard-binding.ts";
import type { UserShard } from "../../users/user-shard.ts";

/** Who reads a feed, and where it is. */
export interface Reader {
  token: FeedToken;
  shard: Remote<UserShard>;
}

/** The user whose token a request carries. */
export async function openReader(request: Request, { env }: Context): Promise<Reader> {
  const bearer = bearerToken(request);
  if (bearer === null)
    throw new OnecallError("ERR_UNAUTHORIZED", "Send the header Authorization: Bearer <authToken>.");
  const token = await verifyFeedToken(env, bearer, "feed");
  await limitRate(env, `user:${token.appId}:${token.userId}`);
  return { token, shard: await shardOfToken(env, token) };
}

export async function shardOfToken(env: Bindings, { appId, userId }: FeedToken): Promise<Reader["shard"]> {
  return openShardOf(env, await getApp(env, appId), userId);
}

/** What a shard answered; throws where it refused the token. */
export function requireAccepted<T>(result: T | "revoked"): T {
  if (result === "revoked") throw refuseToken();
  return result;
}
