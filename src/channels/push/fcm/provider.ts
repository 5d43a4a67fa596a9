import * as v from "valibot";
import type { AccountFields } from "../../../model/account.ts";
import type { Address } from "../../../model/address.ts";
import { textSchema } from "../../../text/schemas.ts";
import { isPrivateKey, PemSchema, showAccount } from "../private-key.ts";
import { describeTokenAddress, type PushProvider } from "../provider.ts";
import { FcmAccessTokens, FcmAccountSchema } from "./access-tokens.ts";
import { buildFcmRequest, FcmCredentialsSchema, readFcmAnswer } from "./request.ts";

const NAME = "fcm";
const PROJECT_MESSAGE = "must be a Google project's id";
const KEY_MESSAGE = "must be an RSA private key in PKCS #8 PEM, as the service account's file has it";
const TOKEN_MESSAGE = "must be the registration token that FCM gave the app";

/** A Google service account's file as it is: all but three of its fields are ignored. */
const GivenAccountSchema = v.pipe(
  v.object(
    {
      project_id: v.pipe(v.string(PROJECT_MESSAGE), v.regex(/^[A-Za-z0-9:.-]{1,128}$/, PROJECT_MESSAGE)),
      client_email: textSchema(256),
      private_key: PemSchema,
    },
    "must be a service account's JSON, or null",
  ),
  v.transform(({ project_id, client_email, private_key }) => ({
    projectId: project_id,
    clientEmail: client_email,
    privateKey: private_key,
  })),
);

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
  account: {
    name: NAME,
    schema: GivenAccountSchema,
    keyField: "private_key",
    async findKeyFault(config) {
      const { privateKey } = v.parse(FcmAccountSchema, config);
      return (await isPrivateKey(privateKey, "RS256")) ? null : KEY_MESSAGE;
    },
    show: (config) => showAccount(v.parse(FcmAccountSchema, config)),
  },
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
