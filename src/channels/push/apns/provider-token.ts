import { importPKCS8, SignJWT } from "jose";
import * as v from "valibot";
import type { AccountStore, Credentials } from "../../../model/account.ts";
import { sha256Hex } from "../../../model/credentials.ts";
import { ApnsAccountSchema } from "./account.ts";

const MINUTE_MS = 60_000;
/** Apple takes a provider token for an hour, and wants one of a key to be used for 20 minutes at least. */
const REUSE_MS = 50 * MINUTE_MS;
const MIN_AGE_MS = 20 * MINUTE_MS;

/**
 * A channel's provider token and topic. One token for each key of Apple's, whatever channels have it: Apple counts how
 * often a key gets a new one. `refused`: the token that Apple called expired.
 */
export async function openApnsCredentials(
  store: AccountStore,
  { channelId, provider, refused }: { channelId: string; provider: string; refused: string | null },
  now: number,
): Promise<Credentials> {
  const stored = store.get(channelId, provider);
  if (stored === null) return { found: "none" };
  const { keyId, teamId, privateKey, topic } = v.parse(ApnsAccountSchema, stored.config);
  const give = (providerToken: string): Credentials => ({
    found: "yes",
    credentials: { providerToken, topic },
  });
  const tokenId = await sha256Hex(JSON.stringify([keyId, teamId, privateKey]));
  const token = store.getApnsToken(tokenId) ?? stored.token;
  const isRefused = token !== null && token.token === refused;
  if (isRefused && now - token.issuedAt < MIN_AGE_MS) {
    // Another one so soon would be refused as well. It may be one of Apple's servers alone that thinks so.
    return { found: "later", message: "Apple calls a provider token expired that is new", afterMs: null };
  }
  if (token !== null && !isRefused && token.expiresAt > now) return give(token.token);
  const issuedAt = Math.floor(now / 1000) * 1000;
  const providerToken = await new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(issuedAt / 1000)
    .sign(await importPKCS8(privateKey, "ES256"));
  // Another call may have signed meanwhile; all use the first one's token.
  const winner = store.getApnsToken(tokenId);
  if (winner !== null && winner.token !== refused && winner.expiresAt > now) return give(winner.token);
  store.setApnsToken(tokenId, { token: providerToken, issuedAt, expiresAt: issuedAt + REUSE_MS }, now);
  return give(providerToken);
}
