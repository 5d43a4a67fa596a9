import { authenticateToken } from "../../http/auth.ts";
import { readJson } from "../../http/body.ts";
import { type Context, type Handler, pathParam } from "../../http/context.ts";
import { json } from "../../http/responses.ts";
import { isStoredUserId } from "../../http/validation.ts";
import { registerDevice } from "../../managing/devices.ts";
import type { Device } from "../../model/device.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import type { DeviceAddress } from "../../model/push.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { parseDevice } from "../devices.ts";
import { presentUser, unknownUser } from "./sendbird.ts";
import { parsePushToken, wrongType } from "./sendbird-schema.ts";

/** Sendbird's push registrations: a user's devices of FCM (`gcm`) and APNs by another name. */

const PROVIDERS = { gcm: "fcm", apns: "apns" } as const;
type PushType = keyof typeof PROVIDERS;

/** `POST /v3/users/{user_id}/push/{type}` */
export const postPushToken: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "manage");
  const type = readType(request);
  const given = { provider: PROVIDERS[type], token: parsePushToken(type, await readJson(request)) };
  const address = await parseDevice(given, app.id, context);
  const userId = pathParam(request, "uid");
  const user = isStoredUserId(userId) ? await getShardStubOf(context.env, app, userId).getUser(userId) : null;
  if (user === null) throw unknownUser();
  const registered = await registerDevice(context.env, app, userId, address, null);
  if (registered === "revoked") throw new Error("A server's call needs no token");
  return json({ token: tokenOf(registered[0].address), type, user: presentUser(user) });
};

/** `GET /v3/users/{user_id}/push/{type}` */
export const listPushTokens: Handler = async (request, context) => {
  const { type, devices } = await readDevices(request, context, "read");
  return json({ tokens: devices.map(({ address }) => tokenOf(address)), type });
};

/** `GET /v3/users/{user_id}/push/{type}/{token}` */
export const getPushToken: Handler = async (request, context) => {
  const { type, device, user } = await requireDevice(request, context, "read");
  return json({ token: tokenOf(device.address), type, user: presentUser(user) });
};

/** `DELETE /v3/users/{user_id}/push/{type}/{token}` */
export const deletePushToken: Handler = async (request, context) => {
  const { app, type, device, user } = await requireDevice(request, context, "manage");
  await getShardStubOf(context.env, app, user.uid).deleteDevice(user.uid, device.id, null);
  return json({ token: tokenOf(device.address), type, user: presentUser(user) });
};

async function requireDevice(request: Parameters<Handler>[0], context: Context, scope: "read" | "manage") {
  const { devices, ...found } = await readDevices(request, context, scope);
  const given = pathParam(request, "token");
  const token = found.type === "apns" ? given.toLowerCase() : given;
  const device = devices.find(({ address }) => tokenOf(address) === token);
  if (device === undefined) throw new OnecallError("ERR_NOT_FOUND", '"Token" not found.');
  return { ...found, device };
}

async function readDevices(request: Parameters<Handler>[0], context: Context, scope: "read" | "manage") {
  const { app } = await authenticateToken(request, context, scope);
  const type = readType(request);
  const userId = pathParam(request, "uid");
  if (!isStoredUserId(userId)) throw unknownUser();
  const shard = getShardStubOf(context.env, app, userId);
  const [user, devices] = await Promise.all([shard.getUser(userId), shard.listDevices(userId, null)]);
  if (user === null) throw unknownUser();
  if (devices === "revoked") throw new Error("A server's call needs no token");
  const own: Device[] = devices.filter(({ address }) => address.provider === PROVIDERS[type]);
  return { app, type, user, devices: own };
}

function readType(request: Parameters<Handler>[0]): PushType {
  const type = pathParam(request, "type");
  if (type === "gcm" || type === "apns") return type;
  throw faultsToError([wrongType(type.slice(0, 32).toWellFormed())]);
}

function tokenOf(address: DeviceAddress): string {
  return address.provider === "webpush" ? address.endpoint : address.token;
}
