import { listRootSecrets } from "../copies/root-secrets.ts";
import type { Bindings } from "../env.ts";
import { issueReadOnlyToken, requireSigningSecret, signFeedToken } from "../http/feed-tokens.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { OnecallError } from "../model/errors.ts";
import { newId } from "../model/ids.ts";
import { requireValue } from "../model/outcome.ts";
import type { RootSecret } from "../model/root-secret.ts";
import type { IssuedToken, TokenTimes } from "../model/user-token.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";
import { hashUid } from "./change-user.ts";

/** A token with its text. */
export type UserToken = TokenTimes & {
  token: string;
  /** False where its root secret was replaced: it ends with that one's grace, or its own time. */
  isCurrent: boolean;
};

/** A token for a user's client; creates the user where there is none. `sentAs`: the uid as the call has it. */
export async function issueUserToken(
  env: Bindings,
  app: AppRecord,
  { uid, sentAs = uid }: { uid: string; sentAs?: string },
  ttlSeconds: number,
): Promise<UserToken> {
  const root = await requireSigningSecret(env, app.id);
  const shard = getShardStubOf(env, app, uid);
  const issued = await shard.issueToken(uid, ttlSeconds * 1000, root.generation);
  if (!issued.ok && issued.code === "ERR_CONFLICT") throw refuseDeactivated(sentAs);
  return signUserToken(root, app, uid, requireValue(issued));
}

/**
 * A token for somebody who looks at the user's feed, and is no client of theirs. No user is made for it. The audit log
 * says who it was, before there is a token.
 */
export async function issueTokenToLook(
  env: Bindings,
  app: AppRecord,
  { uid, sentAs }: { uid: string; sentAs: string },
  actor: Actor,
): Promise<{ token: string; expiresAt: number }> {
  const user = await getShardStubOf(env, app, uid).getUser(uid);
  // No token of theirs is taken meanwhile.
  if (user !== null && user.deactivatedAt !== null) throw refuseDeactivated(sentAs);
  const uidHash = await hashUid(app.id, uid);
  await getRegistryStub(env, app.id).recordUserChange(newId(), actor, "user.read_token_issued", uidHash);
  return issueReadOnlyToken(env, { appId: app.id, userId: uid });
}

function refuseDeactivated(sentAs: string): OnecallError {
  return new OnecallError("ERR_CONFLICT", `The user "${sentAs}" is deactivated. Activate them first.`);
}

/**
 * The user's tokens that can be used, newest first. Their texts are stored nowhere: they are signed once more, each
 * with the root secret that it was signed with, and are what they were. Those of a secret that has ended aren't
 * listed.
 */
export async function listUserTokens(env: Bindings, app: AppRecord, uid: string): Promise<UserToken[]> {
  const issued = await getShardStubOf(env, app, uid).listTokens(uid);
  if (issued.length === 0) return [];
  const generations = [...new Set(issued.map(({ generation }) => generation))];
  const secrets = await listRootSecrets(env, app.id, generations);
  const signed = issued.map((token: IssuedToken) => {
    const root = secrets.find(({ generation }) => generation === token.generation);
    return root === undefined ? [] : signUserToken(root, app, uid, token);
  });
  return (await Promise.all(signed)).flat();
}

async function signUserToken(
  root: RootSecret,
  app: AppRecord,
  uid: string,
  { issuedAt, expiresAt }: TokenTimes,
): Promise<UserToken> {
  const token = await signFeedToken(root, { appId: app.id, userId: uid, issuedAt }, expiresAt);
  const endsAt = Math.min(expiresAt, root.endsAt ?? expiresAt);
  return { token, issuedAt, expiresAt: endsAt, isCurrent: root.endsAt === null };
}
