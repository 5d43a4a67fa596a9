import { createCipheriv, createECDH, type ECDH, hkdfSync } from "node:crypto";
import { base64url } from "jose";

/** A browser's keys (base64url): an uncompressed P-256 point, and 16 bytes that both sides know. */
export interface SubscriptionKeys {
  p256dh: string;
  auth: string;
}

/** What is made anew for each message. Only a test gives its own: RFC 8291's example. */
export interface MessageSecrets {
  keys: ECDH;
  /** Its public half, as an uncompressed point. */
  ownPoint: Uint8Array;
  salt: Uint8Array;
}

/** One record holds the whole message, and push services take no more than this (RFC 8291, section 4). */
const RECORD_BYTES = 4096;
const SALT_BYTES = 16;
const CONTENT_KEY_BYTES = 16;
const NONCE_BYTES = 12;
const SECRET_BYTES = 32;
/** Marks the end of the last record's text: RFC 8188, section 2. */
const LAST_RECORD = new Uint8Array([2]);

const KEY_INFO = new TextEncoder().encode("WebPush: info\0");
const CONTENT_KEY_INFO = new TextEncoder().encode("Content-Encoding: aes128gcm\0");
const NONCE_INFO = new TextEncoder().encode("Content-Encoding: nonce\0");

/**
 * A message that only one subscription can read: RFC 8291 with the content coding of RFC 8188, in one record
 * and unpadded. Throws where the keys aren't a subscription's. Code of our own, and synchronous, because it is the
 * dearest part of a push: see docs/performance.md.
 */
export function encryptWebPush(
  plaintext: Uint8Array,
  { p256dh, auth }: SubscriptionKeys,
  { keys, ownPoint, salt }: MessageSecrets = makeSecrets(),
): Uint8Array {
  const browserPoint = base64url.decode(p256dh);
  const shared = keys.computeSecret(browserPoint);
  const keyInfo = Buffer.concat([KEY_INFO, browserPoint, ownPoint]);
  const secret = hkdf(shared, base64url.decode(auth), keyInfo, SECRET_BYTES);
  const contentKey = hkdf(secret, salt, CONTENT_KEY_INFO, CONTENT_KEY_BYTES);
  const nonce = hkdf(secret, salt, NONCE_INFO, NONCE_BYTES);
  const cipher = createCipheriv("aes-128-gcm", contentKey, nonce);
  // Header, RFC 8188, section 2.1: salt, record size, length of the key, key.
  const sizes = Buffer.alloc(5);
  sizes.writeUInt32BE(RECORD_BYTES);
  sizes.writeUInt8(ownPoint.length, 4);
  const text = cipher.update(Buffer.concat([plaintext, LAST_RECORD]));
  return Buffer.concat([salt, sizes, ownPoint, text, cipher.final(), cipher.getAuthTag()]);
}

function makeSecrets(): MessageSecrets {
  // Its private half lives as long as this message: RFC 8291, section 3.1.
  const keys = createECDH("prime256v1");
  return { keys, ownPoint: keys.generateKeys(), salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)) };
}

/** RFC 5869 with SHA-256. */
function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, salt, info, bytes));
}
