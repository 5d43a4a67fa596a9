/** API keys: `oc_{appId}_{43 characters of base64url}`. They name their app, so an unknown one can be looked up. */

const KEY_PATTERN = /^oc_([a-z0-9][a-z0-9-]{1,62})_([A-Za-z0-9_-]{43})$/;

export const APP_ID_PATTERN = /^[a-z0-9][a-z0-9-]{1,62}$/;

/** A new API key with 256 random bits. */
export function generateApiKey(appId: string): string {
  return `oc_${appId}_${randomToken()}`;
}

/** 256 random bits as base64url. */
export function randomToken(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
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
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
