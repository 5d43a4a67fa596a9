import type { Json } from "./template.ts";

/**
 * Where a channel reaches a user, as it is stored: a device's token, a browser's subscription, a URL. The channel's
 * folder knows its form; `provider` is whom a sender calls for it.
 */
export type Address = { provider: string } & { [field: string]: Json };

/** An address of a user in a type of channels. Times in Unix ms. */
export interface UserAddress {
  id: string;
  address: Address;
  createdAt: number;
  /** When it was registered last. */
  updatedAt: number;
}

/** One address of one user, in one registration or an earlier one. */
export interface AddressRef {
  userId: string;
  addressKey: string;
  version: string;
}

/** A registration: every one has a version of its own, and a later one a greater. */
export interface Registration {
  /** The type of the channels that use it. */
  channelType: string;
  /** SHA-256 of what makes it the same address, in hex. */
  addressKey: string;
  /** What fails together with it: see `AddressForm.scopeOf`. */
  scope: string;
  address: Address;
  version: string;
}

/** An address as its user's shard hands it to a sender. */
export interface StoredAddress {
  key: string;
  /** Stands for this registration: what a provider says of the address doesn't hold for a later one. */
  version: string;
  scope: string;
  address: Address;
}
