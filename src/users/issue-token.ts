import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../errors.ts";
import { issueFeedToken } from "./feed-tokens.ts";
import { openShardOf } from "./shard-binding.ts";
import type { IssuedToken } from "./user-tokens.ts";

/** A token with its text. */
export type UserToken = IssuedToken & { token: string };

/** A token for a user's client; creates the user where there is none. */
export async function issueUserToken(
  env: Bindings,
  app: AppRecord,
  uid: string,
  ttlSeconds: number,
): Promise<UserToken> {
  const issued = await openShardOf(env, app, uid).issueToken(uid, ttlSeconds * 1000);
  if (issued === null) {
    throw new OnecallError("ERR_CONFLICT", `The user "${uid}" is deactivated. Activate them first.`);
  }
  return signUserToken(env, app, uid, issued);
}

/** The user's tokens that can be used, newest first. Their texts are stored nowhere: they are signed once more. */
export async function listUserTokens(env: Bindings, app: AppRecord, uid: string): Promise<UserToken[]> {
  const issued = await openShardOf(env, app, uid).listTokens(uid);
  return Promise.all(issued.map((token) => signUserToken(env, app, uid, token)));
}

async function signUserToken(
  env: Bindings,
  app: AppRecord,
  uid: string,
  { issuedAt, expiresAt }: IssuedToken,
): Promise<UserToken> {
  const claims = { appId: app.id, userId: uid, issuedAt };
  const { token } = await issueFeedToken(env, claims, "feed", 0, expiresAt / 1000);
  return { token, issuedAt, expiresAt };
}
