import * as v from "valibot";
import type { Address } from "../../model/address.ts";

/** Sendbird's types of push tokens: devices of providers that have tokens, by other names. */
export interface TokenType {
  /** In the vendor's paths. */
  name: string;
  provider: string;
  /** The token's name in a body. */
  field: string;
  /** A token as it is stored. */
  normalize: (token: string) => string;
}

export const TOKEN_TYPES: readonly TokenType[] = [
  { name: "gcm", provider: "fcm", field: "gcm_reg_token", normalize: (token) => token },
  { name: "apns", provider: "apns", field: "apns_device_token", normalize: (token) => token.toLowerCase() },
];

const TokenSchema = v.object({ token: v.string() });

/** The token of a device of FCM or APNs. */
export function readToken(address: Address): string {
  return v.parse(TokenSchema, address).token;
}
