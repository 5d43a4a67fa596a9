import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../model/errors.ts";
import { requireValue } from "../model/outcome.ts";
import { REFUSED_TOKEN } from "../model/user-token.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";
import { bearerToken } from "./auth.ts";
import type { Context } from "./context.ts";
import { type FeedToken, verifyFeedToken } from "./feed-tokens.ts";
import { limitRate } from "./rate-limit.ts";
import { countWrongCredentials, guardLookups } from "./stranger-limit.ts";

/** To whoever does more with a token that only reads. */
export const ONLY_READS = "This token only reads the feed: it marks, registers and opens nothing.";

/** Who reads a feed, and where it is. */
export interface Reader {
  token: FeedToken;
  shard: Remote<UserShardContract>;
}

/** The user whose token a request carries: that of the user's own client. */
export async function openReader(request: Request, context: Context): Promise<Reader> {
  const reader = await openLooker(request, context);
  if (reader.token.isReadOnly) throw new OnecallError("ERR_FORBIDDEN", ONLY_READS);
  return reader;
}

/** The same, or of whoever only looks at the user's feed. */
export async function openLooker(request: Request, context: Context): Promise<Reader> {
  const bearer = bearerToken(request);
  if (bearer === null)
    throw new OnecallError("ERR_UNAUTHORIZED", "Send the header Authorization: Bearer <authToken>.");
  return openReaderOf(context, bearer, "feed");
}

/** The user of a token, however it came: checked, and within the user's rate limit, whatever the route. */
export async function openReaderOf(
  context: Context,
  given: string,
  audience: "feed" | "socket",
): Promise<Reader> {
  const { env } = context;
  const verified = await verifyFeedToken(env, given, audience, guardLookups(context));
  // Who comes with a token of yesterday isn't guessing.
  if (verified === REFUSED_TOKEN) await countWrongCredentials(context);
  const token = requireValue(verified);
  // Who looks at a user's feed doesn't slow the user.
  const who = token.isReadOnly ? "looker" : "user";
  await limitRate(env, `${who}:${token.appId}:${token.userId}`);
  return { token, shard: await shardOfToken(env, token) };
}

async function shardOfToken(env: Bindings, { appId, userId }: FeedToken): Promise<Reader["shard"]> {
  return getShardStubOf(env, await getApp(env, appId), userId);
}
