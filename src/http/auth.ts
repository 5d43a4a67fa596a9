import { getApp } from "../copies/app.ts";
import { noteKeyUse } from "../copies/key-uses.ts";
import { confirmApiKey, getApiKey } from "../copies/keys.ts";
import { readConfig } from "../env.ts";
import { type AppRecord, type KeyRecord, maskKey, type Scope } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { APP_ID_PATTERN, appIdOfKey } from "../model/credentials.ts";
import { OnecallError } from "../model/errors.ts";
import type { CallOrigin } from "../model/notification.ts";
import { OPERATOR_SCOPES, OPERATOR_SENDER, type Session } from "../model/session.ts";
import type { Context } from "./context.ts";
import { limitRate } from "./rate-limit.ts";
import { findSession } from "./session.ts";
import { countGuess, countWrongCredentials, guardLookups, limitGuesses } from "./stranger-limit.ts";

/** Who calls a server-side route. */
export interface Caller {
  app: AppRecord;
  key: KeyRecord;
  /** The caller as the audit log shows it. */
  actor: Actor;
  via: CallOrigin;
}

/**
 * The caller by the header `apikey`, with a scope that the route needs. The key names its app; `appid` beside it
 * (seed 000) must be the same. Most callers of the vendor's APIs send the key alone: there the host names the app.
 */
export async function authenticate(request: Request, context: Context, scope: Scope): Promise<Caller> {
  const apiKey = request.headers.get("apikey");
  if (apiKey === null) {
    const opened = await findSession(request, context);
    if (opened !== null) return callerOfSession(request, context, opened.session, scope);
    throw new OnecallError("ERR_UNAUTHORIZED", "Send the header apikey, and appid beside it if you like.");
  }
  const appId = request.headers.get("appid") ?? appIdOfKey(apiKey) ?? "";
  return requireCaller(context, appId, apiKey, scope);
}

/** The caller of a page of the dashboard. The operator's pages name the app that they show. */
async function callerOfSession(
  request: Request,
  context: Context,
  session: Session,
  scope: Scope,
): Promise<Caller> {
  const given = request.headers.get("appid");
  if (session.kind === "key") {
    // Each call asks for the key: a session ends with it, at once.
    const key = await confirmApiKey(context.env, session.apiKey);
    if (key === null) throw refuseKey();
    const caller = await requireCaller(context, given ?? key.appId, session.apiKey, scope);
    return { ...caller, via: "dashboard" };
  }
  if (given === null || !APP_ID_PATTERN.test(given)) {
    throw new OnecallError("ERR_UNAUTHORIZED", "Send the header appid: the app that this is about.");
  }
  const { env, requestId } = context;
  const app = await getApp(env, given);
  const key = {
    appId: app.id,
    keyId: OPERATOR_SENDER,
    scopes: [...OPERATOR_SCOPES],
    lastFour: OPERATOR_SENDER,
  };
  return { app, key, actor: adminActor({ requestId }), via: "dashboard" };
}

/** The caller by the header `Api-Token` (seed 004): any API key, which names its app itself. */
export async function authenticateToken(request: Request, context: Context, scope: Scope): Promise<Caller> {
  const apiKey = request.headers.get("api-token");
  if (apiKey === null) throw new OnecallError("ERR_UNAUTHORIZED", "Send the header Api-Token.");
  return requireCaller(context, appIdOfKey(apiKey) ?? "", apiKey, scope);
}

async function requireCaller(context: Context, appId: string, apiKey: string, scope: Scope): Promise<Caller> {
  const { env } = context;
  const known = await getApiKey(env, apiKey, guardLookups(context));
  if (known === null || known.appId !== appId) {
    if (appIdOfKey(apiKey) !== null) await countWrongCredentials(context);
    throw refuseKey();
  }
  await limitRate(env, `key:${known.appId}:${known.keyId}`);
  if (!known.scopes.includes(scope)) {
    throw new OnecallError("ERR_FORBIDDEN", `This API key lacks the scope "${scope}".`);
  }
  // A copy says yes to what was revoked a while ago: too long for a key that changes things.
  const key = scope === "manage" ? await confirmApiKey(env, apiKey) : known;
  if (key === null) throw refuseKey();
  noteKeyUse(context, key, scope);
  return { app: await getApp(env, key.appId), key, actor: keyActor(key, context), via: "api" };
}

function refuseKey(): OnecallError {
  return new OnecallError("ERR_UNAUTHORIZED", "The credentials are wrong, or the API key was revoked.");
}

/** Lets the deployment's admin in. Without the secret ADMIN_TOKEN the admin routes are closed. */
export async function requireAdmin(request: Request, context: Context): Promise<Actor> {
  const { adminToken } = readConfig(context.env);
  if (adminToken === null) {
    throw new OnecallError("ERR_FORBIDDEN", "The admin routes are closed: the secret ADMIN_TOKEN isn't set.");
  }
  const given = bearerToken(request);
  if (given === null && (await findSession(request, context))?.session.kind === "operator") {
    return adminActor(context);
  }
  limitGuesses(context);
  if (given === null || !(await isAdminToken(context, given))) {
    throw new OnecallError("ERR_UNAUTHORIZED", "Send the header Authorization: Bearer <admin token>.");
  }
  return adminActor(context);
}

/** Whether it is the admin token. Who guesses is slow. */
export async function isAdminToken(context: Context, given: string): Promise<boolean> {
  const { adminToken } = readConfig(context.env);
  limitGuesses(context);
  if (adminToken !== null && (await isSameSecret(given, adminToken))) return true;
  countGuess(context);
  await countWrongCredentials(context);
  return false;
}

export function adminActor({ requestId }: Pick<Context, "requestId">): Actor {
  return { type: "admin", key: null, keyId: null, requestId };
}

/** The key with its actor, whatever its scopes, as the registry has it now. */
export async function requireKey(
  context: Context,
  apiKey: string,
): Promise<{ key: KeyRecord; actor: Actor }> {
  const known = await getApiKey(context.env, apiKey, guardLookups(context));
  const key = known === null ? null : await confirmApiKey(context.env, apiKey);
  if (key === null) {
    await countWrongCredentials(context);
    throw refuseKey();
  }
  return { key, actor: keyActor(key, context) };
}

function keyActor({ lastFour, keyId }: KeyRecord, { requestId }: Pick<Context, "requestId">): Actor {
  return { type: "api_key", key: maskKey(lastFour), keyId, requestId };
}

/** The token of `Authorization: Bearer …`, or null. */
export function bearerToken(request: Request): string | null {
  return /^Bearer ([^\s]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

// Compared as digests: equal length, and constant time.
async function isSameSecret(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([given, expected].map(digest));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
