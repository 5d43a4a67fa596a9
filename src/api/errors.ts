import type { OnecallError } from "../errors.ts";
import { json } from "../http/responses.ts";
import { CAMPAIGNS_PATHS } from "./campaigns/paths.ts";
import { PLATFORM_CODES } from "./platform/error-codes.ts";
import { PLATFORM_PREFIXES } from "./platform/paths.ts";

/** An error in the envelope of the family whose path was called. */
export function presentError(error: OnecallError, path: string): Response {
  return json(presentBody(error, path), error.status, error.headers);
}

function presentBody(error: OnecallError, path: string): object {
  const { code, message, devMessage, details } = error;
  if (PLATFORM_PREFIXES.some((prefix) => path.startsWith(prefix))) {
    // This envelope has no place for details: what is wrong, and where, goes into the message.
    return { error: true, code: PLATFORM_CODES[code], message: withDetails(message, details) };
  }
  const shared = { message, devMessage, ...(details === undefined ? {} : { details }) };
  if (CAMPAIGNS_PATHS.includes(path.replace(/\/$/, ""))) {
    const shown = code === "ERR_BAD_REQUEST" ? "ERR_VALIDATION" : code;
    return { error: { code: shown, ...shared, source: "campaigns-service" } };
  }
  return { error: { code, ...shared } };
}

function withDetails(message: string, details: Record<string, string> | undefined): string {
  const entries = Object.entries(details ?? {});
  return entries.length > 1 ? entries.map(([field, fault]) => `${field}: ${fault}`).join("; ") : message;
}
