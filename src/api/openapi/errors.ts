import * as v from "valibot";
import type { Route } from "../../http/route.ts";
import { ERROR_CODES, type ErrorCode, statusOf } from "../../model/errors.ts";
import { CAMPAIGNS_PATHS } from "../campaigns/paths.ts";
import { PLATFORM_CODES } from "../platform/error-codes.ts";
import { PLATFORM_PREFIXES } from "../platform/paths.ts";
import { named } from "../schemas.ts";

/** The errors that a route can answer, and the envelopes that they come in. */

export type Envelope = "shared" | "campaigns" | "platform";

/** Campaigns has another name for one of them. */
export const shownCode = (code: ErrorCode, envelope: Envelope): string =>
  envelope === "campaigns" && code === "ERR_BAD_REQUEST" ? "ERR_VALIDATION" : code;

const shared = {
  message: v.string(),
  devMessage: v.string(),
  // Per field: what would be right.
  details: v.optional(v.record(v.string(), v.string())),
};

export const ERROR_SCHEMAS = {
  shared: named(
    "ApiError",
    v.strictObject({ error: v.strictObject({ code: v.picklist(ERROR_CODES), ...shared }) }),
  ),
  campaigns: named(
    "CampaignsError",
    v.strictObject({
      error: v.strictObject({
        code: v.picklist(ERROR_CODES.map((code) => shownCode(code, "campaigns"))),
        ...shared,
        source: v.literal("campaigns-service"),
      }),
    }),
  ),
  platform: named(
    "PlatformError",
    v.strictObject({
      error: v.literal(true),
      code: v.picklist([...new Set(Object.values(PLATFORM_CODES))]),
      message: v.string(),
    }),
  ),
} as const;

/** In which envelope a route's errors come; see `presentError`. */
export function envelopeOf({ paths, access }: Route): Envelope {
  const [path = ""] = paths;
  if (PLATFORM_PREFIXES.some((prefix) => path.startsWith(prefix))) return "platform";
  if (access.credential === "api-token") return "platform";
  return CAMPAIGNS_PATHS.includes(path) ? "campaigns" : "shared";
}

const ALWAYS: readonly ErrorCode[] = ["ERR_UNSUPPORTED_ENCODING", "ERR_INTERNAL", "ERR_UNAVAILABLE"];

/** Every code that a route can answer: those of its kind, and those that it declares. */
export function errorCodesOf(route: Route): ErrorCode[] {
  const { access, body, query, method, paths } = route;
  const codes = new Set<ErrorCode>([...ALWAYS, ...route.errors]);
  const add = (...more: ErrorCode[]) => {
    for (const code of more) codes.add(code);
  };
  if (access.credential !== "none") add("ERR_UNAUTHORIZED", "ERR_TOO_MANY_REQUESTS");
  // Of a user: a token that only reads.
  if (access.scope !== null || ["admin", "user"].includes(access.credential)) add("ERR_FORBIDDEN");
  // The app may have been deleted meanwhile.
  if (access.scope !== null || ["user", "looker"].includes(access.credential)) add("ERR_NOT_FOUND");
  if (body !== null || query !== null || paths[0]?.includes(":")) add("ERR_BAD_REQUEST");
  if (body !== null) add("ERR_PAYLOAD_TOO_LARGE");
  if (method !== "GET") add("ERR_STORAGE_FULL");
  return [...codes].sort((a, b) => statusOf(a) - statusOf(b) || (a < b ? -1 : 1));
}
