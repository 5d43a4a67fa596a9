import { decodeJwt, errors, jwtVerify, SignJWT } from "jose";
import type { LookupGuard } from "../copies/lookup-guard.ts";
import { findRootSecret, getSigningSecret } from "../copies/root-secrets.ts";
import type { Bindings } from "../env.ts";
import { APP_ID_PATTERN } from "../model/credentials.ts";
import { READ_ONLY_TOKEN_TTL_SECONDS } from "../model/limits.ts";
import { NO_APP } from "../model/missing.ts";
import { type Outcome, requireFound, succeed } from "../model/outcome.ts";
import type { RootSecret } from "../model/root-secret.ts";
import { EXPIRED_TOKEN, REFUSED_TOKEN } from "../model/user-token.ts";

/**
 * `feed`: a user's client; `feed-read`: somebody who looks at the user's feed, and is no client of theirs; `socket`: a
 * ticket that only opens a feed socket.
 */
type TokenAudience = "feed" | "feed-read" | "socket";

/** A ticket is used at once: it travels in a URL, so it ends soon. */
const TICKET_TTL_SECONDS = 60;
export const DEFAULT_TOKEN_TTL_SECONDS = 24 * 60 * 60;

/** A verified token. Times in Unix ms. */
export interface FeedToken {
  appId: string;
  userId: string;
  issuedAt: number;
  /** Until when its holder may read: for a ticket that is the end of the token it was made with. */
  expiresAt: number;
  /** What a socket ticket is known by when it is used; null for a feed token. */
  ticket: { id: string; expiresAt: number } | null;
  /** It only reads the feed: nothing is marked, registered or opened with it. */
  isReadOnly: boolean;
}

/** A ticket's claim: the end (Unix seconds) of the token that it stands for. */
const SESSION_END = "session_exp";
/** The claim that says which root secret a token's key comes from; the first where it lacks. */
const GENERATION = "root";

/** Whose tokens are taken where one of a user is asked for, and where a ticket is. */
const ACCEPTED: Readonly<Record<"feed" | "socket", TokenAudience[]>> = {
  feed: ["feed", "feed-read"],
  socket: ["socket"],
};

type Claims = Pick<FeedToken, "appId" | "userId" | "issuedAt">;

/**
 * A signed token for one user's client (HS256; `iss` the app, `sub` the user). The same claims under the same secret
 * give the same text.
 */
export async function signFeedToken(root: RootSecret, claims: Claims, expiresAt: number): Promise<string> {
  return sign(root, new SignJWT(generationClaim(root)), claims, "feed", expiresAt / 1000);
}

/** A token that reads the user's feed for some minutes, and does nothing else. It is stored nowhere. */
export async function issueReadOnlyToken(
  env: Bindings,
  user: Pick<Claims, "appId" | "userId">,
): Promise<{ token: string; expiresAt: number }> {
  const root = await requireSigningSecret(env, user.appId);
  const issuedAt = Date.now();
  const endSeconds = Math.floor(issuedAt / 1000) + READ_ONLY_TOKEN_TTL_SECONDS;
  const jwt = new SignJWT(generationClaim(root));
  const token = await sign(root, jwt, { ...user, issuedAt }, "feed-read", endSeconds);
  return { token, expiresAt: endSeconds * 1000 };
}

/** A ticket that opens one socket for who has this token, made anew each time. */
export async function issueTicket(
  env: Bindings,
  token: Claims & { expiresAt: number },
): Promise<{ token: string; expiresAt: number }> {
  const root = await requireSigningSecret(env, token.appId);
  const endSeconds = Math.floor(Date.now() / 1000) + TICKET_TTL_SECONDS;
  const ticket = new SignJWT({ [SESSION_END]: token.expiresAt / 1000, ...generationClaim(root) });
  ticket.setJti(crypto.randomUUID());
  return { token: await sign(root, ticket, token, "socket", endSeconds), expiresAt: endSeconds * 1000 };
}

/** The root secret that signs an app's tokens now. */
export async function requireSigningSecret(env: Bindings, appId: string): Promise<RootSecret> {
  return requireFound(await getSigningSecret(env, appId), NO_APP);
}

function generationClaim({ generation }: RootSecret): Record<string, number> {
  return generation === 1 ? {} : { [GENERATION]: generation };
}

async function sign(
  root: RootSecret,
  token: SignJWT,
  { appId, userId, issuedAt }: Claims,
  audience: TokenAudience,
  endSeconds: number,
): Promise<string> {
  return (
    token
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(appId)
      .setSubject(userId)
      .setAudience(audience)
      // With milliseconds: a token that follows a user's deletion within its second is a new one.
      .setIssuedAt(issuedAt / 1000)
      .setExpirationTime(endSeconds)
      .sign(await deriveKey(root))
  );
}

/**
 * The token's claims. Refused: {@link EXPIRED_TOKEN} for one that we signed, else {@link REFUSED_TOKEN}. As `feed` a
 * token that only reads is taken too: what it may is for the route to say. `guard`: asked before an app is looked up
 * that nothing is known of.
 */
export async function verifyFeedToken(
  env: Bindings,
  token: string,
  audience: "feed" | "socket",
  guard: LookupGuard,
): Promise<Outcome<FeedToken>> {
  try {
    // Only to find the key: nothing of it is believed before the signature is checked.
    const { iss, [GENERATION]: generation = 1 } = decodeJwt(token);
    if (typeof iss !== "string" || !APP_ID_PATTERN.test(iss) || typeof generation !== "number")
      return REFUSED_TOKEN;
    const root = await findRootSecret(env, iss, generation, guard);
    if (root === null) return REFUSED_TOKEN;
    if (root === "ended") return EXPIRED_TOKEN;
    const { payload } = await jwtVerify(token, await deriveKey(root), {
      algorithms: ["HS256"],
      issuer: iss,
      audience: ACCEPTED[audience],
      requiredClaims: ["sub", "iat", "exp", "aud"],
    });
    const { sub, iat, exp, aud, jti, [SESSION_END]: sessionEnd } = payload;
    if (sub === undefined || iat === undefined || exp === undefined) return REFUSED_TOKEN;
    if (audience === "socket" && jti === undefined) return REFUSED_TOKEN;
    return succeed({
      appId: iss,
      userId: sub,
      issuedAt: Math.round(iat * 1000),
      expiresAt: (typeof sessionEnd === "number" ? sessionEnd : exp) * 1000,
      ticket: audience === "socket" && jti !== undefined ? { id: jti, expiresAt: exp * 1000 } : null,
      isReadOnly: aud === ("feed-read" satisfies TokenAudience),
    });
  } catch (error) {
    // The signature is checked first.
    if (error instanceof errors.JWTExpired) return EXPIRED_TOKEN;
    if (error instanceof errors.JOSEError) return REFUSED_TOKEN;
    throw error;
  }
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
