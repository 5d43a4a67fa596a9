/** What the variables of a deployment may be. Pure: the Worker checks with it, and so does `npm start`. */

/** The longest that anything is kept. */
const MAX_DAYS = 10 * 366;
/** No time-out or pause is longer than a day. */
const MAX_SECONDS = 24 * 60 * 60;

/** A number above 0 and at most this, by variable. */
export const NUMBERS = {
  STALL_SECONDS: MAX_SECONDS,
  RETENTION_DAYS: MAX_DAYS,
  PUSH_TIMEOUT_SECONDS: MAX_SECONDS,
  PUSH_RETRY_SECONDS: MAX_SECONDS,
  PUSH_PROBE_SECONDS: MAX_SECONDS,
  WEBHOOK_TIMEOUT_SECONDS: MAX_SECONDS,
} as const;
const URLS = ["FCM_URL", "FCM_TOKEN_URL", "APNS_URL", "APNS_SANDBOX_URL"] as const;
/** They needn't be there. */
const OPTIONAL_URLS = ["ACCESS_TEAM_URL"] as const;
const SWITCHES = ["ALLOW_LOOPBACK"] as const;
/** Secrets that needn't be there. The first seals; what the second has sealed is still read. */
export const SECRETS_KEYS = ["SECRETS_KEY_NEXT", "SECRETS_KEY"] as const;
const MIN_SECRETS_KEY_LENGTH = 32;

export type NumberName = keyof typeof NUMBERS;
export type UrlName = (typeof URLS)[number] | (typeof OPTIONAL_URLS)[number];
type VariableName = NumberName | UrlName | (typeof SWITCHES)[number] | (typeof SECRETS_KEYS)[number];

/** Every variable that is checked. */
export const VARIABLE_NAMES = [
  ...Object.keys(NUMBERS),
  ...URLS,
  ...OPTIONAL_URLS,
  ...SWITCHES,
  ...SECRETS_KEYS,
] as VariableName[];

/** What would be right for a variable in place of a value; null where it is right, or no variable of ours. */
export function findVariableFault(name: string, value: unknown): string | null {
  if (Object.hasOwn(NUMBERS, name)) {
    const most = NUMBERS[name as NumberName];
    return parseNumber(value, most) === null ? `must be a number above 0, at most ${most}` : null;
  }
  if ((OPTIONAL_URLS as readonly string[]).includes(name)) {
    return !value || parseHttpUrl(value) !== null ? null : "must be an http or https URL";
  }
  if ((URLS as readonly string[]).includes(name)) {
    return parseHttpUrl(value) === null ? "must be an http or https URL" : null;
  }
  if ((SECRETS_KEYS as readonly string[]).includes(name)) {
    const isRight = !value || String(value).length >= MIN_SECRETS_KEY_LENGTH;
    return isRight ? null : `must have ${MIN_SECRETS_KEY_LENGTH} characters or more`;
  }
  if (!(SWITCHES as readonly string[]).includes(name)) return null;
  return /^(true|false)$/.test(String(value)) ? null : "must be true or false";
}

/** Null where it is no number above 0, or a larger one. `wrangler dev --var` hands numbers over as strings. */
export function parseNumber(value: unknown, most: number): number | null {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return null;
  const parsed = Number(value);
  return parsed > 0 && parsed <= most ? parsed : null;
}

/** Without slashes at the end; null where it is no http or https URL. */
export function parseHttpUrl(value: unknown): string | null {
  const text = String(value).replace(/\/+$/, "");
  return /^https?:\/\//.test(text) && URL.canParse(text) ? text : null;
}
