import { base64url, importPKCS8 } from "jose";
import { sha256Hex } from "../../model/credentials.ts";
import type { Provider } from "../../model/push.ts";
import type { ProviderConfigs, ShownProvider } from "../../model/push-provider.ts";
import { importVapidKey } from "./web-push.ts";

/** The fields that may be shown, and the first 16 hex digits of the private key's SHA-256. */
export async function showProvider({ privateKey, ...shown }: { privateKey: string }): Promise<ShownProvider> {
  return { ...shown, fingerprint: (await sha256Hex(privateKey.trim())).slice(0, 16) };
}

/** What is wrong with a provider's private key, or null: found when it is given, not at the first push. */
export async function findKeyFault<P extends Provider>(
  provider: P,
  config: ProviderConfigs[P],
): Promise<string | null> {
  try {
    if (provider === "webpush") return await findPairFault(config as ProviderConfigs["webpush"]);
    await importPKCS8(config.privateKey, provider === "fcm" ? "RS256" : "ES256");
    return null;
  } catch {
    // The library's words could quote the key.
    return KEY_MESSAGES[provider];
  }
}

const KEY_MESSAGES: Record<Provider, string> = {
  fcm: "must be an RSA private key in PKCS #8 PEM, as the service account's file has it",
  apns: "must be a P-256 private key in PKCS #8 PEM: the text of the .p8 file",
  webpush: "must be the base64url private key that belongs to publicKey",
};

async function findPairFault({ publicKey, privateKey }: ProviderConfigs["webpush"]): Promise<string | null> {
  const { subtle } = crypto;
  const algorithm = { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" };
  const signer = await importVapidKey(publicKey, privateKey);
  const verifier = await subtle.importKey("raw", base64url.decode(publicKey), algorithm, false, ["verify"]);
  const text = new TextEncoder().encode("Onecall");
  const isPair = await subtle.verify(algorithm, verifier, await subtle.sign(algorithm, signer, text), text);
  return isPair ? null : KEY_MESSAGES.webpush;
}
