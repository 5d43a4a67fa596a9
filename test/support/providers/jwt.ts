import type { KeyObject } from "node:crypto";
import { compactVerify, decodeJwt, decodeProtectedHeader } from "jose";
import * as v from "valibot";

const claimsSchema = v.object({
  iss: v.optional(v.string()),
  sub: v.optional(v.string()),
  aud: v.optional(v.string()),
  scope: v.optional(v.string()),
  /** Unix s, both. */
  iat: v.optional(v.number()),
  exp: v.optional(v.number()),
});
export type Claims = v.InferOutput<typeof claimsSchema>;

/** Verifies each JWT once and remembers the outcome: a signature costs more than the rest of a request. */
export class JwtVerifier {
  readonly #outcomes = new Map<KeyObject, Map<string, Promise<Claims | null>>>();

  /** @returns the claims, null where the signature, the algorithm or a claim's type is wrong. */
  verify(jwt: string, key: KeyObject, algorithm: "RS256" | "ES256"): Promise<Claims | null> {
    const ofKey = this.#outcomes.get(key) ?? new Map<string, Promise<Claims | null>>();
    this.#outcomes.set(key, ofKey);
    const outcome = ofKey.get(jwt) ?? verifyOnce(jwt, key, algorithm);
    ofKey.set(jwt, outcome);
    return outcome;
  }
}

/** The claims without any check: only to find out whom a request belongs to. */
export function unverifiedIssuer(jwt: string): string | undefined {
  try {
    return decodeJwt(jwt).iss;
  } catch {
    return undefined;
  }
}

/** The key id without any check of the signature. */
export function keyIdOf(jwt: string): string | undefined {
  try {
    return decodeProtectedHeader(jwt).kid;
  } catch {
    return undefined;
  }
}

async function verifyOnce(jwt: string, key: KeyObject, algorithm: string): Promise<Claims | null> {
  try {
    const { payload } = await compactVerify(jwt, key, { algorithms: [algorithm] });
    const claims = v.safeParse(claimsSchema, JSON.parse(new TextDecoder().decode(payload)));
    return claims.success ? claims.output : null;
  } catch {
    return null;
  }
}
