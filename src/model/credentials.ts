/**
 * API keys: `oc_{appId}_{43 characters of base64url}`. They name their app, so an unknown one can be looked up. The
 * last ten characters are a check of all before them by a secret of the app: who made a key up is refused without
 * a call. Keys of an earlier version have 43 random characters.
 */

const KEY_PATTERN = /^oc_([a-z0-9][a-z0-9-]{1,62})_([A-Za-z0-9_-]{43})$/;
const RANDOM_LENGTH = 33;
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

/** 60 bits: it needn't withstand more than guesses by calls, for a key is believed by its SHA-256 only. */
const CHECK_LENGTH = 10;

export const APP_ID_PATTERN = /^[a-z0-9][a-z0-9-]{1,62}$/;

/** A new API key with 198 random bits. `checkSecret`: the app's own. */
export async function generateApiKey(appId: string, checkSecret: string): Promise<string> {
  const body = `oc_${appId}_${randomToken().slice(0, RANDOM_LENGTH)}`;
  return body + (await checkOf(body, checkSecret));
}

/** True for a key that was made with this secret. */
export async function hasRightCheck(apiKey: string, checkSecret: string): Promise<boolean> {
  const body = apiKey.slice(0, -CHECK_LENGTH);
  const [given, right] = [apiKey.slice(-CHECK_LENGTH), await checkOf(body, checkSecret)];
  const encoder = new TextEncoder();
  return (
    given.length === right.length &&
    crypto.subtle.timingSafeEqual(encoder.encode(given), encoder.encode(right))
  );
}

async function checkOf(body: string, secret: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(body));
  return new Uint8Array(mac).toBase64(BASE64URL).slice(0, CHECK_LENGTH);
}

/** 256 random bits as base64url. */
export function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64(BASE64URL);
}

/** The app that a key says it belongs to, or null where it isn't of a key's form. */
export function appIdOfKey(apiKey: string): string | null {
  return KEY_PATTERN.exec(apiKey)?.[1] ?? null;
}

/** SHA-256 in hex: only this of a key is stored. */
export async function hashApiKey(apiKey: string): Promise<string> {
  return sha256Hex(apiKey);
}

export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
