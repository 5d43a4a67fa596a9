import { readToken, TOKEN_TYPES, type TokenType } from "../../channels/push/token-types.ts";
import type { Bindings } from "../../env.ts";
import { byApiToken } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { registerAddress } from "../../managing/addresses.ts";
import { findUserOf } from "../../managing/change-user.ts";
import type { AppRecord } from "../../model/app.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import { requireValue } from "../../model/outcome.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { DEVICES, parseDevice } from "../addresses.ts";
import { requireOfUser } from "../named-users.ts";
import { SendbirdPushListSchema, SendbirdPushSchema } from "./answers.ts";
import { SENDBIRD_PUSH_EXAMPLES } from "./examples.ts";
import { USERS_PATH } from "./paths.ts";
import { presentUser, unknownUser } from "./sendbird.ts";
import { PushTokenSchema, parsePushToken, wrongType } from "./sendbird-schema.ts";

/** Sendbird's push registrations: a user's devices by another name. */

export const postPushToken = defineRoute({
  id: "registerPushToken",
  method: "POST",
  path: `${USERS_PATH}/:uid/push/:type`,
  access: byApiToken("manage"),
  summary: "Register a user's device of FCM (gcm) or APNs (apns)",
  body: ownBody(PushTokenSchema),
  answers: { 200: SendbirdPushSchema },
  errors: ["ERR_UID_NOT_FOUND", "ERR_QUOTA_EXCEEDED"],
  examples: SENDBIRD_PUSH_EXAMPLES,
  handle: async (call) => {
    const { app, env, request, params } = call;
    const type = readType(params.type);
    const given = { provider: type.provider, token: parsePushToken(type, await readJson(request)) };
    const address = await parseDevice(given, app.id, call);
    const userId = params.uid;
    const user = requireOfUser(await findUserOf({ env, app, uid: userId }), unknownUser);
    const owner = { userId, channelType: DEVICES.type };
    const [device] = await registerAddress(env, app, owner, address, null);
    return json({ token: readToken(device.address), type: type.name, user: presentUser(user) });
  },
});

export const listPushTokens = defineRoute({
  id: "listPushTokens",
  method: "GET",
  path: `${USERS_PATH}/:uid/push/:type`,
  access: byApiToken("read"),
  summary: "A user's devices of a type",
  answers: { 200: SendbirdPushListSchema },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async (call) => {
    const { type, devices } = await readDevices(call);
    return json({ tokens: devices.map(({ address }) => readToken(address)), type: type.name });
  },
});

export const getPushToken = defineRoute({
  id: "getPushToken",
  method: "GET",
  path: `${USERS_PATH}/:uid/push/:type/:token`,
  access: byApiToken("read"),
  summary: "A device",
  answers: { 200: SendbirdPushSchema },
  errors: ["ERR_UID_NOT_FOUND", "ERR_NOT_FOUND"],
  handle: async (call) => {
    const { type, device, user } = await requireDevice(call);
    return json({ token: readToken(device.address), type: type.name, user: presentUser(user) });
  },
});

export const deletePushToken = defineRoute({
  id: "deletePushToken",
  method: "DELETE",
  path: `${USERS_PATH}/:uid/push/:type/:token`,
  access: byApiToken("manage"),
  summary: "Remove a device",
  answers: { 200: SendbirdPushSchema },
  errors: ["ERR_UID_NOT_FOUND", "ERR_NOT_FOUND"],
  handle: async (call) => {
    const { app, env } = call;
    const { type, device, user } = await requireDevice(call);
    await getShardStubOf(env, app, user.uid).deleteAddress(user.uid, DEVICES.type, device.id, null);
    return json({ token: readToken(device.address), type: type.name, user: presentUser(user) });
  },
});

/** Whose devices of which type a call names. */
interface DevicesCall {
  env: Bindings;
  app: AppRecord;
  params: { uid: string; type: string };
}

async function requireDevice(call: DevicesCall & { params: { token: string } }) {
  const { devices, ...found } = await readDevices(call);
  const token = found.type.normalize(call.params.token);
  const device = devices.find(({ address }) => readToken(address) === token);
  if (device === undefined) throw new OnecallError("ERR_NOT_FOUND", '"Token" not found.');
  return { ...found, device };
}

async function readDevices({ env, app, params }: DevicesCall) {
  const type = readType(params.type);
  const userId = params.uid;
  const user = requireOfUser(await findUserOf({ env, app, uid: userId }), unknownUser);
  const devices = await getShardStubOf(env, app, userId).listAddresses(userId, DEVICES.type, null);
  const own = requireValue(devices).filter(({ address }) => address.provider === type.provider);
  return { type, user, devices: own };
}

function readType(name: string): TokenType {
  const type = TOKEN_TYPES.find((candidate) => candidate.name === name);
  if (type !== undefined) return type;
  throw faultsToError([wrongType(name.slice(0, 32).toWellFormed())]);
}
