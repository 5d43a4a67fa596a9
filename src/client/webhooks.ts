import type { WebhookBodies } from "./api-types.ts";

/** `onecall/webhooks`: whether a call came from Onecall, and what it says. Signed as Standard Webhooks has it. */

/** How far a call's time may be from this machine's, s: a recorded call can't be played again later. */
const TOLERANCE_SECONDS = 300;
const SECRET_PREFIX = "whsec_";

/** A call as an endpoint gets it. `id` is the same each time that it is repeated: drop what you had. */
export type WebhookCall = {
  [Type in keyof WebhookBodies]: { id: string } & WebhookBodies[Type];
}[keyof WebhookBodies];

/** What happened: a call's own event, or one of a `webhook.batch`. */
export type WebhookEvent = Exclude<WebhookCall, { type: "webhook.batch" | "notification" }>;

/** Why a call isn't taken. Answer it with 400. */
export type WebhookFault =
  | "missing_headers"
  | "invalid_secret"
  | "too_old"
  | "too_new"
  | "wrong_signature"
  | "invalid_body";

export class WebhookError extends Error {
  /** What a console calls it; that of the class is shortened where this is built. */
  static override readonly name = "WebhookError";
  readonly code: WebhookFault;

  constructor(code: WebhookFault, message: string) {
    super(message);
    this.name = "WebhookError";
    this.code = code;
  }
}

/** `Headers`, or an object such as Node's `request.headers`. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** How far the call's time may be from `now`, s. Default: 300. */
  toleranceSeconds?: number;
  /** Unix ms. Default: this machine's clock. */
  now?: number;
}

/**
 * What a call says, once its signature, its time and its form are right.
 *
 * @param body exactly as it came: the bytes or the text, not what a parser made of it.
 * @param secret the endpoint's `whsec_…`; several while you exchange one for another.
 * @throws {WebhookError} where it isn't Onecall's call, or isn't of now.
 */
export async function verifyWebhook(
  body: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() }: VerifyOptions = {},
): Promise<WebhookCall> {
  const id = readHeader(headers, "webhook-id");
  const timestamp = readHeader(headers, "webhook-timestamp");
  const signatures = readHeader(headers, "webhook-signature");
  requireTime(timestamp, toleranceSeconds, now);
  const bytes = toBytes(body);
  const signed = concat(toBytes(`${id}.${timestamp}.`), bytes);
  const keys = await Promise.all((typeof secret === "string" ? [secret] : secret).map(importSecret));
  if (!(await isSignedByAny(keys, readSignatures(signatures), signed))) {
    throw new WebhookError("wrong_signature", "No signature of the call was made with this secret");
  }
  return { ...parseBody(bytes), id };
}

/** The events of a call, one or several. A delivery in a webhook channel (`notification`) is none. */
export function eventsOf(call: WebhookCall): WebhookEvent[] {
  if (call.type === "webhook.batch") return call.data.events.filter(isEvent);
  return isEvent(call) ? [call] : [];
}

/** Of a batch, a test call has no form of its own. */
function isEvent(call: { type: string }): call is WebhookEvent {
  return call.type !== "notification" && call.type !== "webhook.batch";
}

function readHeader(headers: WebhookHeaders, name: string): string {
  const value = isHeaders(headers) ? headers.get(name) : (headers[name] ?? findHeader(headers, name));
  const text = typeof value === "object" ? value?.[0] : value;
  if (!text) throw new WebhookError("missing_headers", `The call has no header ${name}`);
  return text;
}

function isHeaders(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === "function";
}

/** Some frameworks keep the case in which names came. */
function findHeader(headers: Exclude<WebhookHeaders, { get(name: string): string | null }>, name: string) {
  return Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
}

function requireTime(timestamp: string, toleranceSeconds: number, now: number): void {
  const ageSeconds = /^\d{1,12}$/.test(timestamp) ? now / 1000 - Number(timestamp) : Number.NaN;
  if (Number.isNaN(ageSeconds))
    throw new WebhookError("missing_headers", "webhook-timestamp isn't Unix seconds");
  if (ageSeconds > toleranceSeconds) throw new WebhookError("too_old", "The call was signed too long ago");
  if (-ageSeconds > toleranceSeconds) throw new WebhookError("too_new", "The call was signed in the future");
}

/** `v1,…` by spaces: while a secret is rotated, both sign. Other versions are others' business. */
function readSignatures(header: string): Bytes[] {
  return header
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .flatMap((part) => decodeBase64(part.slice(3)) ?? []);
}

async function isSignedByAny(keys: readonly Key[], signatures: readonly Bytes[], signed: Bytes) {
  for (const key of keys) {
    for (const signature of signatures) {
      // Compares in constant time.
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) return true;
    }
  }
  return false;
}

function importSecret(secret: string): Promise<Key> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? decodeBase64(secret.slice(SECRET_PREFIX.length)) : null;
  if (bytes === null || bytes.length === 0) {
    throw new WebhookError(
      "invalid_secret",
      "The secret must be whsec_ and base64, as the endpoint's was shown",
    );
  }
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

type Bytes = Uint8Array<ArrayBuffer>;
/** Not every runtime's types name it. */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

function decodeBase64(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function toBytes(body: string | Uint8Array | ArrayBuffer): Bytes {
  return new Uint8Array(typeof body === "string" ? new TextEncoder().encode(body) : body);
}

function concat(first: Bytes, second: Bytes): Bytes {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function parseBody(bytes: Bytes): WebhookCall {
  const body = readJson(new TextDecoder().decode(bytes));
  if (!isBody(body))
    throw new WebhookError("invalid_body", "The call's body isn't a type, a timestamp and data");
  return body;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The signature has shown whose it is: what its type says needs no other look. */
function isBody(body: unknown): body is WebhookCall {
  return typeof body === "object" && body !== null && "type" in body && "timestamp" in body && "data" in body;
}
