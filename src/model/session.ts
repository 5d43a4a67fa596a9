import { SCOPES, type Scope } from "./app.ts";

/** Who is signed in to the dashboard: the operator, or whoever has an API key. */
export type Session =
  /** `apps`: those that were opened, the last one first; see MAX_OPENED_APPS. */
  { kind: "operator"; apps: string[] } | { kind: "key"; apiKey: string };

/** How long a sign-in lasts, s. */
export const SESSION_SECONDS = 12 * 60 * 60;

/** What sends by the operator have in place of their key's last four characters, and what the operator may do. */
export const OPERATOR_SENDER = "operator";
export const OPERATOR_SCOPES: readonly Scope[] = SCOPES;
