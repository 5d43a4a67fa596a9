import * as v from "valibot";
import type { AccountFields } from "../../../model/account.ts";
import type { Address } from "../../../model/address.ts";
import { isPrivateKey, PemSchema, showAccount } from "../private-key.ts";
import { describeTokenAddress, type PushProvider } from "../provider.ts";
import { ApnsAccountSchema, openApnsCredentials } from "./provider-token.ts";
import { ApnsAddressSchema, ApnsCredentialsSchema, buildApnsRequest, readApnsAnswer } from "./request.ts";

const NAME = "apns";
const ID_MESSAGE = "must have 10 letters and digits, as Apple shows it";
const TOPIC_MESSAGE = "must be the app's topic: letters, digits, - and . as in com.example.shop";
const KEY_MESSAGE = "must be a P-256 private key in PKCS #8 PEM: the text of the .p8 file";
const TOKEN_MESSAGE = "must be the device token in hex";
const SANDBOX_MESSAGE = "must be true or false";

const AppleIdSchema = v.pipe(v.string(ID_MESSAGE), v.regex(/^[A-Z0-9]{10}$/, ID_MESSAGE));
const TopicSchema = v.pipe(v.string(TOPIC_MESSAGE), v.regex(/^[A-Za-z0-9.-]{1,155}$/, TOPIC_MESSAGE));

const GivenAccountSchema = v.object(
  { keyId: AppleIdSchema, teamId: AppleIdSchema, privateKey: PemSchema, topic: TopicSchema },
  "must be an object {keyId, teamId, privateKey, topic}, or null",
);

const GivenAddressSchema = v.object({
  provider: v.literal(NAME),
  token: v.pipe(
    v.string(TOKEN_MESSAGE),
    v.regex(/^(?:[0-9a-fA-F]{2}){32,100}$/, TOKEN_MESSAGE),
    v.toLowerCase(),
  ),
  topic: v.nullish(TopicSchema, null),
  sandbox: v.optional(v.boolean(SANDBOX_MESSAGE), false),
});

const addressOf = (address: Address) => v.parse(ApnsAddressSchema, address);
const credentialsOf = (credentials: AccountFields) => v.parse(ApnsCredentialsSchema, credentials);

/** Apple's push service, with a provider token. */
export const APNS: PushProvider = {
  name: NAME,
  account: {
    name: NAME,
    schema: GivenAccountSchema,
    keyField: "privateKey",
    async findKeyFault(config) {
      const { privateKey } = v.parse(ApnsAccountSchema, config);
      return (await isPrivateKey(privateKey, "ES256")) ? null : KEY_MESSAGE;
    },
    show: (config) => showAccount(v.parse(ApnsAccountSchema, config)),
  },
  address: {
    name: NAME,
    schema: GivenAddressSchema,
    bodyFields: {
      token: v.optional(v.string()),
      topic: v.nullish(v.string()),
      sandbox: v.optional(v.boolean()),
    },
    answer: { provider: v.literal(NAME), ...ApnsAddressSchema.entries },
    findFaults: async () => [],
  },
  ...describeTokenAddress(NAME, (address) => addressOf(address).token),
  openCredentials: (store) => (channelId, refused, now) =>
    openApnsCredentials(store, { channelId, provider: NAME, refused }, now),
  tokenOf: (credentials) => credentialsOf(credentials).providerToken,
  buildRequest: (message, { address }, credentials, config) =>
    buildApnsRequest(message, addressOf(address), credentialsOf(credentials), config),
  readAnswer: readApnsAnswer,
};
