import { base64url, importJWK, SignJWT } from "jose";
import * as v from "valibot";
import { TtlCache } from "../../../copies/cache.ts";

/**
 * A VAPID key pair as base64url, and whom a push service may write to: `mailto:` or `https:`. `allowedHosts`: push
 * services beside the known ones.
 */
export const VapidAccountSchema = v.object({
  publicKey: v.string(),
  privateKey: v.string(),
  subject: v.string(),
  allowedHosts: v.exactOptional(v.array(v.string())),
});
export type VapidAccount = v.InferOutput<typeof VapidAccountSchema>;

/** RFC 8292 allows 24 hours; a clock that is ahead by hours is still believed. */
const TTL_SECONDS = 12 * 60 * 60;

/** Authorization headers by key and push service: one signature serves for hours, not for one push. */
const authorizations = new TtlCache<string>({ ttlMs: (TTL_SECONDS / 2) * 1000, maxEntries: 1000 });

/** The header that says who sends (RFC 8292, section 2), for one push service. */
export async function authorize(
  origin: string,
  { publicKey, privateKey, subject }: VapidAccount,
): Promise<string> {
  // With the private key: who only knows another app's public one gets no signature of its.
  const cacheKey = `${origin} ${publicKey} ${privateKey} ${subject}`;
  const cached = authorizations.get(cacheKey);
  if (cached !== undefined) return cached;
  const token = await new SignJWT()
    .setProtectedHeader({ alg: "ES256", typ: "JWT" })
    .setAudience(origin)
    .setSubject(subject)
    .setExpirationTime(Math.floor(Date.now() / 1000) + TTL_SECONDS)
    .sign(await importVapidKey(publicKey, privateKey));
  const authorization = `vapid t=${token}, k=${publicKey}`;
  authorizations.set(cacheKey, authorization);
  return authorization;
}

/** The pair as a signing key. Throws where it isn't a P-256 pair in base64url. */
export async function importVapidKey(publicKey: string, privateKey: string): Promise<CryptoKey> {
  const point = base64url.decode(publicKey);
  // Uncompressed, as browsers want it: 0x04, x, y.
  if (point.length !== 65 || point[0] !== 4)
    throw new Error("The public key isn't an uncompressed P-256 point");
  const x = base64url.encode(point.subarray(1, 33));
  const y = base64url.encode(point.subarray(33));
  return importJWK({ kty: "EC", crv: "P-256", x, y, d: privateKey }, "ES256") as Promise<CryptoKey>;
}
