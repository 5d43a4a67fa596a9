import { importPKCS8 } from "jose";
import * as v from "valibot";
import type { AccountFields, ShownAccount } from "../../model/account.ts";
import { sha256Hex } from "../../model/credentials.ts";
import { textSchema } from "../../text/schemas.ts";
import type { AccountProvider } from "../channel.ts";

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

interface AccountSchemas {
  /** An account in a body. */
  given: v.GenericSchema<unknown, AccountFields>;
  /** What is stored of it. */
  stored: v.GenericSchema<unknown, { privateKey: string } & Record<string, string>>;
}

/** An account whose private key signs what a provider is asked with. `field`: the key's name in a body. */
export function describeSigner(
  name: string,
  { given, stored }: AccountSchemas,
  key: { field: string; algorithm: "RS256" | "ES256"; message: string },
): AccountProvider {
  return {
    name,
    schema: given,
    keyField: key.field,
    async findKeyFault(config) {
      const { privateKey } = v.parse(stored, config);
      return (await isPrivateKey(privateKey, key.algorithm)) ? null : key.message;
    },
    show: (config) => showAccount(v.parse(stored, config)),
  };
}

/** True where the text is a private key of the algorithm, in PKCS #8 PEM. */
async function isPrivateKey(pem: string, algorithm: "RS256" | "ES256"): Promise<boolean> {
  try {
    await importPKCS8(pem, algorithm);
    return true;
  } catch {
    // The library's words could quote the key.
    return false;
  }
}
