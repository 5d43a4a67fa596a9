import * as v from "valibot";
import { findApp, getApp } from "../../copies/app.ts";
import { confirmApiKey } from "../../copies/keys.ts";
import { ANYBODY, BY_SESSION } from "../../http/access.ts";
import { adminActor, isAdminToken, requireKey } from "../../http/auth.ts";
import type { Context } from "../../http/context.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { parsedJson } from "../../http/route-input.ts";
import { findSession } from "../../http/session.ts";
import { isSameOrigin, sessionCookieName, setSessionCookie } from "../../http/session-cookie.ts";
import { type OpenedSession, sealSession } from "../../http/session-token.ts";
import { limitSignIns } from "../../http/sign-in-limit.ts";
import { enterDashboard, redeemSignInCode } from "../../managing/dashboard-entry.ts";
import { maskKey, SCOPES } from "../../model/app.ts";
import { appIdOfKey } from "../../model/credentials.ts";
import { OnecallError } from "../../model/errors.ts";
import { MAX_OPENED_APPS } from "../../model/limits.ts";
import { OPERATOR_SCOPES, SESSION_SECONDS, type Session } from "../../model/session.ts";
import { requireApp } from "../admin/named-apps.ts";
import { named, OpenTimeSchema, TextOrNullSchema } from "../schemas.ts";
import { SIGN_IN_EXAMPLES } from "./examples.ts";
import { DASHBOARD_PATH } from "./paths.ts";

const SESSION_PATH = `${DASHBOARD_PATH}/session`;

/** Longer is no credential. */
const MAX_CREDENTIAL_LENGTH = 4096;
const CREDENTIAL_MESSAGE = `must be a text of 1 to ${MAX_CREDENTIAL_LENGTH} characters`;
const CredentialSchema = v.pipe(
  v.string(CREDENTIAL_MESSAGE),
  v.minLength(1, CREDENTIAL_MESSAGE),
  v.maxLength(MAX_CREDENTIAL_LENGTH, CREDENTIAL_MESSAGE),
);
const SignInSchema = v.pipe(
  v.object(
    { token: v.optional(CredentialSchema), code: v.optional(CredentialSchema) },
    "must be a JSON object",
  ),
  v.check(
    ({ token, code }) => (token === undefined) !== (code === undefined),
    "must have a token, which is an API key or the admin token, or the code of a link",
  ),
);

const AppRefSchema = v.strictObject({ id: v.string(), name: v.string() });
const SessionSchema = named(
  "DashboardSession",
  v.strictObject({
    role: v.picklist(["operator", "key", "nobody"]),
    app: v.nullable(AppRefSchema),
    scopes: v.array(v.picklist(SCOPES)),
    key: TextOrNullSchema,
    expiresAt: OpenTimeSchema,
  }),
);

const NOBODY = { role: "nobody", app: null, scopes: [], key: null, expiresAt: null };

const postSession = defineRoute({
  id: "signIn",
  method: "POST",
  path: SESSION_PATH,
  access: ANYBODY,
  summary: "Exchange an API key, the admin token or a link's code for the dashboard's cookie",
  body: parsedJson(SignInSchema),
  answers: { 200: SessionSchema },
  errors: ["ERR_UNAUTHORIZED", "ERR_FORBIDDEN", "ERR_TOO_MANY_REQUESTS", "ERR_NOT_FOUND"],
  examples: SIGN_IN_EXAMPLES,
  handle: async (call) => {
    requireOwnPage(call);
    await limitSignIns(call);
    const { token, code = "" } = call.body;
    const session = token === undefined ? await signInByCode(call, code) : await signIn(call, token);
    const opened = { session, expiresAt: Date.now() + SESSION_SECONDS * 1000 };
    return json(await presentSession(call, opened), 200, await setCookie(call, opened));
  },
});

const getSession = defineRoute({
  id: "getSession",
  method: "GET",
  path: SESSION_PATH,
  access: ANYBODY,
  summary: "Who is signed in to the dashboard, nobody perhaps",
  answers: { 200: SessionSchema },
  errors: ["ERR_UNAUTHORIZED", "ERR_NOT_FOUND", "ERR_TOO_MANY_REQUESTS"],
  handle: async (call) => {
    const opened = await findSession(call.request, call);
    return json(opened === null ? NOBODY : await presentSession(call, opened));
  },
});

