import type { Scope } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { authenticate, authenticateToken, type Caller, requireAdmin } from "./auth.ts";
import type { Context } from "./context.ts";
import { openLooker, openReader, type Reader } from "./reader.ts";
import { requireSession } from "./session.ts";
import type { OpenedSession } from "./session-token.ts";

/** Where the credentials of a call are: an API key in one of two headers, a token, a form's fields, nowhere. */
export type Credential =
  | "apikey"
  | "api-token"
  | "user"
  | "looker"
  | "socket"
  | "admin"
  | "session"
  | "form"
  | "none";

/** Who may call a route. `Who` is what its handler learns of the caller. */
export interface Access<Who extends object = object> {
  readonly credential: Credential;
  /** What an API key must be for; null where it is no API key. */
  readonly scope: Scope | null;
  /** Throws for who may not. */
  identify(request: Request, context: Context): Who | Promise<Who>;
}

/** An API key in the header `apikey`. */
export function byApiKey(scope: Scope): Access<Caller> {
  const identify = (request: Request, context: Context) => authenticate(request, context, scope);
  return { credential: "apikey", scope, identify };
}

/** An API key in the header `Api-Token`: Sendbird's callers. */
export function byApiToken(scope: Scope): Access<Caller> {
  const identify = (request: Request, context: Context) => authenticateToken(request, context, scope);
  return { credential: "api-token", scope, identify };
}

/** A user's client with its token, or somebody who may look at its feed. */
export const BY_LOOKER: Access<Reader> = { credential: "looker", scope: null, identify: openLooker };

/** A user's client with its token. */
export const BY_USER: Access<Reader> = { credential: "user", scope: null, identify: openReader };

/** The deployment's admin. */
export const BY_ADMIN: Access<{ actor: Actor }> = {
  credential: "admin",
  scope: null,
  identify: async (request, context) => ({ actor: await requireAdmin(request, context) }),
};

/** Whoever is signed in to the dashboard. */
export const BY_SESSION: Access<{ opened: OpenedSession }> = {
  credential: "session",
  scope: null,
  identify: async (request, context) => ({ opened: await requireSession(request, context) }),
};

/** A user's token or ticket, where a browser can put it; the socket says itself what is wrong with it. */
export const BY_SOCKET: Access = { credential: "socket", scope: null, identify: () => ({}) };

/** The signature in a form's fields, which are read one by one. */
export const BY_FORM: Access = { credential: "form", scope: null, identify: () => ({}) };

export const ANYBODY: Access = { credential: "none", scope: null, identify: () => ({}) };

/** Sendbird's callers send `Api-Token`, all others `apikey`: two families have the same paths. */
export function keyHeaderOf(headers: Headers): "apikey" | "api-token" {
  return headers.has("api-token") && !headers.has("apikey") ? "api-token" : "apikey";
}
