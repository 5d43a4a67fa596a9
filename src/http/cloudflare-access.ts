import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { type AccessConfig, readConfig } from "../env.ts";
import { OnecallError } from "../model/errors.ts";
import type { Context } from "./context.ts";

/** Keys of Cloudflare Access by team: jose asks for them anew when they change. */
const keySets = new Map<string, JWTVerifyGetKey>();

/**
 * Lets in whoever Cloudflare Access let through to the dashboard, where the deployment says that it stands before it:
 * its token is verified, as whoever reaches the Worker by another way has none
 * (developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json).
 */
export async function requireAccess(request: Request, { env }: Pick<Context, "env">): Promise<void> {
  const { access } = readConfig(env);
  if (access === null) return;
  const token = request.headers.get("cf-access-jwt-assertion");
  if (token === null || !(await isLetThrough(token, access, keysOf(access)))) {
    throw new OnecallError(
      "ERR_FORBIDDEN",
      "The dashboard is behind Cloudflare Access: sign in there first.",
    );
  }
}

/** Whether Access of this team made the token for this application, and it hasn't ended. */
export async function isLetThrough(
  token: string,
  { teamUrl, audience }: AccessConfig,
  keys: JWTVerifyGetKey,
): Promise<boolean> {
  try {
    await jwtVerify(token, keys, { issuer: teamUrl, audience, requiredClaims: ["exp"] });
    return true;
  } catch (error) {
    // Its keys couldn't be fetched: that says nothing of the token.
    if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
    return false;
  }
}

function keysOf({ teamUrl }: AccessConfig): JWTVerifyGetKey {
  const known = keySets.get(teamUrl);
  if (known !== undefined) return known;
  const keys = createRemoteJWKSet(new URL(`${teamUrl}/cdn-cgi/access/certs`));
  keySets.set(teamUrl, keys);
  return keys;
}
