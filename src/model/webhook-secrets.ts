import { Webhook } from "standardwebhooks";
import { sha256Hex } from "./credentials.ts";
import type { EndpointConfig } from "./webhook.ts";

/** A secret that was just made, and what may be shown of it later. */
export interface NewSecret {
  secret: string;
  fingerprint: string;
}

/** `whsec_` and 24 random bytes in base64, as Standard Webhooks has them. */
export async function makeSecret(): Promise<NewSecret> {
  const secret = `whsec_${crypto.getRandomValues(new Uint8Array(24)).toBase64()}`;
  return { secret, fingerprint: (await sha256Hex(secret)).slice(0, 16) };
}

/** The headers of Standard Webhooks. During a grace period both secrets sign: a receiver may know either. */
export function signatureHeaders(
  secrets: EndpointConfig["secrets"],
  { id, body }: { id: string; body: string },
  now: number,
): Record<string, string> {
  const valid = secrets.filter(({ until }) => until === null || until > now);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1000)),
    "webhook-signature": valid
      .map(({ secret }) => new Webhook(secret).sign(id, new Date(now), body))
      .join(" "),
  };
}
