import * as v from "valibot";
import type { AccountFields } from "../../../model/account.ts";
import type { Address } from "../../../model/address.ts";
import { describeTokenAddress, type PushProvider } from "../provider.ts";
import { APNS_ACCOUNT, TopicSchema } from "./account.ts";
import { openApnsCredentials } from "./provider-token.ts";
import { ApnsAddressSchema, ApnsCredentialsSchema, buildApnsRequest, readApnsAnswer } from "./request.ts";

const NAME = APNS_ACCOUNT.name;
const TOKEN_MESSAGE = "must be the device token in hex";
const SANDBOX_MESSAGE = "must be true or false";

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
  account: APNS_ACCOUNT,
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
