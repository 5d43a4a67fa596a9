import type { AddressRef, Registration, UserAddress } from "../../model/address.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import { REFUSED_TOKEN } from "../../model/user-token.ts";
import { requireRoom } from "../kit/room.ts";
import type { FeedCaller } from "./contract.ts";
import { UserCalls } from "./user-calls.ts";

const USER_GONE = refuse("ERR_CONFLICT", "The user was deleted while this call was on its way.");

const NO_ADDRESS = refuse("ERR_NOT_FOUND", "This user has no such device.");

/** About users' addresses, and who owns those that hash to this shard. */
export class AddressCalls extends UserCalls {
  listReachable(channelTypes: readonly string[], userIds: readonly string[]): Record<string, string[]> {
    return this.stores.addresses.listReachable(channelTypes, userIds);
  }

  listAddresses(userId: string, channelType: string, caller: FeedCaller | null): Outcome<UserAddress[]> {
    return this.#allows(caller) ? succeed(this.directory.list(userId, channelType)) : REFUSED_TOKEN;
  }

  async putAddress(
    userId: string,
    registration: Registration,
    caller: FeedCaller | null,
  ): Promise<Outcome<[UserAddress, isNew: boolean]>> {
    if (!this.#allows(caller)) return REFUSED_TOKEN;
    if (this.stores.tombstones.listGone([userId], registration.version).length > 0) return USER_GONE;
    if (!this.stores.addresses.has({ userId, addressKey: registration.addressKey })) {
      requireRoom(this.ctx.storage, this.env);
    }
    return succeed(await this.directory.put(userId, registration));
  }

  deleteAddress(userId: string, channelType: string, id: string, caller: FeedCaller | null): Outcome<null> {
    if (!this.#allows(caller)) return REFUSED_TOKEN;
    return this.directory.remove(userId, channelType, id) ? succeed(null) : NO_ADDRESS;
  }

  ownAddress(ref: AddressRef): Promise<void> {
    return this.directory.own(ref);
  }

  removeMovedAddress(ref: AddressRef): void {
    this.ctx.storage.transactionSync(() => this.stores.addresses.removeMoved(ref));
  }

  releaseAddress(ref: AddressRef): void {
    this.ctx.storage.transactionSync(() => this.stores.addresses.release(ref));
  }

  #allows(caller: FeedCaller | null): boolean {
    return caller === null || this.accepts(caller);
  }
}
