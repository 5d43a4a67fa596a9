import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { sha256Hex } from "../model/credentials.ts";
import type { Device } from "../model/device.ts";
import { OnecallError } from "../model/errors.ts";
import { newId } from "../model/ids.ts";
import { type DeviceAddress, identityOfAddress } from "../model/push.ts";
import type { FeedCaller } from "../objects/user-shard/contract.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";

/**
 * Makes an address a device of this user, and of no other: it has left the user that it belonged to, in whatever
 * shard, when this resolves. `caller`: the token's, where the user's own client calls. Where it throws, the device
 * may be there already; a repeat is the same registration.
 */
export async function registerDevice(
  env: Bindings,
  app: AppRecord,
  userId: string,
  address: DeviceAddress,
  caller: FeedCaller | null,
): Promise<[Device, isNew: boolean] | "revoked"> {
  const addressKey = await sha256Hex(identityOfAddress(address));
  const registration = { addressKey, address, version: newId() };
  const outcome = await getShardStubOf(env, app, userId).putDevice(userId, registration, caller);
  if (outcome !== "gone") return outcome;
  throw new OnecallError("ERR_CONFLICT", "The user was deleted while this call was on its way.");
}
