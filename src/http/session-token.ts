import { decodeProtectedHeader, EncryptJWT, errors, jwtDecrypt } from "jose";
import * as v from "valibot";
import type { LookupGuard } from "../copies/lookup-guard.ts";
import { findRootSecret, getSigningSecret } from "../copies/root-secrets.ts";
import { type Bindings, readConfig } from "../env.ts";
import { APP_ID_PATTERN, appIdOfKey } from "../model/credentials.ts";
import { OnecallError } from "../model/errors.ts";
import type { Session } from "../model/session.ts";

/**
 * A session as a browser keeps it: encrypted, so that nobody reads the API key in it, with a key that is derived of the
 * admin token, or of the root secret of the key's app. It ends with either.
 */

/** An opened session, and when it ends, Unix ms. */
export interface OpenedSession {
  session: Session;
  expiresAt: number;
}

/** The `kid` of the operator's sessions; others have their app and the root secret's generation. */
const OPERATOR_KEY = "operator";
const PayloadSchema = v.object({
  exp: v.number(),
  apiKey: v.optional(v.string()),
  apps: v.optional(v.array(v.string()), []),
});

export async function sealSession(env: Bindings, { session, expiresAt }: OpenedSession): Promise<string> {
  const { keyId, secret } = await requireSealingSecret(env, session);
  return new EncryptJWT(session.kind === "key" ? { apiKey: session.apiKey } : { apps: session.apps })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: keyId })
    .setIssuedAt()
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .encrypt(await deriveKey(secret));
}

/** Null for what isn't a session of ours, or has ended. `guard`: asked before an app is looked up. */
export async function openSealedSession(
  env: Bindings,
  sealed: string,
  guard: LookupGuard,
): Promise<OpenedSession | null> {
  try {
    const { kid } = decodeProtectedHeader(sealed);
    const secret = kid === undefined ? null : await findOpeningSecret(env, kid, guard);
    if (secret === null) return null;
    const { payload } = await jwtDecrypt(sealed, await deriveKey(secret), {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
      requiredClaims: ["exp", "iat"],
    });
    const { exp, apiKey, apps } = v.parse(PayloadSchema, payload);
    const expiresAt = exp * 1000;
    if (kid === OPERATOR_KEY) return { session: { kind: "operator", apps }, expiresAt };
    if (apiKey === undefined || appIdOfKey(apiKey) !== appOf(kid ?? "").appId) return null;
    return { session: { kind: "key", apiKey }, expiresAt };
  } catch (error) {
    // A header that can't be read is a TypeError of jose's.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

async function requireSealingSecret(
  env: Bindings,
  session: Session,
): Promise<{ keyId: string; secret: string }> {
  if (session.kind === "operator") return { keyId: OPERATOR_KEY, secret: requireAdminToken(env) };
  const appId = appIdOfKey(session.apiKey) ?? "";
  const root = await getSigningSecret(env, appId);
  if (root === null) throw new OnecallError("ERR_UNAUTHORIZED", "There is no such app.");
  return { keyId: `${appId}.${root.generation}`, secret: root.secret };
}

async function findOpeningSecret(env: Bindings, keyId: string, guard: LookupGuard): Promise<string | null> {
  if (keyId === OPERATOR_KEY) return readConfig(env).adminToken;
  const { appId, generation } = appOf(keyId);
  if (!APP_ID_PATTERN.test(appId) || !Number.isSafeInteger(generation)) return null;
  const root = await findRootSecret(env, appId, generation, guard);
  return root === null || root === "ended" ? null : root.secret;
}

function requireAdminToken(env: Bindings): string {
  const { adminToken } = readConfig(env);
  if (adminToken === null) throw new OnecallError("ERR_FORBIDDEN", "The secret ADMIN_TOKEN isn't set.");
  return adminToken;
}

function appOf(keyId: string): { appId: string; generation: number } {
  const [appId = "", generation = ""] = keyId.split(".");
  return { appId, generation: Number(generation) };
}

async function deriveKey(secret: string): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode("onecall dashboard session v1");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, root, 256));
}
