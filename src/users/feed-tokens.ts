import { decodeJwt, errors, jwtVerify, SignJWT } from "jose";
import { APP_ID_PATTERN } from "../apps/credentials.ts";
import type { LookupGuard } from "../apps/lookup-guard.ts";
import type { RootSecret } from "../apps/root-secret-store.ts";
import { findRootSecret, getSigningSecret } from "../apps/root-secrets.ts";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../errors.ts";

/** `feed`: a user's client; `socket`: a ticket that only opens a feed socket. */
export type TokenAudience = "feed" | "socket";

/** A ticket is used at once: it travels in a URL, so it ends soon. */
export const TICKET_TTL_SECONDS = 60;
export const DEFAULT_TOKEN_TTL_SECONDS = 24 * 60 * 60;

/** A verified token. Times in Unix ms. */
export interface FeedToken {
  appId: string;
  userId: string;
  issuedAt: number;
  /** Until when its holder may read: for a ticket that is the end of the token it was made with. */
  expiresAt: number;
  /** Of a ticket: what it is known by when it is used. */
  ticket: { id: string; expiresAt: number } | null;
}

/** A ticket's claim: the end (Unix seconds) of the token that it stands for. */
const SESSION_END = "session_exp";
/** The claim that says which root secret a token's key comes from; the first where it lacks. */
const GENERATION = "root";

/** A signed token for one user's client (HS256; `iss` the app, `sub` the user). The same claims give the same text. */
export async function issueFeedToken(
  env: Bindings,
  token: Pick<FeedToken, "appId" | "userId" | "issuedAt"> & { expiresAt?: number },
  audience: TokenAudience,
  ttlSeconds: number,
  endSeconds: number = Math.floor(Date.now() / 1000) + ttlSeconds,
): Promise<{ token: string; expiresAt: number }> {
  const { appId, userId, issuedAt, expiresAt: sessionEnd } = token;
  const root = await getSigningSecret(env, appId);
  if (root === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such app.");
  const signed = await new SignJWT({
    ...(sessionEnd === undefined ? {} : { [SESSION_END]: sessionEnd / 1000 }),
    ...(root.generation === 1 ? {} : { [GENERATION]: root.generation }),
  })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(appId)
    .setJti(crypto.randomUUID())
    .setSubject(userId)
    .setAudience(audience)
    // With milliseconds: a token that follows a user's deletion within its second is a new one.
    .setIssuedAt(issuedAt / 1000)
    .setExpirationTime(endSeconds)
    .sign(await deriveKey(root));
  return { token: signed, expiresAt: endSeconds * 1000 };
}

/** Why a token isn't one: `expired` was signed by us, `forged` is anything else. */
export type TokenRefusal = "expired" | "forged";

/** The token's claims, or why it is refused. `guard`: asked before an app is looked up that nothing is known of. */
export async function verifyFeedToken(
  env: Bindings,
  token: string,
  audience: TokenAudience,
  guard: LookupGuard,
): Promise<FeedToken | TokenRefusal> {
  try {
    // Only to find the key: nothing of it is believed before the signature is checked.
    const { iss, [GENERATION]: generation = 1 } = decodeJwt(token);
    if (typeof iss !== "string" || !APP_ID_PATTERN.test(iss) || typeof generation !== "number")
      return "forged";
    const root = await findRootSecret(env, iss, generation, guard);
    if (root === null) return "forged";
    if (root === "ended") return "expired";
    const { payload } = await jwtVerify(token, await deriveKey(root), {
      algorithms: ["HS256"],
      issuer: iss,
      audience,
      requiredClaims: ["sub", "iat", "exp"],
    });
    const { sub, iat, exp, jti, [SESSION_END]: sessionEnd } = payload;
    if (sub === undefined || iat === undefined || exp === undefined) return "forged";
    if (audience === "socket" && jti === undefined) return "forged";
    return {
      appId: iss,
      userId: sub,
      issuedAt: Math.round(iat * 1000),
      expiresAt: (typeof sessionEnd === "number" ? sessionEnd : exp) * 1000,
      ticket: audience === "socket" && jti !== undefined ? { id: jti, expiresAt: exp * 1000 } : null,
    };
  } catch (error) {
    // The signature is checked first.
    if (error instanceof errors.JWTExpired) return "expired";
    if (error instanceof errors.JOSEError) return "forged";
    throw error;
  }
}

export function refuseToken(why: TokenRefusal = "forged"): OnecallError {
  const what = why === "expired" ? "The token has expired." : "The token isn't valid.";
  return new OnecallError("ERR_UNAUTHORIZED", `${what} Ask your server for a new one.`);
}

async function deriveKey({ secret }: RootSecret): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("onecall feed token v1") },
    root,
    256,
  );
  return new Uint8Array(bits);
}
