import type { JwtVerifier } from "./jwt.ts";
import type { Project } from "./projects.ts";

const MAX_LIFETIME_SECONDS = 24 * 3600;

export interface Vapid {
  /** The JWT. */
  token: string;
  /** The public key, raw, in base64url. */
  key: string;
}

/** The parameters of `Authorization: vapid t=…, k=…` (RFC 8292), null where it isn't that. */
export function parseVapid(authorization: string | undefined): Vapid | null {
  const [scheme, ...rest] = (authorization ?? "").split(" ");
  if (scheme?.toLowerCase() !== "vapid") {
    return null;
  }
  const parameters = new Map<string, string>();
  for (const part of rest.join("").split(",")) {
    const equals = part.indexOf("=");
    parameters.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const token = parameters.get("t");
  const key = parameters.get("k");
  return token && key ? { token, key } : null;
}

/** @returns what is wrong with the JWT, null for nothing. `origin` is the push service's own. */
export async function faultOfVapid(
  { token, key }: Vapid,
  project: Project,
  origin: string,
  verifier: JwtVerifier,
): Promise<string | null> {
  project.journal.vapidTokenSeen(token);
  if (key !== project.credentials.webpush.publicKey) {
    return "k isn't the key that the subscription was made with";
  }
  const claims = await verifier.verify(token, project.publicKeys.webpush, "ES256");
  if (!claims) {
    return "the JWT's signature doesn't match k";
  }
  if (claims.aud !== origin) {
    return `aud must be ${origin}`;
  }
  const now = Date.now() / 1000;
  if (claims.exp === undefined || claims.exp <= now || claims.exp > now + MAX_LIFETIME_SECONDS) {
    return "exp must be in the future and at most 24 hours ahead";
  }
  return /^(mailto:.+@|https:\/\/.)/.test(claims.sub ?? "") ? null : "sub must be a mailto: or https: URI";
}
