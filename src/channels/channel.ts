import type * as v from "valibot";
import type { Bindings, PushConfig } from "../env.ts";
import type {
  AccountFields,
  AccountStore,
  Credentials,
  PreparedChange,
  ShownAccount,
} from "../model/account.ts";
import type { Address, StoredAddress, UserAddress } from "../model/address.ts";
import type { AddressOutcome, DispatchNotification } from "../model/dispatch.ts";
import type { Fault } from "../model/errors.ts";
import type { SkipReason } from "../model/notification.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Json } from "../model/template.ts";
import type { TimedFetch } from "../outbound/timed-fetch.ts";

/** A type of channels: all that the rest of Onecall knows of it. The types that there are: table.ts. */
export type Channel = StoredChannel | DispatchedChannel;

interface ChannelForm {
  /** Its name in the API and in stored rows. */
  type: string;
  /** Its name in the platform family (seed 004). */
  platformType: string;
  /** What is wrong with a template's content for it; `path`: where the content stands. */
  findContentFaults: (content: Json, path: string) => Fault[];
}

/** A delivery is settled as it is stored: the user's shard keeps its content, and shows it. */
export interface StoredChannel extends ChannelForm {
  settles: "stored";
}

/** A delivery waits in its shard's outbox until a provider has answered for the user's addresses. */
export interface DispatchedChannel extends ChannelForm {
  settles: "outbox";
  account: AccountForm;
  address: AddressForm;
  /** A delivery's message, made once for all of its user's addresses. */
  open: (dispatch: Dispatch, now: number) => SendMessage;
  test: TestForm;
}

/** What an app tells a channel of its accounts with providers. */
export interface AccountForm {
  providers: readonly AccountProvider[];
  /** What the audit log calls the part of an account that is never shown. */
  secretName: string;
  /**
   * Of a type whose channels have a secret that is made here: a new one, and the change that stores it, in which the
   * one until now goes on for `graceMs`. Null where an app gives its accounts.
   */
  makeSecret: ((graceMs: number, now: number) => Promise<{ secret: string; change: PreparedChange }>) | null;
  /** The part of a channel as the API shows it that is of this type: its fields, which others lack. */
  answer: v.ObjectEntries;
  present: (accounts: ReadonlyMap<string, ShownAccount>) => object;
  /** Hosts that addresses may be of, beside those that are known. */
  listAllowedHosts: (accounts: ReadonlyMap<string, ShownAccount>) => string[];
  /** What senders are given, asked of the app's registry. */
  openCredentials: (store: AccountStore, config: PushConfig) => CredentialsSource;
  /** What is stored where an account is changed. */
  merge: (before: AccountFields | null, change: AccountFields) => AccountFields;
}

export interface AccountProvider {
  name: string;
  /** An account in a body. */
  schema: v.GenericSchema<unknown, AccountFields>;
  /** The name of its private key there. */
  keyField: string;
  /** What is wrong with the private key, or null: found when it is given, not at the first call. */
  findKeyFault: (config: AccountFields) => Promise<string | null>;
  show: (config: AccountFields) => Promise<ShownAccount>;
}

export interface CredentialsSource {
  /** `refused`: the token that a provider didn't take; it isn't given out again, if a new one may be had. */
  get: (channelId: string, provider: string, refused: string | null, now: number) => Promise<Credentials>;
}

/** Where users are reached. */
export interface AddressForm {
  providers: readonly AddressProvider[];
  /** Addresses of a user: the one that was registered longest ago leaves when another comes. */
  maxOfUser: number;
  /** It belongs to the user who registered it last, and leaves the one who had it. */
  isExclusive: boolean;
  /** Why a delivery is skipped whose user has no address. */
  skipReason: SkipReason;
  /** What makes an address the same address: registered again or by another user. */
  identityOf: (address: Address) => string;
  /** What fails together: a provider, or one service of the many that a provider has. */
  scopeOf: (address: Address) => string;
  /** Its service is one that its user named: it may keep senders waiting. */
  isOfUsersChoice: (address: Address) => boolean;
  /** As every API shows it, in the fields of its provider's {@link AddressProvider.answer}; its secrets stay inside. */
  present: (address: Address) => object;
}

export interface AddressProvider {
  name: string;
  /** An address in a body. */
  schema: v.GenericSchema<unknown, Address>;
  /** All fields that it may have there, for a document: which of them must be is said by the schema. */
  bodyFields: v.ObjectEntries;
  /** Its fields in an answer. */
  answer: v.ObjectEntries;
  /** What else is wrong with it. `given`: the body; `address`: what the schema made of it, null where it is wrong. */
  findFaults: (given: unknown, address: Address | null, place: AddressPlace) => Promise<Fault[]>;
}

/** Where an address is registered. */
export interface AddressPlace {
  env: Bindings;
  appId: string;
  /** The origin of this Worker, which nobody may give as an address. */
  origin: string;
}

/** One user's delivery by one channel. */
export interface Dispatch {
  appId: string;
  channelKey: string;
  userId: string;
  /** The rendered content as JSON. */
  content: string;
  notification: DispatchNotification;
}

/** Sends the message to one address. Never throws for what a provider or an address does. */
export type SendMessage = (
  sender: Sender,
  recipient: Pick<StoredAddress, "address" | "scope">,
  times: SendTimes,
) => Promise<SendAnswer>;

/** Whose message it is, and through which channel. */
export interface Sender {
  env: Bindings;
  config: PushConfig;
  appId: string;
  channelKey: string;
  channel: DispatchedChannel;
  calls: TimedFetch;
}

/** How long a message may take. */
export interface SendTimes {
  /** A call is waited for so long, ms. */
  patienceMs: number;
  /** No call is waited for after it, Unix ms. */
  answerBefore: number;
}

/** `status`: the provider's; null where it wasn't called or didn't answer. */
export interface SendAnswer {
  outcome: AddressOutcome;
  status: number | null;
  /** False where it was decided without the provider: that says nothing of how it is. */
  wasAsked: boolean;
}

/** A channel's test: one message to one address, past outbox and counts. */
export interface TestForm {
  /** The address of these that is meant. `accounts`: the channel's. */
  choose: (
    addresses: readonly UserAddress[],
    id: string | null,
    accounts: ReadonlyMap<string, ShownAccount>,
  ) => Outcome<UserAddress>;
  /** The fields of a test's answer that only this type has. */
  answer: v.ObjectEntries;
  present: (address: UserAddress) => object;
}
