import { sha256Hex } from "../apps/credentials.ts";
import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import { unavailable } from "../errors.ts";
import { newId } from "../ids.ts";
import { type DeviceAddress, identityOfAddress } from "../push/model.ts";
import type { Device } from "./device-store.ts";
import { openShardOf } from "./shard-binding.ts";
import type { FeedCaller } from "./user-shard.ts";

/**
 * Makes an address a device of this user, and of no other: it leaves the user that it belonged to, in whatever
 * shard, before this resolves. `caller`: the token's, where the user's own client calls. Should it fail on the
 * way, a repeat finishes it.
 */
export async function registerDevice(
  env: Bindings,
  app: AppRecord,
  userId: string,
  address: DeviceAddress,
  caller: FeedCaller | null,
): Promise<[Device, isNew: boolean] | "revoked"> {
  const addressKey = await sha256Hex(identityOfAddress(address));
  const version = newId();
  // The device first: the address's shard only ever names owners that have it.
  const put = await openShardOf(env, app, userId).putDevice(userId, { addressKey, address, version }, caller);
  if (put === "revoked") return put;
  await openShardOf(env, app, addressKey)
    .ownAddress({ userId, addressKey, version })
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return put;
}
