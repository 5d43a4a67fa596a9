import * as v from "valibot";
import type { AccountFields } from "../../../model/account.ts";
import type { Address } from "../../../model/address.ts";
import { describeTokenAddress, type PushProvider } from "../provider.ts";
import { FcmAccessTokens } from "./access-tokens.ts";
import { FCM_ACCOUNT } from "./account.ts";
import { buildFcmRequest, FcmCredentialsSchema, readFcmAnswer } from "./request.ts";

const NAME = FCM_ACCOUNT.name;
const TOKEN_MESSAGE = "must be the registration token that FCM gave the app";

const GivenAddressSchema = v.object({
  provider: v.literal(NAME),
  token: v.pipe(v.string(TOKEN_MESSAGE), v.regex(/^[\x21-\x7e]{1,4096}$/, TOKEN_MESSAGE)),
});
const AddressSchema = v.object({ token: v.string() });

const tokenOfAddress = (address: Address): string => v.parse(AddressSchema, address).token;
const credentialsOf = (credentials: AccountFields) => v.parse(FcmCredentialsSchema, credentials);

/** Firebase Cloud Messaging: Android, and whatever else an app's Firebase project reaches. */
export const FCM: PushProvider = {
  name: NAME,
  account: FCM_ACCOUNT,
  address: {
    name: NAME,
    schema: GivenAddressSchema,
    bodyFields: { token: v.optional(v.string()) },
    answer: { provider: v.literal(NAME), token: v.string() },
    findFaults: async () => [],
  },
  ...describeTokenAddress(NAME, tokenOfAddress),
  openCredentials: (store, config) => {
    const tokens = new FcmAccessTokens(NAME, store, config);
    return (channelId, refused, now) => tokens.get(channelId, refused, now);
  },
  tokenOf: (credentials) => credentialsOf(credentials).accessToken,
  buildRequest: (message, { address }, credentials, { fcmUrl }) =>
    buildFcmRequest(message, tokenOfAddress(address), credentialsOf(credentials), fcmUrl),
  readAnswer: readFcmAnswer,
};
