import { OnecallError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { isSameOrigin, readSessionCookie } from "./session-cookie.ts";
import { type OpenedSession, openSealedSession } from "./session-token.ts";
import { countWrongCredentials, guardLookups } from "./stranger-limit.ts";

/**
 * The session of a call by a page of the dashboard. Null where it has none: then other credentials are asked for. A
 * cookie that comes with a call of another site's page is none, and the answer says so.
 */
export async function findSession(request: Request, context: Context): Promise<OpenedSession | null> {
  const sealed = readSessionCookie(request, context.url);
  if (sealed === null || sealed === "") return null;
  if (!isSameOrigin(request, context.url)) {
    throw new OnecallError(
      "ERR_UNAUTHORIZED",
      "The session counts only in calls of the dashboard's own pages. Send an API key, or the admin token.",
    );
  }
  const opened = await openSealedSession(context.env, sealed, guardLookups(context));
  if (opened !== null) return opened;
  await countWrongCredentials(context);
  throw new OnecallError("ERR_UNAUTHORIZED", "The session has ended. Sign in again.");
}

/** The session of whoever is signed in; throws where nobody is. */
export async function requireSession(request: Request, context: Context): Promise<OpenedSession> {
  const session = await findSession(request, context);
  if (session === null) throw new OnecallError("ERR_UNAUTHORIZED", "Nobody is signed in.");
  return session;
}