const deleteSession = defineRoute({
  id: "signOut",
  method: "DELETE",
  path: SESSION_PATH,
  access: ANYBODY,
  summary: "Take the dashboard's cookie away",
  answers: { 200: v.strictObject({ signedOut: v.literal(true) }) },
  errors: ["ERR_FORBIDDEN"],
  handle: (call) => {
    requireOwnPage(call);
    return json({ signedOut: true }, 200, { "set-cookie": setSessionCookie(call.url, "") });
  },
});

const postSessionApp = defineRoute({
  id: "openApp",
  method: "POST",
  path: `${SESSION_PATH}/app`,
  access: BY_SESSION,
  summary: "Open an app as the operator, which its audit log says",
  body: parsedJson(v.object({ app: v.string("must be an app's id") }, "must be a JSON object")),
  answers: { 200: named("OpenedApp", AppRefSchema) },
  errors: ["ERR_FORBIDDEN", "ERR_NOT_FOUND"],
  handle: async (call) => {
    const { session, expiresAt } = call.opened;
    if (session.kind !== "operator") {
      throw new OnecallError("ERR_FORBIDDEN", "An API key opens its own app only.");
    }
    const { id, name } = await requireApp(call.env, call.body.app);
    // A page that is loaded again opens its app again: a session's line stands there once.
    if (!session.apps.includes(id)) await enterDashboard(call.env, id, adminActor(call));
    const apps = [id, ...session.apps.filter((app) => app !== id)].slice(0, MAX_OPENED_APPS);
    const opened: OpenedSession = { session: { kind: "operator", apps }, expiresAt };
    return json({ id, name }, 200, await setCookie(call, opened));
  },
});

export const dashboardRoutes: readonly Route[] = [postSession, getSession, deleteSession, postSessionApp];

/** Nobody is signed in, or out, by a page of elsewhere, nor where the cookie could be read on its way. */
function requireOwnPage({ request, url }: { request: Request; url: URL }): void {
  if (!isSameOrigin(request, url)) {
    throw new OnecallError("ERR_FORBIDDEN", "Only the dashboard's own page signs in and out.");
  }
  if (sessionCookieName(url) === null) {
    throw new OnecallError("ERR_FORBIDDEN", "The dashboard needs https, but on this machine.");
  }
}

async function setCookie(
  { env, url }: Pick<Context, "env" | "url">,
  opened: OpenedSession,
): Promise<Record<string, string>> {
  return { "set-cookie": setSessionCookie(url, await sealSession(env, opened), opened.expiresAt) };
}

async function signIn(call: Context, token: string): Promise<Session> {
  const appId = appIdOfKey(token);
  if (appId === null) {
    if (await isAdminToken(call, token)) return { kind: "operator", apps: [] };
    throw new OnecallError("ERR_UNAUTHORIZED", "This is neither an API key nor the admin token.");
  }
  const { actor } = await requireKey(call, token);
  await enterDashboard(call.env, appId, actor);
  return { kind: "key", apiKey: token };
}

async function signInByCode(call: Context, code: string): Promise<Session> {
  return { kind: "operator", apps: [await redeemSignInCode(call, code)] };
}

async function presentSession(
  { env }: Pick<Context, "env">,
  { session, expiresAt }: OpenedSession,
): Promise<v.InferOutput<typeof SessionSchema>> {
  const until = { expiresAt: isoTime(expiresAt) };
  if (session.kind === "operator") {
    const [last] = session.apps;
    // It may have been deleted since.
    const app = last === undefined ? null : await findApp(env, last);
    return {
      role: "operator",
      app: app === null ? null : toRef(app),
      scopes: [...OPERATOR_SCOPES],
      key: null,
      ...until,
    };
  }
  const key = await confirmApiKey(env, session.apiKey);
  if (key === null)
    throw new OnecallError("ERR_UNAUTHORIZED", "The API key was revoked. Sign in with another.");
  const app = toRef(await getApp(env, key.appId));
  return { role: "key", app, scopes: key.scopes, key: maskKey(key.lastFour), ...until };
}

function toRef({ id, name }: { id: string; name: string }): { id: string; name: string } {
  return { id, name };
}
