import type { IncomingHttpHeaders } from "node:http";
import type { ApnsReason } from "./apns-errors.ts";
import { type JwtVerifier, keyIdOf } from "./jwt.ts";
import type { Project } from "./projects.ts";

/** https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns */
const MAX_AGE_SECONDS = 3600;
const MIN_UPDATE_SECONDS = 20 * 60;
const CLOCK_SKEW_SECONDS = 60;

export function providerTokenOf(headers: IncomingHttpHeaders): string | undefined {
  return /^bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** Checks the provider JWT against the key of the project that the push is for. */
export async function faultOfProviderToken(
  headers: IncomingHttpHeaders,
  project: Project | undefined,
  verifier: JwtVerifier,
): Promise<ApnsReason | null> {
  const jwt = providerTokenOf(headers);
  if (jwt === undefined) {
    return "MissingProviderToken";
  }
  if (!project) {
    return "InvalidProviderToken";
  }
  project.journal.apnsTokenSeen(jwt);
  const { keyId, teamId } = project.credentials.apns;
  const claims = await verifier.verify(jwt, project.publicKeys.apns, "ES256");
  const now = Date.now() / 1000;
  if (claims?.iss !== teamId || claims.iat === undefined || claims.iat > now + CLOCK_SKEW_SECONDS) {
    return "InvalidProviderToken";
  }
  if (claims.iat < now - MAX_AGE_SECONDS) {
    return "ExpiredProviderToken";
  }
  const { accepted } = project.apnsTokens;
  if (accepted.has(jwt)) {
    return null;
  }
  if (keyIdOf(jwt) !== keyId) {
    return "InvalidProviderToken";
  }
  // No await from here on: of two new tokens that come together one is the second.
  if (Math.abs(claims.iat - project.apnsTokens.latestIat) < MIN_UPDATE_SECONDS) {
    return "TooManyProviderTokenUpdates";
  }
  accepted.add(jwt);
  project.apnsTokens.latestIat = Math.max(claims.iat, project.apnsTokens.latestIat);
  return null;
}
