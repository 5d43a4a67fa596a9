import { requireDispatched } from "../channels/table.ts";
import type { Bindings } from "../env.ts";
import type { Address, UserAddress } from "../model/address.ts";
import type { AppRecord } from "../model/app.ts";
import { sha256Hex } from "../model/credentials.ts";
import { newId } from "../model/ids.ts";
import { requireValue } from "../model/outcome.ts";
import type { FeedCaller } from "../objects/user-shard/contract.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";

/**
 * Gives this user an address in a type of channels; one that a single user has, has left the user that it belonged
 * to, in whatever shard, when this resolves. `caller`: the token's, where the user's own client calls. Where it
 * throws, the address may be there already; a repeat is the same registration.
 */
export async function registerAddress(
  env: Bindings,
  app: AppRecord,
  { userId, channelType }: { userId: string; channelType: string },
  address: Address,
  caller: FeedCaller | null,
): Promise<[UserAddress, isNew: boolean]> {
  const { identityOf, scopeOf } = requireDispatched(channelType).address;
  const addressKey = await sha256Hex(identityOf(address));
  const registration = { channelType, addressKey, scope: scopeOf(address), address, version: newId() };
  return requireValue(await getShardStubOf(env, app, userId).putAddress(userId, registration, caller));
}
