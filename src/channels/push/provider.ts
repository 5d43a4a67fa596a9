import type { PushConfig } from "../../env.ts";
import type { AccountFields, AccountStore, Credentials } from "../../model/account.ts";
import type { Address, StoredAddress } from "../../model/address.ts";
import type { HttpAnswer, ProviderAnswer, ProviderRequest } from "../../outbound/answers.ts";
import type { AccountProvider, AddressForm, AddressProvider } from "../channel.ts";
import type { PushMessage } from "./message.ts";

/** What of a provider differs from the others. All of them: providers.ts. */
export interface PushProvider
  extends Pick<AddressForm, "identityOf" | "scopeOf" | "isOfUsersChoice" | "present"> {
  name: string;
  account: AccountProvider;
  /** A device of it in a body. */
  address: AddressProvider;
  openCredentials: (store: AccountStore, config: PushConfig) => ProviderCredentials;
  /** The token that a provider may call expired; null where there is none. */
  tokenOf: (credentials: AccountFields) => string | null;
  /** The call for one push to one device. */
  buildRequest: (
    message: PushMessage,
    recipient: Pick<StoredAddress, "address" | "scope">,
    credentials: AccountFields,
    config: PushConfig,
  ) => ProviderRequest | Promise<ProviderRequest>;
  readAnswer: (answer: HttpAnswer) => ProviderAnswer;
}

/** A channel's credentials with the provider. `refused`: the token that it didn't take. */
type ProviderCredentials = (channelId: string, refused: string | null, now: number) => Promise<Credentials>;

/** What a device with a token, and one service for all, has in common. */
export function describeTokenAddress(
  provider: string,
  tokenOf: (address: Address) => string,
): Pick<PushProvider, "identityOf" | "scopeOf" | "isOfUsersChoice" | "present"> {
  return {
    identityOf: (address) => `${provider}:${tokenOf(address)}`,
    scopeOf: () => provider,
    isOfUsersChoice: () => false,
    present: (address) => address,
  };
}
