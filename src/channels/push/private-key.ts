import { importPKCS8 } from "jose";
import * as v from "valibot";
import type { ShownAccount } from "../../model/account.ts";
import { sha256Hex } from "../../model/credentials.ts";
import { textSchema } from "../../text/schemas.ts";

/** Characters of a private key's text; an RSA key of 4,096 bits in PEM has 3,300. */
const MAX_KEY_LENGTH = 8192;

/** A key's text; line ends as environment variables have them, a backslash and an n, are line ends. */
export const PemSchema = v.pipe(
  textSchema(MAX_KEY_LENGTH),
  v.transform((text) => text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n")),
);

/** The fields that may be shown, and the first 16 hex digits of the private key's SHA-256. */
export async function showAccount({
  privateKey,
  ...shown
}: { privateKey: string } & Record<string, string | string[]>): Promise<ShownAccount> {
  return { ...shown, fingerprint: (await sha256Hex(privateKey.trim())).slice(0, 16) };
}

/** True where the text is a private key of the algorithm, in PKCS #8 PEM. */
export async function isPrivateKey(pem: string, algorithm: "RS256" | "ES256"): Promise<boolean> {
  try {
    await importPKCS8(pem, algorithm);
    return true;
  } catch {
    // The library's words could quote the key.
    return false;
  }
}
