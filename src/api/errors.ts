import { keyHeaderOf } from "../http/access.ts";
import { jsonText } from "../http/responses.ts";
import { OnecallError } from "../model/errors.ts";
import { MAX_ERROR_BYTES } from "../model/limits.ts";
import { exceedsBytes } from "../text/size.ts";
import { CAMPAIGNS_PATHS } from "./campaigns/paths.ts";
import { type Envelope, shownCode } from "./openapi/errors.ts";
import { PLATFORM_CODES } from "./platform/error-codes.ts";
import { PLATFORM_PREFIXES } from "./platform/paths.ts";
import { USERS_PATH } from "./users/paths.ts";

/** Characters of a message that stays where an answer would be too long. */
const MAX_CUT_MESSAGE = 1000;

/**
 * An error in the envelope of the family whose path was called. Here alone errors become answers, so here is
 * made sure that each is under 64 KB, whatever a caller sent and whoever forgot to cut it.
 */
export function presentError(error: OnecallError, path: string, headers: Headers): Response {
  const envelope = presentsAs(path, headers);
  let text = JSON.stringify(presentBody(error, envelope));
  if (exceedsBytes(text, MAX_ERROR_BYTES - 1)) {
    console.error({ message: "an error's answer was too long and was cut", code: error.code });
    const message = `${error.message.slice(0, MAX_CUT_MESSAGE).toWellFormed()}…`;
    text = JSON.stringify(presentBody(new OnecallError(error.code, message), envelope));
  }
  return jsonText(text, error.status, error.headers);
}

/** In which envelope a call's errors come: by its path, or where two vendors have the same by its credentials. */
export function presentsAs(path: string, headers: Headers): Envelope {
  if (PLATFORM_PREFIXES.some((prefix) => path.startsWith(prefix))) return "platform";
  const isUsers = path === USERS_PATH || path.startsWith(`${USERS_PATH}/`);
  if (isUsers && keyHeaderOf(headers) === "api-token") return "platform";
  return CAMPAIGNS_PATHS.includes(path.replace(/\/$/, "")) ? "campaigns" : "shared";
}

function presentBody(error: OnecallError, envelope: Envelope): object {
  const { code, message, devMessage, details } = error;
  if (envelope === "platform") {
    // This envelope has no place for details: what is wrong, and where, goes into the message.
    return { error: true, code: PLATFORM_CODES[code], message: withDetails(message, details) };
  }
  const shared = { message, devMessage, ...(details === undefined ? {} : { details }) };
  if (envelope === "campaigns") {
    return { error: { code: shownCode(code, envelope), ...shared, source: "campaigns-service" } };
  }
  return { error: { code, ...shared } };
}

function withDetails(message: string, details: Record<string, string> | undefined): string {
  const entries = Object.entries(details ?? {});
  return entries.length > 1 ? entries.map(([field, fault]) => `${field}: ${fault}`).join("; ") : message;
}
