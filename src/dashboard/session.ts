import { signal } from "@preact/signals";
import type { DashboardSession } from "../client/api-types.ts";
import { Onecall, OnecallError } from "../client/index.ts";

/** Who is signed in. The browser keeps a cookie that no script reads; here is only what the service says of it. */
type SessionState =
  | { state: "unknown" }
  | { state: "none"; reason: string | null }
  | { state: "failed"; error: unknown }
  | ({ state: "open" } & DashboardSession);

export const session = signal<SessionState>({ state: "unknown" });

/** The client of calls that are about no app. */
export const operator = new Onecall({ maxRetries: 2 });

/** Asks who is signed in; a link's code in the address is used up, and gone from the address before anything else. */
export async function openSession(): Promise<void> {
  const code = takeCode();
  try {
    const { session: calls } = operator;
    const found = await (code === null ? calls.get() : calls.signIn({ code }, { maxRetries: 0 }));
    session.value = found.role === "nobody" ? { state: "none", reason: null } : { state: "open", ...found };
  } catch (error) {
    noteFailure(error, code === null ? null : messageOf(error));
  }
}

/** Exchanges an API key or the admin token for a session; throws where it is neither. */
export async function signIn(token: string): Promise<void> {
  const found = await operator.session.signIn({ token }, { maxRetries: 0 });
  session.value = { state: "open", ...found };
}

export async function signOut(): Promise<void> {
  await operator.session.signOut();
  endSession(null);
}

/** A call said that there is no session any more. */
export function endSession(reason: string | null): void {
  session.value = { state: "none", reason };
}

/** The operator opens an app: its audit log says so. */
export async function openApp(app: string): Promise<{ id: string; name: string }> {
  const opened = await operator.session.openApp({ app });
  const found = session.value;
  if (found.state === "open") session.value = { ...found, app: opened };
  return opened;
}

/** The app that was opened is no more. */
export function closeApp(): void {
  const found = session.value;
  if (found.state === "open") session.value = { ...found, app: null };
}

const clients = new Map<string, Onecall>();

/** The client of an app's pages. The operator's session is told of the app by a header. */
export function clientOf(app: string): Onecall {
  const known = clients.get(app) ?? new Onecall({ headers: { appid: app }, maxRetries: 2 });
  clients.set(app, known);
  return known;
}

/** True where the session may do it: what it mayn't isn't shown as if it could. */
export function may(scope: DashboardSession["scopes"][number]): boolean {
  const found = session.value;
  return found.state === "open" && found.scopes.includes(scope);
}

export function isOperator(): boolean {
  const found = session.value;
  return found.state === "open" && found.role === "operator";
}

function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", "/dashboard");
  return code;
}

function noteFailure(error: unknown, reason: string | null): void {
  if (error instanceof OnecallError && error.status === 401) endSession(reason);
  else session.value = { state: "failed", error };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
